//! The log on standard error.

use recobeacon_collector::config::LogFormat;
use recobeacon_collector::config::help::LOG_VARIABLE;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The client of the stream logs each attempt to connect. The collector has lines of its own about that.
const DEFAULT: &str = "info,async_nats=off";

/// Begins to log in this form. Standard output is for programs that start the collector: it has the
/// two addresses only.
pub fn begin(format: LogFormat) {
    let given = std::env::var(LOG_VARIABLE).unwrap_or_default();
    let filter = filter(&given);
    let is_right = filter.is_some() || given.is_empty();
    let filter = filter.unwrap_or_else(|| EnvFilter::new(DEFAULT));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        // The fields stand beside the message, where log systems expect them.
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).init(),
    }
    if !is_right {
        tracing::warn!(
            "{LOG_VARIABLE} is {given:?}: it must be error, warn, info, debug or trace; info is used"
        );
    }
}

/// Another word would be the name of a part of the program, and all other lines would be missing.
fn filter(text: &str) -> Option<EnvFilter> {
    let is_level = |part: &str| part.contains('=') || part.trim().parse::<LevelFilter>().is_ok();
    let is_right = !text.is_empty() && text.split(',').all(is_level);
    EnvFilter::try_new(text).ok().filter(|_| is_right)
}
