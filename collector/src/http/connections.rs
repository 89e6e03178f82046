//! Open connections: their number, their addresses, and which of them are idle.
//!
//! An idle connection never keeps out a new client. Browsers keep connections open that they may
//! not need again, and an idle connection costs an attacker nothing.

use crate::config::network::{Network, counted};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The pause between two checks for an idle connection.
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
    /// The number under which the address is counted. Absent for a trusted proxy.
    address: Option<u128>,
    /// Absent while a request is being answered, and after the connection was told to close.
    idle_since: Option<Instant>,
    end: CancellationToken,
}

/// Why a new connection is not accepted.
#[derive(Debug, PartialEq, Eq)]
enum Full {
    /// There are too many connections.
    All,
    /// There are too many connections of this address.
    Address(u128),
}

impl Connections {
    /// Starts without connections.
    pub fn new(most: usize, most_of_address: usize, trusted: Vec<Network>) -> Arc<Self> {
        let (open, freed) = (Mutex::default(), Notify::new());
        Arc::new(Self { most, most_of_address, trusted, open, freed })
    }

    /// Registers a connection from this address. At the limit it closes an idle connection and
    /// waits until it has closed. Returns `None` if the address is at its limit and all its
    /// connections are busy.
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

    /// Closes the connection that has been idle longest, if there is one.
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

    /// Closes the connection that has been idle longest, and returns whether one is closing. If one
    /// of these was already told to close, it closes no second one: its task may not have run yet.
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

/// A registered connection. Dropping it ends the registration.
#[derive(Debug)]
pub struct Place {
    number: u64,
    /// Cancelled when the connection must close.
    pub end: CancellationToken,
    connections: Arc<Connections>,
}

impl Place {
    /// Marks the connection as busy until the result is dropped.
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

/// A request that is being answered.
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
    async fn the_connection_that_has_been_idle_longest_is_closed() {
        let connections = Connections::new(2, 2, Vec::new());
        let address = "192.0.2.1".parse().unwrap();
        let first = Arc::new(connections.try_place(address).unwrap());
        let second = Arc::new(connections.try_place(address).unwrap());
        assert_eq!(connections.try_place(address).unwrap_err(), Full::Address(counted(address)));
        let other = "192.0.2.2".parse().unwrap();
        assert_eq!(connections.try_place(other).unwrap_err(), Full::All);
        // The first one was busy in between, so the second one has been idle longer.
        drop(first.busy());
        connections.make_room();
        assert!(second.end.is_cancelled() && !first.end.is_cancelled());
        drop(second);
        assert!(connections.place(other).await.is_some());
    }

    #[tokio::test]
    async fn a_new_connection_waits_until_the_closing_one_has_ended() {
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
    async fn an_address_at_its_limit_with_busy_connections_is_refused() {
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
