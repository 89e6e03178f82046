//! The table `[retention]`: how long rows are kept.

use crate::error::ConfigError;
use crate::whole::{self, Whole};
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
}

impl Retention {
    /// Whether anything is deleted.
    pub fn is_any(&self) -> bool {
        let some = self.customers.values().any(|days| *days > 0);
        self.days.is_some() || self.orders_days.is_some() || some
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
    customers: BTreeMap<String, Whole>,
}

/// A hundred years.
const MOST_DAYS: u64 = 36_525;

impl FileRetention {
    pub fn check(self) -> Result<Retention, ConfigError> {
        let days = |name: &str, given: Option<Whole>| {
            let days = given.map(|days| whole::within(name, days, &(1..=MOST_DAYS)));
            let days = days.transpose().map_err(ConfigError::new)?;
            Ok(days.map(|days| days as u32))
        };
        let customers = self.customers.into_iter().map(|(name, given)| {
            let setting = format!("retention.customers.{name}");
            let days = whole::within(&setting, given, &(0..=MOST_DAYS));
            Ok((name, days.map_err(ConfigError::new)? as u32))
        });
        Ok(Retention {
            customers: customers.collect::<Result<_, ConfigError>>()?,
            days: days("retention.days", self.days)?,
            orders_days: days("retention.orders_days", self.orders_days)?,
        })
    }
}
