//! The shell: passes events of the page to the engine, and performs the engine's effects.
//!
//! It makes no decisions.
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

/// Protocols that only the larger module supports.
pub const LARGER_PROTOCOLS: [&str; 3] = ["yoochoose", "factfinder", "intempt"];
