//! Open connections: how many there are, of which address, and which of them are idle.
//!
//! A place is never refused to a new client for the sake of an idle one: browsers keep connections
//! that they may not need again, and a silent connection costs its client nothing.

use crate::config::network::{Network, counted};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Pause between two looks for a connection that has become idle.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// All open connections of a listener.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    most_of_address: usize,
    trusted: Vec<Network>,
    open: Mutex<Open>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    last: u64,
    all: HashMap<u64, Entry>,
    of_address: HashMap<u128, usize>,
}

#[derive(Debug)]
struct Entry {
    /// The number by which it is counted; absent for a trusted proxy.
    address: Option<u128>,
    /// Absent while a request is answered, and once it was told to end.
    idle_since: Option<Instant>,
    end: CancellationToken,
}

/// Why there is no place.
#[derive(Debug, PartialEq, Eq)]
enum Full {
    /// Too many connections.
    All,
    /// Too many connections of this address.
    Address(u128),
}

impl Connections {
    /// None are open yet.
    pub fn new(most: usize, most_of_address: usize, trusted: Vec<Network>) -> Arc<Self> {
        let (open, freed) = (Mutex::default(), Notify::new());
        Arc::new(Self { most, most_of_address, trusted, open, freed })
    }

    /// A place for a connection from that address. Ends one that is idle where all are taken, and
    /// waits for it. No place is there for an address whose connections are all busy.
    pub async fn place(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        loop {
            match self.try_place(address) {
                Ok(place) => return Some(place),
                Err(Full::Address(address)) => {
                    if !self.one_ends(|entry| entry.address == Some(address)) {
                        return None;
                    }
                }
                Err(Full::All) => {
                    self.one_ends(|_| true);
                }
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, self.freed.notified()).await;
        }
    }

    /// Ends the connection that is idle for the longest, if there is one.
    pub fn make_room(&self) {
        self.one_ends(|_| true);
    }

    fn try_place(self: &Arc<Self>, address: IpAddr) -> Result<Place, Full> {
        let trusted = self.trusted.iter().any(|network| network.contains(address));
        let address = (!trusted).then(|| counted(address));
        let mut open = self.lock();
        if let Some(address) = address {
            let count = open.of_address.get(&address).copied().unwrap_or_default();
            if count >= self.most_of_address {
                return Err(Full::Address(address));
            }
        }
        if open.all.len() >= self.most {
            return Err(Full::All);
        }
        if let Some(address) = address {
            *open.of_address.entry(address).or_default() += 1;
        }
        open.last += 1;
        let (number, end) = (open.last, CancellationToken::new());
        let entry = Entry { address, idle_since: Some(Instant::now()), end: end.clone() };
        open.all.insert(number, entry);
        Ok(Place { number, end, connections: Arc::clone(self) })
    }

    /// Whether one of these connections ends soon. Ends the one that is idle for the longest, unless
    /// one was told to end already: its task may not have run yet, and one place is enough.
    fn one_ends(&self, of: impl Fn(&Entry) -> bool) -> bool {
        let mut open = self.lock();
        if open.all.values().any(|entry| of(entry) && entry.end.is_cancelled()) {
            return true;
        }
        let idle = open.all.values_mut().filter(|entry| of(entry) && entry.idle_since.is_some());
        let Some(longest) = idle.min_by_key(|entry| entry.idle_since) else { return false };
        longest.idle_since = None;
        longest.end.cancel();
        true
    }

    fn set_idle(&self, number: u64, since: Option<Instant>) {
        if let Some(entry) = self.lock().all.get_mut(&number) {
            entry.idle_since = since.filter(|_| !entry.end.is_cancelled());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    number: u64,
    /// Cancelled when the connection must end.
    pub end: CancellationToken,
    connections: Arc<Connections>,
}

impl Place {
    /// Makes it busy until the result is dropped.
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.connections.set_idle(self.number, None);
        Busy(Arc::clone(self))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        if let Some(Entry { address: Some(address), .. }) = open.all.remove(&self.number)
            && let Some(count) = open.of_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                open.of_address.remove(&address);
            }
        }
        drop(open);
        self.connections.freed.notify_one();
    }
}

/// A request that is answered.
#[derive(Debug)]
pub struct Busy(Arc<Place>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.connections.set_idle(self.0.number, Some(Instant::now()));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_one_that_is_idle_for_the_longest_gives_its_place() {
        let connections = Connections::new(2, 2, Vec::new());
        let address = "192.0.2.1".parse().unwrap();
        let first = Arc::new(connections.try_place(address).unwrap());
        let second = Arc::new(connections.try_place(address).unwrap());
        assert_eq!(connections.try_place(address).unwrap_err(), Full::Address(counted(address)));
        let other = "192.0.2.2".parse().unwrap();
        assert_eq!(connections.try_place(other).unwrap_err(), Full::All);
        // The first one was busy in between, so it is idle for less long.
        drop(first.busy());
        connections.make_room();
        assert!(second.end.is_cancelled() && !first.end.is_cancelled());
        drop(second);
        assert!(connections.place(other).await.is_some());
    }

    #[tokio::test]
    async fn a_connection_that_has_not_ended_yet_is_waited_for() {
        let connections = Connections::new(9, 2, Vec::new());
        let address = "192.0.2.1".parse().unwrap();
        let slow = connections.try_place(address).unwrap();
        let other = connections.try_place(address).unwrap();
        let asked = tokio::spawn({
            let connections = Arc::clone(&connections);
            async move { connections.place(address).await.is_some() }
        });
        slow.end.cancelled().await;
        tokio::time::sleep(LOOK_AGAIN * 3).await;
        assert!(!other.end.is_cancelled() && !asked.is_finished());
        drop(slow);
        assert!(asked.await.unwrap());
    }

    #[tokio::test]
    async fn an_address_whose_connections_are_busy_gets_no_more_of_them() {
        let connections = Connections::new(9, 1, vec![Network::parse("127.0.0.0/8").unwrap()]);
        let address = "192.0.2.1".parse().unwrap();
        let place = Arc::new(connections.place(address).await.unwrap());
        let busy = place.busy();
        assert!(connections.place(address).await.is_none());
        drop(busy);
        drop(place);
        assert!(connections.place(address).await.is_some());
        assert!(connections.lock().of_address.is_empty());
        let trusted = "127.0.0.1".parse().unwrap();
        let _first = connections.place(trusted).await.unwrap();
        assert!(connections.place(trusted).await.is_some());
    }
}
