//! The data that a queue needs, and the state that it may change, while the engine handles one
//! input.

use super::flight::Flight;
use super::outbox::Outbox;
use crate::effect::Effect;
use crate::time::Now;

/// The conditions under which a queue may send and store.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Consent allows requests, and the browser says that it has a network.
    pub open: bool,
    /// The page is visible and not about to be left.
    pub visible: bool,
    /// The collector may acknowledge by cookies.
    pub ack: bool,
    /// The browser has `fetchLater`, and the page may use it.
    pub later: bool,
    /// Send everything now: the page is being left, or asked for a flush.
    pub all: bool,
}

/// The context of one input.
#[derive(Debug)]
pub struct Context<'a> {
    /// The time of the input.
    pub now: &'a Now,
    /// The conditions under which a queue may send and store.
    pub conditions: Conditions,
    /// The number of the last request.
    pub ids: &'a mut u32,
    /// The page's outbox.
    pub outbox: &'a mut Outbox,
    /// The requests of all destinations that are in flight.
    pub flight: Flight,
    /// The effects so far.
    pub out: &'a mut Vec<Effect>,
}
