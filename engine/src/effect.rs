//! What the shell is told to do, and what it answers.

use super::error::{Error, ErrorCode};
use super::request::Request;
use std::rc::Rc;

/// A deed for the shell. It has no choice in any of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Hand a request to the browser and answer with [`Outcome`] under this number.
    Send(Send),
    /// Wake the engine at this moment of the monotonic clock, and at no other; none: not at all.
    WakeAt(Option<u64>),
    /// Let the browser send a copy of what waits when the page's process dies, by `fetchLater`, in place of the one that it
    /// has under this name; none: not any more.
    ScheduleFetchLater(Rc<String>, Option<Rc<Request>>),
    /// Write a cookie for the configured domain.
    SetCookie {
        /// Its name.
        name: String,
        /// Its value, which the shell percent-encodes.
        value: String,
        /// Its life.
        days: u64,
    },
    /// Delete a cookie.
    DeleteCookie(String),
    /// Keep a text under a key that starts with `reco_`. Where that fails and the key is one of the
    /// outbox, the answer is [`Input::WriteFailed`](super::input::Input::WriteFailed).
    Store(String, String),
    /// Delete what is kept under a key; one that ends with `_` stands for all that begin so.
    Remove(String),
    /// The outbox of this name is this page's from now on: hold its lock, and look for others'.
    ClaimOutbox(String),
    /// Tell the page's `onWarning`.
    Warn(Error),
    /// Tell the page's listeners.
    Notify(DeliveryReport),
}

/// A request to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Send {
    /// By this number the outcome is told.
    pub id: u32,
    /// What to send.
    pub request: Rc<Request>,
    /// By which API of the browser.
    pub via: Via,
}

/// The browser's two ways to send.
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

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The browser took it and nobody will say more: a beacon, or an answer that cannot be read.
    Taken,
    /// `sendBeacon` said false.
    Refused,
    /// An answer that can be read. A redirect that was not followed has status 0.
    Answered {
        /// The HTTP status.
        status: u16,
        /// `Retry-After` in seconds; 0 where it was not given so.
        retry_after_s: u32,
    },
    /// `fetch` rejected: no network, no such host, CORS, or over the browser's quota.
    Failed,
    /// The page's Content Security Policy forbids the address. A beacon was called taken before.
    Blocked,
}

/// DeliveryStatus for the page's listeners.
#[derive(Clone, Debug, PartialEq)]
pub struct DeliveryReport {
    /// What happened.
    pub status: DeliveryStatus,
    /// The destination's name in `stats()`.
    pub destination: Rc<String>,
    /// How many events it happened to.
    pub events: u32,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum DeliveryStatus {
    /// The browser took them.
    Sent(Receipt),
    /// The destination said that it has them.
    Acknowledged(Receipt),
    /// They are lost, or not for this destination.
    Dropped(ErrorCode),
}

/// How they went.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The request.
    pub request: Rc<Request>,
    /// By which API.
    pub via: Via,
}
