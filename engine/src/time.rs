//! What the shell knows at the moment of an input: the engine itself has no clock and no dice.

/// A moment of the monotonic clock that never comes.
pub const NEVER: u64 = u64::MAX;

/// The moment of an input.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Milliseconds since the Unix epoch (`Date.now()`): what events are dated with. May jump.
    pub wall_ms: u64,
    /// Milliseconds on a clock that never goes back (`performance.now()`): what is waited by.
    pub mono_ms: u64,
    /// Fresh random bits (`crypto.getRandomValues`).
    pub entropy: [u8; 16],
}
