//! `check`: validates the configuration as the start does. The faults are printed before a command
//! runs, so only a valid configuration arrives here.

use crate::config::Config;
use std::io::Write;

/// Prints the result. A closed output is no error, as the exit code has the result too.
pub fn run(_: &Config) -> bool {
    let _ = writeln!(std::io::stdout(), "the configuration is valid");
    true
}
