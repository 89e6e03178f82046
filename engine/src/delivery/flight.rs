//! The requests that the browser has of all destinations at once.

use crate::limits::Limits;
use crate::time::NEVER;

/// Requests in flight. While the page is visible they are kept few: all scripts of a page share 64 KiB for requests that outlive it
/// (<https://fetch.spec.whatwg.org/#http-network-or-cache-fetch>), and Chromium drops beacons in silence when there are many.
#[derive(Clone, Copy, Debug)]
pub struct Flight {
    /// Requests.
    pub requests: u32,
    /// Bytes of their bodies.
    pub bytes: usize,
    /// Destinations that have none of them.
    pub idle: u32,
    /// When the first of them no longer counts.
    pub until: u64,
}

impl Default for Flight {
    fn default() -> Self {
        Self { requests: 0, bytes: 0, idle: 0, until: NEVER }
    }
}

impl Flight {
    /// Adds a request that counts until this moment.
    pub fn add_request(&mut self, bytes: usize, until: u64) {
        self.requests += 1;
        self.bytes += bytes;
        self.until = self.until.min(until);
    }

    /// Adds the requests of one destination.
    pub fn add_destination(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.until = self.until.min(other.until);
        self.idle += u32::from(other.requests == 0);
    }

    /// Whether a destination that has `own` requests in flight may begin one more of this size. The last places are reserved for
    /// destinations that have none, so that a vendor that does not answer delays no other.
    pub fn admits(&self, own: u32, bytes: usize) -> bool {
        let reserved = if own == 0 { 0 } else { self.idle };
        self.requests + reserved < Limits::FLIGHT_REQUESTS
            && (self.bytes == 0 || self.bytes + bytes <= Limits::FLIGHT_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(requests: u32, bytes: usize, idle: u32) -> Flight {
        Flight { requests, bytes, idle, until: 0 }
    }

    #[test]
    fn the_number_of_requests_is_bounded() {
        assert!(with(3, 100, 0).admits(3, 100));
        assert!(!with(4, 100, 0).admits(3, 100));
    }

    #[test]
    fn the_bytes_are_bounded_unless_nothing_is_in_flight() {
        assert!(with(0, 0, 0).admits(0, Limits::FLIGHT_BYTES + 1));
        assert!(with(1, 1, 0).admits(1, Limits::FLIGHT_BYTES - 1));
        assert!(!with(1, 1, 0).admits(1, Limits::FLIGHT_BYTES));
    }

    #[test]
    fn the_last_places_are_for_destinations_without_a_request() {
        assert!(!with(3, 100, 1).admits(3, 100));
        assert!(with(3, 100, 1).admits(0, 100));
    }
}
