//! The requests of all destinations that the browser has in flight.

use crate::limits::Limits;
use crate::time::NEVER;

/// Requests in flight. Their number is limited while the page is visible: all scripts of a page
/// share 64 KiB for requests that outlive it
/// (<https://fetch.spec.whatwg.org/#http-network-or-cache-fetch>), and Chromium silently drops
/// beacons when there are many.
#[derive(Clone, Copy, Debug)]
pub struct Flight {
    /// Number of requests.
    pub requests: u32,
    /// Total size of their bodies.
    pub bytes: usize,
    /// Number of destinations without a request in flight.
    pub idle: u32,
    /// The time when the first of them no longer counts.
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

    /// Adds the requests of a destination.
    pub fn add_destination(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
        self.until = self.until.min(other.until);
        self.idle += u32::from(other.requests == 0);
    }

    /// Whether a destination with `own` requests in flight may start another one of this size. The
    /// last places are reserved for destinations without a request, so that a slow vendor does not
    /// delay the others.
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
