//! The time and the random bits of an input. The engine itself reads no clock and no random source.

/// A moment of the monotonic clock that never comes.
pub const NEVER: u64 = u64::MAX;

/// The moment of an input.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Milliseconds since the Unix epoch (`Date.now()`), for the time of events. May jump.
    pub wall_ms: u64,
    /// Milliseconds on a clock that never goes back (`performance.now()`), for waiting.
    pub mono_ms: u64,
    /// Fresh random bits (`crypto.getRandomValues`).
    pub entropy: [u8; 16],
}
