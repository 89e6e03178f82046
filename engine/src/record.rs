//! An event with everything that a destination needs.

use super::event::{Event, Field, Kind};
use super::limits::Limits;
use std::rc::Rc;

/// An event with id, time and identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its id. It counts once, however often it arrives.
    pub id: String,
    /// Its time by the visitor's clock, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The account, if a user was logged in.
    pub user: Option<Rc<String>>,
    /// The anonymous id, unless consent forbids one.
    pub anonymous: Option<Rc<String>>,
    /// The visitor's session, if a destination uses sessions.
    pub session: Option<Rc<String>>,
    /// The company that the user belongs to, if configured.
    pub account: Option<Rc<String>>,
    /// The purchaser that the user buys for, if configured.
    pub purchaser: Option<Rc<String>>,
    /// The event.
    pub event: Event,
}

impl Record {
    /// Merges two events if one event can replace both: the higher percentage of the same item, or
    /// the items of two `rendered` of the same list. The first one's id and time are kept.
    pub fn merged(&self, newer: &Self) -> Option<Self> {
        let (event, other) = (&self.event, &newer.event);
        let same = |field| event.agrees(other, field);
        if event.kind() != other.kind()
            || self.user != newer.user
            || self.anonymous != newer.anonymous
            || !same(Field::ItemType)
        {
            return None;
        }
        let event = match event.kind() {
            Kind::Consume if same(Field::ItemId) => {
                if other.percentage() > event.percentage() {
                    event.with_percentage(other.percentage())
                } else {
                    event.clone()
                }
            }
            Kind::Rendered if same(Field::Scenario) && same(Field::Variant) => {
                let mut both = event.clone();
                for id in other.items() {
                    both.add_item(id.clone());
                }
                if both.items().len() > Limits::VALUE_WIDTH {
                    return None;
                }
                both
            }
            _ => return None,
        };
        Some(Self { event, ..self.clone() })
    }

    /// Splits a `rendered` that is too large for a request into two records with half of the items
    /// each.
    pub fn halves(&self) -> Option<(Self, Self)> {
        let items = self.event.items();
        let (first, second) = items.split_at_checked(items.len() / 2)?;
        let half = |items: &[String]| Self {
            event: self.event.with_items(items.to_vec()),
            ..self.clone()
        };
        (!first.is_empty()).then(|| (half(first), half(second)))
    }
}
