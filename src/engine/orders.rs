//! Orders that were sent: confirmation pages are reloaded, and a second `buy` is a second purchase.

use super::effect::Effect;
use super::event::{Event, Field};
use super::limits::Limits;
use super::remember::{Remembered, hash};
use super::time::Now;

/// The key that they are kept under.
pub const KEY: &str = "reco_orders";

/// The memory of orders. It knows lines, not orders: a shop may send the lines of one order by
/// calls of their own.
#[derive(Debug)]
pub struct Orders(Remembered);

impl Orders {
    /// From what was kept.
    pub fn read(kept: Option<&str>) -> Self {
        Self(Remembered::read(kept, Limits::ORDER_LINES, Limits::ORDER_AGE_MS))
    }

    /// Splits the events of one call: those that were not sent before, and how many were.
    /// Equal lines within one call are all new: two sizes of one product may share an id.
    pub fn admit(&mut self, events: Vec<Event>, now: &Now) -> (Vec<Event>, u32) {
        let mut known = 0;
        let mut fresh = Vec::new();
        let mut lines = Vec::new();
        for event in events {
            let line = line(&event);
            if line.is_some_and(|line| self.0.has(line, now)) {
                known += 1;
            } else {
                lines.extend(line);
                fresh.push(event);
            }
        }
        for line in lines {
            self.0.add(line, now);
        }
        (fresh, known)
    }

    /// Keeps them.
    pub fn save(&self, effects: &mut Vec<Effect>) {
        effects.push(Effect::Keep(KEY, self.0.write()));
    }

    /// Forgets them.
    pub fn erase(&mut self, effects: &mut Vec<Effect>) {
        self.0.clear();
        effects.push(Effect::Forget(KEY));
    }
}

fn line(event: &Event) -> Option<u64> {
    let (id, item_type) = event.item()?;
    Some(hash(&[event.get(Field::OrderId)?, item_type, id]))
}
