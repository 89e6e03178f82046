//! The access log: one line for each response, with no address and no id.

use super::Side;
use axum::http::{Method, StatusCode};
use std::time::Instant;

/// The line of a response that is not sent yet.
#[derive(Clone, Debug)]
pub struct Line {
    /// The listener.
    pub side: Side,
    /// The request's method.
    pub method: Method,
    /// The pattern of the path, or the path of a served file. It has no query.
    pub path: String,
    /// The response's status.
    pub status: StatusCode,
    /// The time of the request's arrival.
    pub begin: Instant,
}

/// Writes the line when the response has ended.
#[derive(Debug)]
pub struct Counting {
    line: Option<Line>,
    bytes: u64,
}

impl Counting {
    /// Begins to count. Without a line nothing is logged.
    pub fn new(line: Option<Line>) -> Self {
        Self { line, bytes: 0 }
    }

    /// Counts bytes of the body.
    pub fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        let Some(Line { side, method, path, status, begin }) = self.line.take() else { return };
        let (listener, method) = (side.name(), super::refusals::method_name(&method));
        let (status, bytes) = (status.as_u16(), self.bytes);
        let milliseconds = begin.elapsed().as_micros() as f64 / 1000.0;
        tracing::info!(
            target: "recobeacon_collector::access",
            listener, method, path, status, bytes, milliseconds, "request"
        );
    }
}
