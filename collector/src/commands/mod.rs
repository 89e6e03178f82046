//! The commands. Without one, the collector serves.

mod backup;
mod check;
mod customers;
mod dead_letters;
mod export;
mod import;
pub mod log;
mod rotate_key;
mod serve;
mod visitor;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Parser, Subcommand};
use recobeacon_collector::config::{self, Config, LogFormat, Overrides, Purpose, help};
use recobeacon_collector::error::ConfigError;
use recobeacon_collector::place::Place;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Takes tracking events over HTTP and stores each of them once.
#[derive(Parser)]
#[command(version, after_long_help = help::settings())]
pub struct Flags {
    #[command(subcommand)]
    command: Option<Command>,
    /// Configuration file (TOML); see collector.example.toml. Flags override it
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Address of the event listener; port 0 takes a free port [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS", global = true, value_parser = config::address)]
    listen: Option<SocketAddr>,
    /// Address of the admin listener, which reads out stored events; port 0 takes a free port
    /// [default: 127.0.0.1:8788]
    #[arg(long, value_name = "ADDRESS", global = true, value_parser = config::address)]
    admin_listen: Option<SocketAddr>,
    /// Database file, or an address of PostgreSQL (postgres://USER@HOST/DATABASE) [default:
    /// recobeacon.sqlite]
    #[arg(long, value_name = "PATH", global = true, value_parser = OsStringValueParser::new().try_map(Place::parse))]
    database: Option<Place>,
    /// Folder to serve under /dist/
    #[arg(long, value_name = "DIR", global = true)]
    dist: Option<PathBuf>,
    /// Folder to serve under /
    #[arg(long, value_name = "DIR", global = true)]
    site: Option<PathBuf>,
    /// Let pages under loopback names read stored events; for the demo shop's inspector
    #[arg(long, global = true)]
    inspector: bool,
}

/// Each command is a file of this folder.
#[derive(Subcommand)]
enum Command {
    /// Checks the configuration and ends: 0 if it is valid, else 1, with the line and the key of
    /// each fault
    Check,
    /// Stores the events that the collectors of a cluster publish ([cluster]); has no event listener
    Write,
    /// Adds the events of a history file (CSV or JSON Lines), also while the collector runs
    Import(import::Flags),
    /// Writes stored events as CSV or JSON Lines, or past purchases as Ibexa's import requests
    Export(export::Flags),
    /// Copies the database to a new file; the collector may run
    Backup(backup::Backup),
    /// Puts a copy into the place of the database; the collector must not run
    Restore(backup::Restore),
    /// Prints the hashes of a visitor's id; reads the id from standard input
    Hash(visitor::Hash),
    /// Prints a visitor's events, one JSON object a line; reads the id from standard input
    ExportVisitor(visitor::Export),
    /// Deletes a visitor's events; reads the id from standard input
    EraseVisitor(visitor::Erase),
    /// Adds a new key for hashing ids to the key file; the next start uses it
    RotateKey(rotate_key::RotateKey),
    /// Lists, replays or deletes events that a vendor did not take ([[forward]]); the collector may
    /// run
    DeadLetters {
        #[command(subcommand)]
        action: dead_letters::Letters,
    },
}

impl Flags {
    /// Runs the command.
    pub async fn run(mut self) -> ExitCode {
        let command = self.command.take();
        // With --database the configuration and its secrets are not needed.
        let given = self.database.clone();
        let file = self.config.clone();
        let config = self.load(match &command {
            Some(Command::Write) | None => Purpose::Serve,
            Some(Command::Check) => Purpose::Check,
            Some(_) => Purpose::Command,
        });
        match command {
            Some(Command::Check) => {
                tokio::task::block_in_place(|| check::run(config, file.as_deref()))
            }
            Some(Command::Import(flags)) => finish(config, |config| import::run(&flags, config)),
            Some(Command::Export(flags)) => finish(config, |config| export::run(&flags, config)),
            Some(Command::Backup(command)) => done(config, |config| command.run(config)),
            Some(Command::Restore(command)) => done(config, |config| command.run(config)),
            Some(Command::Hash(command)) => done(config, |config| command.run(config)),
            Some(Command::ExportVisitor(command)) => done(config, |config| command.run(config)),
            Some(Command::EraseVisitor(command)) => done(config, |config| command.run(config)),
            Some(Command::RotateKey(command)) => done(config, |config| command.run(config)),
            Some(Command::DeadLetters { action }) => {
                let forward = config.as_ref().map(|config| config.forward.as_slice());
                let names = forward.unwrap_or_default().iter().map(|one| one.name.to_string());
                let configured = names.collect();
                // The database of the configuration is that of the flag, with `cluster.ca`.
                let database = match (config, given) {
                    (Ok(config), _) => Ok(config.database),
                    (Err(_), Some(database)) => Ok(database),
                    (Err(error), None) => Err(error.to_string()),
                };
                let run = |database| action.run(&database, configured).map(|()| true);
                let run = || database.and_then(|at| run(at).map_err(|error| error.to_string()));
                finish_with(tokio::task::block_in_place(run))
            }
            Some(Command::Write) | None => {
                let format = config.as_ref().map_or(LogFormat::Text, |config| config.log.format);
                log::begin(format);
                serve::run(config, matches!(command, Some(Command::Write))).await
            }
        }
    }

    fn load(self, purpose: Purpose) -> Result<Config, ConfigError> {
        let Self { command: _, config, listen, admin_listen, database, dist, site, inspector } =
            self;
        let flags = Overrides { listen, admin_listen, database, dist, site, inspector };
        Config::load(config.as_deref(), flags, purpose)
    }
}

/// The result of a command. An error is one sentence.
pub type Done = Result<(), Box<dyn std::error::Error>>;

/// Runs a command that has no other result than its success.
fn done(config: Result<Config, ConfigError>, run: impl FnOnce(&Config) -> Done) -> ExitCode {
    finish(config, |config| run(config).map(|()| true).map_err(|error| error.to_string()))
}

/// Runs a command that returns whether everything was right, or a sentence about a fault.
fn finish(
    config: Result<Config, ConfigError>,
    run: impl FnOnce(&Config) -> Result<bool, String>,
) -> ExitCode {
    let config = config.map_err(|error| error.to_string());
    // The client of PostgreSQL must not be called on a thread of the runtime.
    let run = || config.and_then(|config| run(&config));
    finish_with(tokio::task::block_in_place(run))
}

/// The exit code of a result.
fn finish_with(result: Result<bool, String>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}
