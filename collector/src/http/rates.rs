//! The request rate of each address, as token buckets. A bucket holds the requests of a few seconds
//! and refills at the allowed rate.

use crate::config::network::{Network, counted};
use crate::limits::Limits;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The buckets of all addresses except those of trusted proxies.
#[derive(Debug)]
pub struct Rates {
    a_second: f64,
    trusted: Vec<Network>,
    buckets: Mutex<HashMap<u128, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rates {
    /// Allows this number of requests a second.
    pub fn new(a_second: usize, trusted: Vec<Network>) -> Self {
        Self { a_second: a_second as f64, trusted, buckets: Mutex::default() }
    }

    /// Whether the address may send one more request.
    pub fn take(&self, address: IpAddr, now: Instant) -> bool {
        if self.trusted.iter().any(|network| network.contains(address)) {
            return true;
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= Limits::ADDRESSES {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.full());
            // The memory limit takes precedence: so many addresses at once are a distributed
            // attack.
            if buckets.len() >= Limits::ADDRESSES {
                buckets.clear();
            }
        }
        let full = Bucket { left: self.full(), at: now };
        let bucket = buckets.entry(counted(address)).or_insert(full);
        let left = self.filled(*bucket, now);
        let may = left >= 1.0;
        *bucket = Bucket { left: if may { left - 1.0 } else { left }, at: now };
        may
    }

    fn full(&self) -> f64 {
        self.a_second * f64::from(Limits::BURST_SECONDS)
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.left + passed * self.a_second).min(self.full())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    #[test]
    fn an_address_may_send_a_burst_and_then_requests_at_the_allowed_rate() {
        let rates = Rates::new(2, vec![Network::parse("10.0.0.1").unwrap()]);
        let (start, address) = (Instant::now(), "192.0.2.1".parse().unwrap());
        let taken = |at: Instant| (0..100).filter(|_| rates.take(address, at)).count();
        assert_eq!(taken(start), 20);
        assert_eq!(taken(start + Duration::from_secs(3)), 6);
        assert_eq!(taken(start + Duration::from_secs(1000)), 20);
        assert!(rates.take("192.0.2.2".parse().unwrap(), start), "another address");
        assert!((0..100).all(|_| rates.take("10.0.0.1".parse().unwrap(), start)), "a proxy");
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let rates = Rates::new(1, Vec::new());
        let now = Instant::now();
        for address in 0..200_000u32 {
            rates.take(Ipv4Addr::from_bits(address).into(), now);
        }
        assert!(rates.buckets.lock().unwrap().len() <= Limits::ADDRESSES);
    }
}
