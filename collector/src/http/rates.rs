//! Rates of addresses and of customers, as token buckets. A bucket holds the tokens of a few seconds
//! and refills at the allowed rate.

use crate::config::network::{Network, counted};
use crate::limits::Limits;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bucket for each key.
#[derive(Debug)]
pub struct Buckets<K>(Mutex<HashMap<K, Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Below zero after a request that took more than there was.
    left: f64,
    at: Instant,
    a_second: f64,
}

impl Bucket {
    fn full(a_second: f64) -> f64 {
        a_second * f64::from(Limits::BURST_SECONDS)
    }

    fn filled(self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        (self.left + passed * self.a_second).min(Self::full(self.a_second))
    }
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// Takes tokens from the bucket of this key, which refills with `a_second`. A bucket that is not
    /// empty gives any number, and the missing ones are paid back first. Otherwise a large request
    /// would wait for as long as small ones keep its bucket low.
    ///
    /// # Errors
    /// The time after which the bucket will not be empty.
    pub fn take(&self, key: K, tokens: f64, a_second: f64, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= Limits::ADDRESSES {
            buckets.retain(|_, bucket| bucket.filled(now) < Bucket::full(bucket.a_second));
            // The memory limit takes precedence: so many keys at once are a distributed attack.
            if buckets.len() >= Limits::ADDRESSES {
                buckets.clear();
            }
        }
        let full = Bucket { left: Bucket::full(a_second), at: now, a_second };
        let bucket = buckets.entry(key).or_insert(full);
        let left = bucket.filled(now);
        let missing = tokens.min(1.0) - left;
        let may = missing <= 0.0;
        *bucket = Bucket { left: if may { left - tokens } else { left }, at: now, a_second };
        if may { Ok(()) } else { Err(Duration::from_secs_f64(missing / a_second)) }
    }
}

/// The request rates of all addresses except those of trusted proxies.
#[derive(Debug)]
pub struct Rates {
    a_second: f64,
    trusted: Vec<Network>,
    buckets: Buckets<u128>,
}

impl Rates {
    /// Allows this number of requests a second.
    pub fn new(a_second: usize, trusted: Vec<Network>) -> Self {
        Self { a_second: a_second as f64, trusted, buckets: Buckets::default() }
    }

    /// Whether the address may send one more request.
    pub fn take(&self, address: IpAddr, now: Instant) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
            || self.buckets.take(counted(address), 1.0, self.a_second, now).is_ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

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
    fn a_request_above_the_rest_is_taken_and_paid_back_before_the_next() {
        let (buckets, start) = (Buckets::default(), Instant::now());
        let take =
            |tokens, seconds| buckets.take("a", tokens, 2.0, start + Duration::from_secs(seconds));
        assert_eq!(take(100.0, 0), Ok(()));
        assert_eq!(take(1.0, 0), Err(Duration::from_millis(40_500)));
        assert_eq!(take(1.0, 40), Err(Duration::from_millis(500)));
        assert_eq!(take(1.0, 41), Ok(()));
        assert_eq!(take(100.0, 41), Ok(()), "one token is left");
        assert_eq!(take(1.0, 41), Err(Duration::from_secs(50)));
        assert_eq!(buckets.take("b", 100.0, 2.0, start), Ok(()), "another key");
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let rates = Rates::new(1, Vec::new());
        let now = Instant::now();
        for address in 0..200_000u32 {
            rates.take(Ipv4Addr::from_bits(address).into(), now);
        }
        assert!(rates.buckets.0.lock().unwrap().len() <= Limits::ADDRESSES);
    }
}
