//! The effects that the shell performs, and the outcomes that it reports.

use super::error::{Error, ErrorCode};
use super::request::Request;
use std::rc::Rc;

/// An effect for the shell to perform without any decision of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Give a request to the browser, and report its [`Outcome`] under this number.
    Send(Send),
    /// Wake the engine at this moment of the monotonic clock and at no other. `None`: not at all.
    WakeAt(Option<u64>),
    /// Let the browser send this request by `fetchLater` when the page's process ends, in place of
    /// the one that it has under this name. `None`: cancel it.
    ScheduleFetchLater(Rc<String>, Option<Rc<Request>>),
    /// Write a cookie for the configured domain.
    SetCookie {
        /// Its name.
        name: String,
        /// Its value, which the shell percent-encodes.
        value: String,
        /// Its lifetime in days.
        days: u64,
    },
    /// Delete a cookie.
    DeleteCookie(String),
    /// Store a text under a key that begins with `reco_`. If this fails for a key of the outbox,
    /// the shell reports [`Input::WriteFailed`](super::input::Input::WriteFailed).
    Store(String, String),
    /// Delete the text under a key. A key that ends with `_` stands for all keys with this prefix,
    /// and [`ALL_KEYS`] also for all cookies with it, except the one for denied consent.
    Remove(String),
    /// The page uses the outbox of this name from now on: hold its lock, and look for outboxes
    /// without a page.
    ClaimOutbox(String),
    /// Pass to the page's `onWarning`.
    Warn(Error),
    /// Pass to the page's listeners.
    Notify(DeliveryReport),
}

/// The prefix of all keys of the tracker.
pub const ALL_KEYS: &str = "reco_";

/// A request to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    /// The number under which the outcome is reported.
    pub id: u32,
    /// The request.
    pub request: Rc<Request>,
    /// The browser API to use.
    pub via: Via,
}

/// The browser APIs for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// `navigator.sendBeacon`
    Beacon,
    /// `fetch` with `keepalive`
    Fetch,
}

impl Via {
    /// The name that listeners see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beacon => "beacon",
            Self::Fetch => "fetch",
        }
    }
}

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The browser took it, and nothing more will be known: a beacon, or a response that cannot be
    /// read.
    Taken,
    /// `sendBeacon` returned false.
    Refused,
    /// A readable response. A redirect that was not followed has status 0.
    Answered {
        /// The HTTP status.
        status: u16,
        /// `Retry-After` in seconds, or 0 if it is absent or a date.
        retry_after_s: u32,
    },
    /// `fetch` rejected: no network, unknown host, CORS, or the browser's quota.
    Failed,
    /// The page's Content Security Policy forbids the address. A beacon is reported as taken
    /// before.
    Blocked,
}

/// A report for the page's listeners.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryReport {
    /// The outcome.
    pub status: DeliveryStatus,
    /// The destination's name in `stats()`.
    pub destination: Rc<String>,
    /// The number of events.
    pub events: u32,
}

/// The outcome of events.
#[derive(Clone, Debug, PartialEq)]
pub enum DeliveryStatus {
    /// The browser took them.
    Sent(Receipt),
    /// The destination confirmed them.
    Acknowledged(Receipt),
    /// They are lost, or the destination does not support them.
    Dropped(ErrorCode),
}

/// How the events were sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The request.
    pub request: Rc<Request>,
    /// The API that sent it.
    pub via: Via,
}
