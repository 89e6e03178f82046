//! What a queue is told and lent while the engine handles one input.

use super::outbox::Outbox;
use crate::effect::Effect;
use crate::limits::Limits;
use crate::time::{NEVER, Now};

/// What the page's state lets a queue do.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Consent lets requests out, and the browser says that it has a network.
    pub open: bool,
    /// The page is seen, and will be.
    pub visible: bool,
    /// The collector may acknowledge by cookies.
    pub ack: bool,
    /// The browser has `fetchLater`, and the page may use it.
    pub later: bool,
    /// Send what waits whether it is due or not: the page goes, or it asked for it.
    pub all: bool,
}

/// One input's.
#[derive(Debug)]
pub struct Context<'a> {
    /// Its moment.
    pub now: &'a Now,
    /// What the page's state lets a queue do.
    pub conditions: Conditions,
    /// The numbers of requests.
    pub ids: &'a mut u32,
    /// The page's outbox.
    pub outbox: &'a mut Outbox,
    /// What the browser has of all queues.
    pub flight: Flight,
    /// What is to be done.
    pub out: &'a mut Vec<Effect>,
}

/// What the browser has of all queues: while the page is seen it is kept small, for 64 KiB are shared by every
/// script of the page, and Chromium drops beacons in silence when there are many.
#[derive(Clone, Copy, Debug)]
pub struct Flight {
    /// Requests,
    pub requests: u32,
    /// and the bytes of their bodies.
    pub bytes: usize,
    /// Queues that have none of them.
    pub idle: u32,
    /// When the first of them does not count any more.
    pub until: u64,
}

impl Default for Flight {
    fn default() -> Self {
        Self { requests: 0, bytes: 0, idle: 0, until: NEVER }
    }
}

impl Flight {
    /// Adds a queue's.
    pub fn add(&mut self, queue: Self) {
        self.requests += queue.requests;
        self.bytes += queue.bytes;
        self.until = self.until.min(queue.until);
        self.idle += u32::from(queue.requests == 0);
    }

    /// Whether a queue that has so many may begin one more of this size. The last places are for
    /// the queues that have none: a vendor that does not answer delays nobody else.
    pub fn admits(&self, own: u32, bytes: usize) -> bool {
        let kept = if own == 0 { 0 } else { self.idle };
        self.requests + kept < Limits::FLIGHT_REQUESTS
            && (self.bytes == 0 || self.bytes + bytes <= Limits::FLIGHT_BYTES)
    }
}
