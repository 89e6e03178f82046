//! The table `[retention]`: how long rows are kept.

use super::faults::Faults;
use crate::whole::Whole;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How long rows are kept, in days since their receipt. Absent: for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Events and batches.
    pub days: Option<u32>,
    /// Other times for the events of a customer, channel or source of a vendor. 0: for ever.
    pub customers: BTreeMap<String, u32>,
    /// The list of orders, by which a repeated purchase is recognised.
    pub orders_days: Option<u32>,
    /// The list of erased visitors, by which a restored backup does not bring them back.
    pub erased_days: Option<u32>,
}

impl Retention {
    /// Whether anything is deleted.
    pub fn is_any(&self) -> bool {
        let some = self.customers.values().any(|days| *days > 0);
        let all = [self.days, self.orders_days, self.erased_days];
        some || all.iter().any(Option::is_some)
    }

    /// Whether all events are deleted within these days.
    fn is_within(&self, most: u32) -> bool {
        let is_within = |days: u32| (1..=most).contains(&days);
        self.days.is_some_and(is_within) && self.customers.values().copied().all(is_within)
    }

    /// The time of a customer's events.
    pub fn days_of(&self, customer: &str) -> Option<u32> {
        match self.customers.get(customer) {
            Some(days) => Some(*days).filter(|days| *days > 0),
            None => self.days,
        }
    }
}

/// The table as written in the file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileRetention {
    days: Option<Whole>,
    orders_days: Option<Whole>,
    erased_days: Option<Whole>,
    customers: BTreeMap<String, Whole>,
}

/// A hundred years.
const MOST_DAYS: u64 = 36_525;

impl FileRetention {
    pub fn check(self, faults: &mut Faults<'_>) -> Retention {
        let mut customers = BTreeMap::new();
        for (name, given) in self.customers {
            let key = format!("retention.customers.{name}");
            let days = faults.whole(key, given, &(0..=MOST_DAYS));
            customers.extend(days.map(|days| (name, days as u32)));
        }
        let mut days = |name: &str, given: Option<Whole>| {
            let days = faults.whole(format!("retention.{name}"), given?, &(1..=MOST_DAYS));
            days.map(|days| days as u32)
        };
        let retention = Retention {
            customers,
            days: days("days", self.days),
            orders_days: days("orders_days", self.orders_days),
            erased_days: days("erased_days", self.erased_days),
        };
        if let Some(orders) = retention.orders_days.filter(|orders| !retention.is_within(*orders)) {
            let sentence = format!(
                "some events are kept for longer than the list of orders: an order that is \
                 reported again after {orders} days counts twice"
            );
            faults.add_note("retention.orders_days", sentence);
        }
        retention
    }
}
