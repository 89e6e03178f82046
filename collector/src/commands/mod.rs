//! The commands beside running the collector. Each has a file.

mod check;

use crate::config::Config;
use clap::Subcommand;

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Checks the configuration and ends: 0 if it is valid, else 1, with the line and the key of
    /// each fault
    Check,
}

impl Command {
    /// Runs it. Returns whether everything was right.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self, config: &Config) -> Result<bool, String> {
        match self {
            Self::Check => Ok(check::run(config)),
        }
    }

    /// Whether faults of the configuration are its result, which is printed and not logged.
    pub fn reports_faults(&self) -> bool {
        match self {
            Self::Check => true,
        }
    }
}
