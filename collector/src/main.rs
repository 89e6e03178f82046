//! The command: reads its flags, runs the collector until a signal arrives, and stops it.
#![forbid(unsafe_code)]

mod commands;

use clap::Parser;
use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Takes tracking events over HTTP and stores each of them once.
#[derive(Parser)]
#[command(version)]
struct Flags {
    /// Configuration file (TOML); see collector.example.toml. Flags override it
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Address of the event listener; port 0 takes a free port [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Address of the admin listener, which reads out stored events; port 0 takes a free port
    /// [default: 127.0.0.1:8788]
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<SocketAddr>,
    /// Database file [default: recobeacon.sqlite]
    #[arg(long, value_name = "PATH", global = true)]
    database: Option<PathBuf>,
    /// Folder to serve under /dist/
    #[arg(long, value_name = "DIR")]
    dist: Option<PathBuf>,
    /// Folder to serve under /
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
    /// Let pages under loopback names read stored events; for the demo shop's inspector
    #[arg(long)]
    inspector: bool,
    #[command(subcommand)]
    command: Option<commands::Command>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    let filter =
        EnvFilter::try_from_env("RECOBEACON_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Standard output is for programs that start the collector: it has the two addresses only.
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    match run(flags).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<(), Box<dyn std::error::Error>> {
    let Flags { config, listen, admin_listen, database, dist, site, inspector, command } = flags;
    let flags = Overrides { listen, admin_listen, database, dist, site, inspector };
    let config = Config::load(config.as_deref(), flags)?;
    if let Some(command) = command {
        return command.run(&config);
    }
    // Registered before the start, so that no signal is missed.
    let signal = Signals::new()?;
    let collector = Collector::start(config).await?;
    // A program that waits for the last line then has both addresses. A closed output is no error.
    let mut out = std::io::stdout();
    let _ = writeln!(out, "admin listening on http://{}", collector.admin_address());
    let _ = writeln!(out, "listening on http://{}", collector.address());
    let _ = out.flush();
    signal.wait().await;
    tracing::info!("stopping");
    collector.stop().await;
    Ok(())
}

/// The signals that stop the collector.
#[cfg(unix)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    quit: Signal,
    hang_up: Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            quit: signal(SignalKind::quit())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn wait(mut self) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
                _ = self.quit.recv() => return,
                // The default action of SIGHUP ends the process. A closing terminal sends it, and
                // so do operators who expect a reload.
                _ = self.hang_up.recv() => {
                    tracing::info!("SIGHUP is ignored; restart the collector to change its settings");
                }
            }
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn wait(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
