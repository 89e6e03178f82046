//! The command line: reads the flags and the configuration, and runs a command or the collector.
#![forbid(unsafe_code)]

mod log;
mod serve;

use clap::Parser;
use recobeacon_collector::commands::Command;
use recobeacon_collector::config::{Config, LogFormat, Overrides, help};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Takes tracking events over HTTP and stores each of them once.
#[derive(Parser)]
#[command(version, after_long_help = help::settings())]
struct Flags {
    /// Without a command, the collector runs until it is stopped
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

#[tokio::main]
async fn main() -> ExitCode {
    if run(Flags::parse()).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Returns whether everything was right. Otherwise it has said what was wrong.
async fn run(flags: Flags) -> bool {
    let Flags { command, config, listen, admin_listen, database, dist, site, inspector } = flags;
    let flags = Overrides { listen, admin_listen, database, dist, site, inspector };
    let config = Config::load(config.as_deref(), flags);
    log::begin(config.as_ref().map_or(LogFormat::Text, |config| config.log.format));
    let config = match config {
        Ok(config) => config,
        Err(error) if command.as_ref().is_some_and(Command::reports_faults) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            return false;
        }
        Err(error) => {
            error.sentences().iter().for_each(|sentence| tracing::error!("{sentence}"));
            return false;
        }
    };
    let done: Result<bool, Box<dyn std::error::Error>> = match command {
        Some(command) => command.run(&config).map_err(Into::into),
        None => serve::run(config).await.map(|()| true),
    };
    done.unwrap_or_else(|error| {
        tracing::error!("{error}");
        false
    })
}
