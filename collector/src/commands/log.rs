//! The log on standard error.

use recobeacon_collector::config::LogFormat;
use recobeacon_collector::config::help::LOG_VARIABLE;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Begins to log in this form. Standard output is for programs that start the collector: it has the
/// two addresses only.
pub fn begin(format: LogFormat) {
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        // The fields stand beside the message, where log systems expect them.
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).init(),
    }
}
