//! The commands beside the collector itself. Each has a file of its own.

pub mod backup;
pub mod rotate_key;
pub mod visitor;

use clap::Subcommand;
use recobeacon_collector::config::Config;

/// The result of a command. An error is one sentence.
pub type Done = Result<(), Box<dyn std::error::Error>>;

/// All commands, with their arguments and one line of help each.
#[derive(Subcommand)]
pub enum Command {
    /// Copy the database to a new file; the collector may run
    Backup(backup::Backup),
    /// Put a copy into the place of the database; the collector must not run
    Restore(backup::Restore),
    /// Print the hashes of a visitor's id; reads the id from standard input
    Hash(visitor::Hash),
    /// Print a visitor's events, one JSON object a line; reads the id from standard input
    ExportVisitor(visitor::Export),
    /// Delete a visitor's events; reads the id from standard input
    EraseVisitor(visitor::Erase),
    /// Add a new key for hashing ids to the key file; the next start uses it
    RotateKey(rotate_key::RotateKey),
}

impl Command {
    /// Carries out the command.
    pub fn run(self, config: &Config) -> Done {
        match self {
            Self::Backup(command) => command.run(config),
            Self::Restore(command) => command.run(config),
            Self::Hash(command) => command.run(config),
            Self::ExportVisitor(command) => command.run(config),
            Self::EraseVisitor(command) => command.run(config),
            Self::RotateKey(command) => command.run(config),
        }
    }
}
