//! The command: reads its flags, runs the collector until a signal comes, and stops it in order.
#![forbid(unsafe_code)]

use clap::Parser;
use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Takes tracking events over HTTP and stores each of them once.
#[derive(Parser)]
#[command(version)]
struct Flags {
    /// Configuration file (TOML); see collector.example.toml. Flags beat it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The database's file [default: recobeacon.sqlite]
    #[arg(long, value_name = "PATH")]
    database: Option<PathBuf>,
    /// Folder to serve under /dist/
    #[arg(long, value_name = "DIR")]
    dist: Option<PathBuf>,
    /// Folder to serve under /
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    let filter =
        EnvFilter::try_from_env("RECOBEACON_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Standard output has one line, for programs that start this one.
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
    let Flags { config, listen, database, dist, site } = flags;
    let config = Config::load(config.as_deref(), Overrides { listen, database, dist, site })?;
    // Before anything is promised, so that no signal can come too early.
    let signal = Signals::new()?;
    let collector = Collector::start(config).await?;
    // Whoever started us may not read along.
    let _ = writeln!(std::io::stdout(), "listening on http://{}", collector.address());
    let _ = std::io::stdout().flush();
    signal.wait().await;
    tracing::info!("stopping");
    collector.stop().await;
    Ok(())
}

/// The signals that ask for the end.
#[cfg(unix)]
struct Signals(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
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
