//! The commands. Without one, the collector serves.

mod check;
pub mod log;
mod serve;

use clap::{Parser, Subcommand};
use recobeacon_collector::config::{Config, LogFormat, Overrides, help};
use recobeacon_collector::error::ConfigError;
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
    #[arg(long, value_name = "ADDRESS", global = true)]
    listen: Option<SocketAddr>,
    /// Address of the admin listener, which reads out stored events; port 0 takes a free port
    /// [default: 127.0.0.1:8788]
    #[arg(long, value_name = "ADDRESS", global = true)]
    admin_listen: Option<SocketAddr>,
    /// Database file [default: recobeacon.sqlite]
    #[arg(long, value_name = "PATH", global = true)]
    database: Option<PathBuf>,
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
#[derive(Clone, Copy, Debug, Subcommand)]
enum Command {
    /// Checks the configuration and ends: 0 if it is valid, else 1, with the line and the key of
    /// each fault
    Check,
}

impl Flags {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        let command = self.command;
        let config = self.load();
        match command {
            Some(Command::Check) => check::run(config),
            None => {
                let format = config.as_ref().map_or(LogFormat::Text, |config| config.log.format);
                log::begin(format);
                serve::run(config).await
            }
        }
    }

    fn load(self) -> Result<Config, ConfigError> {
        let Self { command: _, config, listen, admin_listen, database, dist, site, inspector } =
            self;
        let flags = Overrides { listen, admin_listen, database, dist, site, inspector };
        Config::load(config.as_deref(), flags)
    }
}
