//! Orders that were sent: confirmation pages are reloaded, and a second `buy` is a second purchase.

use super::dedup::RecentHashes;
use super::event::{Event, Field};
use super::hash::hash;
use super::limits::Limits;
use super::time::Now;

/// The key that they are kept under.
pub const KEY: &str = "reco_orders";

/// The memory of orders.
#[derive(Debug)]
pub struct Orders {
    /// The last ones that this browser sent, from whichever page.
    sent: RecentHashes,
    /// Those that this page began: it may send their lines by calls of their own,
    begun: Vec<u64>,
    /// but each line once.
    lines: Vec<u64>,
}

impl Orders {
    /// From what was kept.
    pub fn read(kept: Option<&str>) -> Self {
        let sent = RecentHashes::read(KEY, kept, Limits::ORDERS, Limits::ORDER_AGE_MS);
        Self { sent, begun: Vec::new(), lines: Vec::new() }
    }

    /// Takes those out of the events of one call that were sent before, and says how many. Equal
    /// lines within one call are all new: two sizes of one product may share an id.
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

    /// What is kept of them.
    pub fn kept(&mut self) -> &mut RecentHashes {
        &mut self.sent
    }
}

/// Adds one, and forgets the oldest beyond the bound.
fn remember(hashes: &mut Vec<u64>, hash: u64, most: usize) {
    if hashes.len() >= most {
        hashes.remove(0);
    }
    hashes.push(hash);
}

/// The order that a purchase belongs to, and its line.
fn hashes(event: &Event) -> Option<(u64, u64)> {
    let order = event.get(Field::OrderId)?;
    let (id, item_type) = event.item()?;
    Some((hash(&[order]), hash(&[order, item_type, id])))
}
