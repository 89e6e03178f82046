//! From an event to its delivery: one queue for each destination.
//!
//! An event is pending until a batch takes it. A batch is ready, in flight, or awaiting an
//! acknowledgement, until it ends in one of the counters. Everything that is not delivered also has
//! an entry in the page's outbox, which outlives the page.
//!
//! | part | subject |
//! |---|---|
//! | [`pending`], [`stream`], [`merge`] | events in no batch yet, in their order |
//! | [`batches`], [`batch`] | requests that were made, and their state |
//! | [`backoff`] | pauses after failures |
//! | [`reaction`] | the next step after a response that is no success |
//! | [`flight`] | requests of all destinations in flight |
//! | [`fetch_later`] | the copy that the browser sends when the page's process ends |
//! | [`counts`] | the outcome of each delivery |
//! | [`outbox`], [`entry`] | the stored entries, and their text format |
//!
//! [`queue::Queue`] is composed of these. It takes events in. `send` decides when requests are
//! made, `response` handles their outcome, `evict` drops events, `consent` handles withdrawn
//! consent, `take_over` takes over another page's outbox, and `raw` the batches that a page sent
//! without an engine.

pub mod backoff;
pub mod batch;
pub mod batches;
mod consent;
pub mod context;
pub mod counts;
pub mod entry;
mod evict;
pub mod fetch_later;
pub mod flight;
pub mod merge;
pub mod outbox;
pub mod pending;
pub mod queue;
mod raw;
pub mod reaction;
mod response;
mod send;
pub mod stream;
mod take_over;

pub use take_over::take_over;
