//! The reaction to a response that is no success. The tracker's queues and the collector's
//! forwarding decide by the same function.

use crate::protocol::RetryPolicy;

/// The next step for a request that was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// Send it again, after `Retry-After` at the earliest: the server has not processed it.
    RetryAsAsked,
    /// Send it again after the usual pause.
    Retry,
    /// Send it again after a long pause: the next requests will fail as well.
    RetryMuchLater,
    /// Send its events in two requests.
    Halve,
    /// Send it no more.
    GiveUp,
}

impl RetryPolicy {
    /// Whether sending a request again does no harm if the outcome is unknown. `retried`: it was
    /// sent before.
    pub fn may_repeat(self, retried: bool) -> bool {
        match self {
            Self::Idempotent => true,
            Self::OnceMore => !retried,
            Self::AtMostOnce => false,
        }
    }

    /// The reaction to this status. A redirect that is not followed has the status 0.
    pub fn reaction(self, status: u16, retried: bool, events: usize) -> Reaction {
        match status {
            // 431 means that the site's cookies are too long, which may change.
            408 | 429 | 431 | 503 => Reaction::RetryAsAsked,
            500..=599 if self.may_repeat(retried) => Reaction::Retry,
            // File servers answer a POST with 405.
            0..=399 | 401 | 403 | 404 | 405 if self == Self::Idempotent => Reaction::RetryMuchLater,
            413 if events > 1 => Reaction::Halve,
            _ => Reaction::GiveUp,
        }
    }
}
