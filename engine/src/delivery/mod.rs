//! From an event to its delivery: one queue for each destination.
//!
//! An event is pending until a batch takes it. A batch is ready, in flight, or awaiting an acknowledgement, until it ends in one of
//! the counters. Whatever is not delivered also has an entry in the page's outbox, which outlives the page.
//!
//! | part | what it owns |
//! |---|---|
//! | [`pending`], [`stream`], [`merge`] | events in no batch yet, in their order |
//! | [`batches`], [`batch`] | requests that were made, and where each of them is |
//! | [`backoff`] | when a destination may be sent to again after failures |
//! | [`flight`] | what the browser has of all destinations |
//! | [`fetch_later`] | the copy that the browser sends when the page's process dies |
//! | [`counts`] | in which counter each delivery ended |
//! | [`outbox`], [`entry`] | what is stored, and the text of each entry |
//!
//! [`queue::Queue`] is composed of these. It takes events in; `send` decides what goes and when, `response` what an answer means, `evict`
//! what is given up, `consent` what a withdrawal ends, `take_over` what another page's
//! outbox brings, and `raw` the batches that a page sent before it had an engine.

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
mod response;
mod send;
pub mod stream;
mod take_over;

pub use take_over::take_over;
