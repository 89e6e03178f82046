//! `check`: validates the configuration as the start does.

use recobeacon_collector::config::Config;
use recobeacon_collector::error::ConfigError;
use std::io::Write;
use std::process::ExitCode;

/// Prints the result. A closed output is no error, as the exit code has the result too.
pub fn run(config: Result<Config, ConfigError>) -> ExitCode {
    match config {
        Ok(_) => {
            let _ = writeln!(std::io::stdout(), "the configuration is valid");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
