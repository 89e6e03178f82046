//! `check`: validates the configuration as the start does.

use recobeacon_collector::answers::unseen;
use recobeacon_collector::config::Config;
use recobeacon_collector::error::ConfigError;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// Prints the result. A closed output is no error, as the exit code has the result too.
pub fn run(config: Result<Config, ConfigError>, file: Option<&Path>) -> ExitCode {
    match config {
        Ok(config) => {
            let mut out = std::io::stdout();
            let unseen = unseen::notes(&config);
            for note in config.notes.into_iter().chain(unseen) {
                let _ = writeln!(out, "note: {note}");
            }
            let sentence = match file {
                Some(_) => "the configuration is valid",
                None => "no file was named (--config FILE): the flags are valid, with the defaults",
            };
            let _ = writeln!(out, "{sentence}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}
