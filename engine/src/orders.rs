//! Orders that were sent. A reloaded confirmation page must not send its purchase again.

use super::dedup::RecentHashes;
use super::event::{Event, Field};
use super::hash::hash;
use super::limits::Limits;
use super::time::Now;

/// Their storage key.
pub const KEY: &str = "reco_orders";

/// The memory of orders.
#[derive(Debug)]
pub struct Orders {
    /// The last orders sent by this browser, from any page.
    sent: RecentHashes,
    /// The orders that this page has begun. It may send their lines in several calls.
    begun: Vec<u64>,
    /// The lines of these orders. Each is sent once.
    lines: Vec<u64>,
}

impl Orders {
    /// Reads the stored form.
    pub fn read(kept: Option<&str>) -> Self {
        let sent = RecentHashes::read(KEY, kept, Limits::ORDERS, Limits::ORDER_AGE_MS);
        Self { sent, begun: Vec::new(), lines: Vec::new() }
    }

    /// Removes lines that were sent before from the events of one call, and returns their number.
    /// Equal lines within one call are all new, because two sizes of a product may share an id.
    pub fn admit(&mut self, events: &mut Vec<Event>, now: &Now) -> u32 {
        let mut repeated = 0;
        for event in std::mem::take(events) {
            let known = hashes(&event).is_some_and(|(order, line)| {
                let begun = self.begun.contains(&order);
                if begun { self.lines.contains(&line) } else { self.sent.has(order, now) }
            });
            if known {
                repeated += 1;
            } else {
                events.push(event);
            }
        }
        for event in events.iter() {
            let Some((order, line)) = hashes(event) else { continue };
            remember(&mut self.lines, line, Limits::PAGE_ORDER_LINES);
            if !self.begun.contains(&order) {
                remember(&mut self.begun, order, Limits::PAGE_ORDERS);
                self.sent.add(order, now);
            }
        }
        repeated
    }

    /// The part that is stored.
    pub fn kept(&mut self) -> &mut RecentHashes {
        &mut self.sent
    }
}

/// Adds a hash, and removes the oldest one beyond the limit.
fn remember(hashes: &mut Vec<u64>, hash: u64, most: usize) {
    if hashes.len() >= most {
        hashes.remove(0);
    }
    hashes.push(hash);
}

/// The hashes of the purchase's order and of its line.
fn hashes(event: &Event) -> Option<(u64, u64)> {
    let order = event.get(Field::OrderId)?;
    let (id, item_type) = event.item()?;
    Some((hash(&[order]), hash(&[order, item_type, id])))
}
