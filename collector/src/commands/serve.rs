//! The default, and `write`: runs the collector or the writer until a signal arrives, and stops it.

use recobeacon_collector::config::Config;
use recobeacon_collector::error::ConfigError;
use recobeacon_collector::{Bound, Role};
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the collector or the writer, and logs why it did not start.
pub async fn run(config: Result<Config, ConfigError>, is_writer: bool) -> ExitCode {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            error.sentences().iter().for_each(|sentence| tracing::error!("{sentence}"));
            return ExitCode::FAILURE;
        }
    };
    match serve(config, is_writer).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config, is_writer: bool) -> Result<(), Box<dyn std::error::Error>> {
    // Registered before the start, so that no signal is missed.
    let mut signal = Signals::new()?;
    let role = if is_writer { Role::Writer } else { Role::Collector };
    loop {
        let bound = Bound::new(role, config.clone()).await?;
        let waiting = bound.may_wait();
        if let Some(admin) = waiting {
            tell(admin, None);
        }
        let stop = bound.stopper();
        let starting = bound.start();
        tokio::pin!(starting);
        let collector = tokio::select! {
            started = &mut starting => started?,
            () = signal.wait() => {
                stop.cancel();
                // It may have become the writer at the same moment.
                if let Ok(collector) = starting.await {
                    collector.stop().await;
                }
                return Ok(());
            }
        };
        if waiting.is_none() {
            tell(collector.admin_address(), collector.address());
        }
        tokio::select! {
            () = signal.wait() => {
                tracing::info!("stopping");
                collector.stop().await;
                return Ok(());
            }
            () = collector.lost() => {
                tracing::warn!("another writer stores events: this one starts again and waits");
                collector.stop().await;
            }
        }
    }
}

/// Prints the addresses. A program that waits for the last line then has both. A closed output is no
/// error.
fn tell(admin: SocketAddr, events: Option<SocketAddr>) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "admin listening on http://{admin}");
    if let Some(address) = events {
        let _ = writeln!(out, "listening on http://{address}");
    }
    let _ = out.flush();
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

    async fn wait(&mut self) {
        loop {
            tokio::select! {
                // In this order: a SIGHUP that came before the end is logged.
                biased;
                // The default action of SIGHUP ends the process. A closing terminal sends it, and
                // so do operators who expect a reload.
                _ = self.hang_up.recv() => {
                    tracing::info!("SIGHUP is ignored; restart the collector to change its settings");
                }
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
                _ = self.quit.recv() => return,
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

    async fn wait(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
