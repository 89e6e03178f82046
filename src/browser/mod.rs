//! The shell: feeds the engine what happens in the page, and does what the engine says.
//!
//! It decides nothing.
#![deny(clippy::too_many_lines)]

#[cfg(target_arch = "wasm32")]
pub mod api;
pub mod codes;
#[cfg(target_arch = "wasm32")]
mod convert;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod shell;

/// Protocols that only the larger module has: a page loads it for these.
pub const LARGER_PROTOCOLS: [&str; 3] = ["yoochoose", "factfinder", "intempt"];
