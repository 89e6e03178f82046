//! An event with all that a destination has to know of it.

use super::event::Event;

/// An event, stamped.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its id: what makes it count once, however often it arrives.
    pub id: String,
    /// When it happened, in milliseconds since the Unix epoch, by the visitor's clock.
    pub at: u64,
    /// The account, where somebody was logged in.
    pub user: Option<String>,
    /// The anonymous visitor, unless consent forbids one.
    pub anonymous: Option<String>,
    /// What happened.
    pub event: Event,
}

impl Record {
    /// Takes `newer` in, where one event can say what both did: the higher percentage of one
    /// item, or the items of both `rendered` of one scenario. The id and the time stay.
    pub fn merge(&mut self, newer: &Self) -> bool {
        if self.user != newer.user || self.anonymous != newer.anonymous {
            return false;
        }
        match (&mut self.event, &newer.event) {
            (
                Event::Consume { item, percentage },
                Event::Consume { item: newer_item, percentage: newer_percentage },
            ) if item.id == newer_item.id && item.item_type == newer_item.item_type => {
                // Without a percentage the item counts as consumed.
                if newer_percentage.unwrap_or(100) > percentage.unwrap_or(100) {
                    *percentage = *newer_percentage;
                }
                true
            }
            (
                Event::Rendered { item_type, items, scenario },
                Event::Rendered {
                    item_type: newer_type,
                    items: newer_items,
                    scenario: newer_scenario,
                },
            ) if item_type == newer_type && scenario == newer_scenario => {
                for id in newer_items {
                    if !items.contains(id) {
                        items.push(id.clone());
                    }
                }
                true
            }
            (_, _) => false,
        }
    }

    /// Two records with half of the items each, where one `rendered` is too much for a request.
    pub fn halve(&self) -> Option<(Self, Self)> {
        let Event::Rendered { item_type, items, scenario } = &self.event else { return None };
        let (first, second) = items.split_at_checked(items.len() / 2)?;
        if first.is_empty() {
            return None;
        }
        let half = |items: &[String]| Self {
            event: Event::Rendered {
                item_type: item_type.clone(),
                items: items.to_vec(),
                scenario: scenario.clone(),
            },
            ..self.clone()
        };
        Some((half(first), half(second)))
    }
}
