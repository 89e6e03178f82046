//! The data that a queue needs, and the state that it may change, while the engine handles one input.

use super::flight::Flight;
use super::outbox::Outbox;
use crate::effect::Effect;
use crate::time::Now;

/// How far the page's state lets a queue send and store.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Consent allows requests, and the browser says that it has a network.
    pub open: bool,
    /// The page is visible, and is not about to go.
    pub visible: bool,
    /// The collector may acknowledge by cookies.
    pub ack: bool,
    /// The browser has `fetchLater`, and the page may use it.
    pub later: bool,
    /// Send everything, whether it is due or not: the page is being left, or asked for a flush.
    pub all: bool,
}

/// The context of one input.
#[derive(Debug)]
pub struct Context<'a> {
    /// Its moment.
    pub now: &'a Now,
    /// How far the page's state lets a queue send and store.
    pub conditions: Conditions,
    /// The number of the last request.
    pub ids: &'a mut u32,
    /// The page's outbox.
    pub outbox: &'a mut Outbox,
    /// The requests of all destinations that are in flight.
    pub flight: Flight,
    /// Effects so far.
    pub out: &'a mut Vec<Effect>,
}
