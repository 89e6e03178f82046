//! The command: reads its flags, runs the collector until a signal arrives, and stops it.
#![forbid(unsafe_code)]

use clap::{Args, Parser, Subcommand, ValueEnum};
use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use recobeacon_collector::dead_letters::{self, Action, Chosen};
use recobeacon_collector::store::forward::Reason;
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
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Lists, replays or deletes events that a vendor did not take ([[forward]]). The collector may
    /// run meanwhile
    DeadLetters {
        #[command(subcommand)]
        action: Letters,
    },
}

#[derive(Subcommand)]
enum Letters {
    /// Prints each as a line of JSON. `replayUntil` is the time until which it can be replayed
    List(Choice),
    /// Sends them again. Those whose outcome is unknown only with --reason unknown or --row,
    /// because the vendor may have taken them
    Replay(Choice),
    /// Deletes them
    Delete(Choice),
}

#[derive(Args)]
struct Choice {
    /// Of this destination
    #[arg(long, value_name = "NAME")]
    destination: Option<String>,
    /// With this reason
    #[arg(long)]
    reason: Option<Why>,
    /// In this row of the list
    #[arg(long, value_name = "ROW")]
    row: Option<i64>,
    /// All of them
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Why {
    /// The vendor refused it
    Refused,
    /// There was no answer: the vendor may have taken it
    Unknown,
    /// It was not delivered in time
    Expired,
    /// It cannot be decrypted or encoded
    Unusable,
}

impl Choice {
    fn chosen(self) -> Chosen {
        let Self { destination, reason, row, all } = self;
        let reason = reason.map(|why| match why {
            Why::Refused => Reason::Refused,
            Why::Unknown => Reason::Unknown,
            Why::Expired => Reason::Expired,
            Why::Unusable => Reason::Unusable,
        });
        Chosen { destination, reason, row, all }
    }
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
    if let Some(Command::DeadLetters { action }) = command {
        // With --database the configuration and its secrets are not needed.
        let database = match database {
            Some(database) => database,
            None => Config::load(config.as_deref(), Overrides::default())?.database,
        };
        let (action, choice) = match action {
            Letters::List(choice) => (Action::List, choice),
            Letters::Replay(choice) => (Action::Replay, choice),
            Letters::Delete(choice) => (Action::Delete, choice),
        };
        return Ok(dead_letters::run(&database, action, &choice.chosen(), &mut std::io::stdout())?);
    }
    let flags = Overrides { listen, admin_listen, database, dist, site, inspector };
    let config = Config::load(config.as_deref(), flags)?;
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
