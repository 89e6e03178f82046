//! The commands beside running the collector. Each has a file.

pub mod export;
pub mod import;

use crate::config::Config;
use clap::Subcommand;

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Adds the events of a history file (CSV or JSON Lines), also while the collector runs
    Import(import::Flags),
    /// Writes stored events as CSV or JSON Lines, or past purchases as Ibexa's import requests
    Export(export::Flags),
}

impl Command {
    /// Runs it. Returns whether everything was right.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn run(self, config: &Config) -> Result<bool, String> {
        match self {
            Self::Import(flags) => import::run(&flags, config),
            Self::Export(flags) => export::run(&flags, config),
        }
    }
}
