//! An event with all that a destination has to know of it.

use super::event::{Event, Field, Kind};
use super::limits::Limits;
use std::rc::Rc;

/// An event, stamped.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its id: what makes it count once, however often it arrives.
    pub id: String,
    /// When it happened, in milliseconds since the Unix epoch, by the visitor's clock.
    pub at: u64,
    /// The account, where somebody was logged in.
    pub user: Option<Rc<String>>,
    /// The anonymous visitor, unless consent forbids one.
    pub anonymous: Option<Rc<String>>,
    /// The visitor's session, where a destination has sessions.
    pub session: Option<Rc<String>>,
    /// The company that the user belongs to, where the configuration names one.
    pub account: Option<Rc<String>>,
    /// The purchaser that the user buys for, likewise.
    pub purchaser: Option<Rc<String>>,
    /// What happened.
    pub event: Event,
}

impl Record {
    /// Both in one, where one event can say what both did: the higher percentage of one item, or
    /// the items of both `rendered` of one scenario. The first one's id and time stay.
    pub fn merged(&self, newer: &Self) -> Option<Self> {
        let (event, other) = (&self.event, &newer.event);
        let same = |field| event.get(field) == other.get(field);
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
            Kind::Rendered if same(Field::Scenario) => {
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

    /// Two records with half of the items each, where one `rendered` is too much for a request.
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
