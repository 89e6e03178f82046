//! The items that one visitor viewed, and those in the basket.

use super::model::Pick;
pub use crate::store::feeds::{Act, Own};
use std::collections::{BTreeMap, HashSet};

type Item<'a> = (&'a str, &'a str);

impl Own {
    fn item(&self) -> Item<'_> {
        (&self.item_type, &self.item_id)
    }
}

/// The items that the visitor viewed, the latest first, without those that they refused.
pub fn recently_viewed(events: &mut Vec<Own>) -> Vec<Pick> {
    order(events);
    let refused: HashSet<Item<'_>> =
        events.iter().filter(|own| own.act == Act::Refused).map(Own::item).collect();
    let mut known = HashSet::new();
    let viewed = events.iter().rev().filter(|own| own.act == Act::Viewed).map(Own::item);
    ranked(viewed.filter(|item| !refused.contains(item) && known.insert(*item)))
}

/// The items in the visitor's basket, the one that was added last first. A removal without a quantity
/// removes all of an item, and so does a purchase.
pub fn recently_added(events: &mut Vec<Own>) -> Vec<Pick> {
    order(events);
    let mut basket: BTreeMap<Item<'_>, (f64, usize)> = BTreeMap::new();
    for (place, own) in events.iter().enumerate() {
        let (quantity, added) = basket.entry(own.item()).or_default();
        match own.act {
            Act::Added => {
                *quantity += own.quantity.unwrap_or(1.0);
                *added = place;
            }
            Act::Removed => *quantity -= own.quantity.unwrap_or(f64::INFINITY).min(*quantity),
            Act::Bought => *quantity = 0.0,
            Act::Viewed | Act::Refused => {}
        }
    }
    let mut left: Vec<(usize, Item<'_>)> = basket
        .into_iter()
        .filter(|(_, (quantity, _))| *quantity > 0.0)
        .map(|(item, (_, added))| (added, item))
        .collect();
    left.sort_unstable_by_key(|(added, _)| std::cmp::Reverse(*added));
    ranked(left.into_iter().map(|(_, item)| item))
}

/// Puts the events into the order of their times. A queue may deliver an early one late.
fn order(events: &mut Vec<Own>) {
    events.sort_unstable_by_key(|own| (own.at, own.row));
    // An event may have the id as an account and as a visitor.
    events.dedup_by_key(|own| own.row);
}

fn ranked<'a>(items: impl Iterator<Item = Item<'a>>) -> Vec<Pick> {
    let pick = |(place, (item_type, item_id)): (u16, Item<'_>)| Pick {
        item_type: item_type.into(),
        item_id: item_id.into(),
        score: 1.0 / (1.0 + f32::from(place)),
    };
    (0u16..).zip(items).map(pick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(all: &[(Act, &str, Option<f64>)]) -> Vec<Own> {
        let own = |(row, (act, item, quantity)): (i64, &(Act, &str, Option<f64>))| Own {
            act: *act,
            item_type: "1".to_owned(),
            item_id: (*item).to_owned(),
            quantity: *quantity,
            at: row.unsigned_abs(),
            row,
        };
        (1..).zip(all).map(own).collect()
    }

    fn ids(picks: Vec<Pick>) -> Vec<String> {
        picks.into_iter().map(|pick| pick.item_id.to_string()).collect()
    }

    #[test]
    fn viewed_items_are_there_once_and_refused_ones_are_not() {
        use Act::{Added, Refused, Viewed};
        let mut all = events(&[
            (Viewed, "a", None),
            (Viewed, "b", None),
            (Viewed, "c", None),
            (Viewed, "d", None),
            (Viewed, "a", None),
            (Refused, "b", None),
            (Added, "e", None),
        ]);
        assert_eq!(ids(recently_viewed(&mut all.clone())), ["a", "d", "c"]);
        // The order of storing does not matter.
        all.reverse();
        assert_eq!(ids(recently_viewed(&mut all)), ["a", "d", "c"]);
    }

    #[test]
    fn the_basket_has_what_was_neither_removed_nor_bought() {
        use Act::{Added, Bought, Removed};
        let all = [
            (Added, "once", None),
            (Added, "two", Some(2.0)),
            (Added, "gone", Some(3.0)),
            (Added, "bought", Some(2.0)),
            (Added, "again", None),
            (Removed, "two", Some(1.0)),
            (Removed, "gone", None),
            (Bought, "bought", Some(1.0)),
            (Removed, "again", None),
            (Added, "again", None),
            (Removed, "never", Some(2.0)),
            (Added, "never", Some(1.0)),
        ];
        assert_eq!(ids(recently_added(&mut events(&all))), ["never", "again", "two", "once"]);
        assert_eq!(ids(recently_added(&mut events(&[(Removed, "a", None)]))), [""; 0]);
    }
}
