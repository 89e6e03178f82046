//! The shell: feeds the engine what happens in the page, and does what the engine says.
//!
//! It decides nothing.

pub mod api;
mod convert;
mod host;
mod shell;
