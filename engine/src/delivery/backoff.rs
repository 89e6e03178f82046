//! When a destination may be sent to again after failures: exponential back-off with a circuit breaker.

use crate::limits::Limits;
use crate::time::Now;

/// The back-off of one destination. `BREAKER_MS` is the time for which the circuit stays open, plus
/// up to a quarter: a server tries more often than each of many pages.
#[derive(Debug, Default)]
pub struct Backoff<const BREAKER_MS: u64 = { Limits::BREAKER_MS }> {
    /// Failures in a row.
    failures: u32,
    /// Nothing is tried before `paused_until`, not even when the page is left.
    circuit_open: bool,
    /// Before this moment of the monotonic clock nothing is sent, except when the page is left or asks for a flush.
    paused_until: u64,
    /// The page's Content-Security-Policy forbids the address, which no later attempt on this page changes.
    forbidden: bool,
}

impl<const BREAKER_MS: u64> Backoff<BREAKER_MS> {
    /// Whether nothing may be sent at all.
    pub fn is_shut(&self, mono_ms: u64) -> bool {
        self.forbidden || self.circuit_open && self.is_paused(mono_ms)
    }

    /// Whether only a flush sends something.
    pub fn is_paused(&self, mono_ms: u64) -> bool {
        mono_ms < self.paused_until
    }

    /// Whether the page's Content-Security-Policy forbids the address.
    pub fn is_forbidden(&self) -> bool {
        self.forbidden
    }

    /// The end of the pause, in the past where there is none.
    pub fn paused_until(&self) -> u64 {
        self.paused_until
    }

    /// Pauses until this moment.
    pub fn pause(&mut self, until: u64) {
        self.paused_until = until;
    }

    /// Notes that the page's Content-Security-Policy forbids the address. Returns whether this is
    /// new.
    pub fn forbid(&mut self) -> bool {
        !std::mem::replace(&mut self.forbidden, true)
    }

    /// Opens the circuit at once: the server's answer says that the next requests fail as well.
    pub fn open_circuit(&mut self) {
        self.circuit_open = true;
    }

    /// Notes a failure. The next attempt is not made before `least_ms` from now. Returns whether it
    /// opens the circuit.
    pub fn on_failure(&mut self, least_ms: u64, now: &Now) -> bool {
        let was_open = self.circuit_open;
        // The failures of one burst count as one.
        if !self.is_paused(now.mono_ms) {
            self.failures += 1;
            self.circuit_open |= self.failures >= Limits::BREAKER_FAILURES;
            self.paused_until = now.mono_ms + self.next_pause(now);
        }
        self.paused_until = self.paused_until.max(now.mono_ms + least_ms);
        self.circuit_open && !was_open
    }

    /// The pause after the last failure. It has jitter, so that visitors do not all return to a recovered server at once.
    fn next_pause(&self, now: &Now) -> u64 {
        let [.., random] = now.entropy;
        let share = |ms: u64| ms * u64::from(random) / u64::from(u8::MAX);
        if self.circuit_open {
            return BREAKER_MS + share(BREAKER_MS / 4);
        }
        let longest = Limits::RETRY_MS << (self.failures - 1);
        longest / 2 + share(longest / 2)
    }

    /// Notes that the destination has acknowledged something.
    pub fn on_success(&mut self) {
        self.failures = 0;
        if self.circuit_open {
            self.reset();
        }
    }

    /// Forgets failures: the device was offline, so they say nothing about the destination.
    pub fn reset(&mut self) {
        *self = Self { forbidden: self.forbidden, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This moment with the most jitter.
    fn at(mono_ms: u64) -> Now {
        Now { wall_ms: 0, mono_ms, entropy: [255; 16] }
    }

    #[test]
    fn each_failure_doubles_the_pause() {
        let mut backoff = <Backoff>::default();
        let mut now = 0;
        for pause in [1_000, 2_000, 4_000, 8_000] {
            backoff.on_failure(0, &at(now));
            assert_eq!(backoff.paused_until(), now + pause);
            assert!(!backoff.is_shut(now), "a flush still tries");
            now = backoff.paused_until();
        }
    }

    #[test]
    fn jitter_takes_up_to_half_of_a_pause() {
        let mut backoff = <Backoff>::default();
        backoff.on_failure(0, &Now { wall_ms: 0, mono_ms: 0, entropy: [0; 16] });
        assert_eq!(backoff.paused_until(), 500);
    }

    #[test]
    fn failures_during_a_pause_are_one_failure() {
        let mut backoff = <Backoff>::default();
        for _ in 0..10 {
            backoff.on_failure(0, &at(0));
        }
        assert_eq!(backoff.paused_until(), 1_000);
    }

    #[test]
    fn the_fifth_failure_opens_the_circuit() {
        let mut backoff = <Backoff>::default();
        let mut now = 0;
        for _ in 0..Limits::BREAKER_FAILURES {
            backoff.on_failure(0, &at(now));
            now = backoff.paused_until();
        }
        assert!(backoff.is_shut(now - 1));
        assert!(!backoff.is_shut(now), "after the pause it is tried again");
        backoff.on_success();
        backoff.on_failure(0, &at(now));
        assert_eq!(backoff.paused_until(), now + 1_000, "a success closes the circuit");
    }

    #[test]
    fn the_circuit_stays_open_as_long_as_the_parameter_says() {
        let mut backoff = Backoff::<48_000>::default();
        let mut now = 0;
        for _ in 0..20 {
            backoff.on_failure(0, &at(now));
            assert!(backoff.paused_until() - now <= 60_000);
            now = backoff.paused_until();
        }
        assert_eq!(now, 1_000 + 2_000 + 4_000 + 8_000 + 16 * 60_000);
    }

    #[test]
    fn a_server_may_ask_for_a_longer_pause() {
        let mut backoff = <Backoff>::default();
        backoff.on_failure(60_000, &at(0));
        assert_eq!(backoff.paused_until(), 60_000);
    }

    #[test]
    fn an_address_forbidden_by_policy_stays_forbidden() {
        let mut backoff = <Backoff>::default();
        assert!(backoff.forbid());
        assert!(!backoff.forbid());
        backoff.reset();
        assert!(backoff.is_shut(0));
    }
}
