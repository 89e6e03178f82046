//! The shell: feeds the engine what happens in the page, and does what the engine says.
//!
//! It decides nothing. Everything of the browser that can be blocked, absent or throw is asked for
//! in one of these files, and answered with an `Option` or a `Result`.

pub mod api;
mod convert;
mod cookie;
mod host;
mod page;
mod shell;
mod store;
mod transport;
