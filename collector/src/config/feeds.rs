//! The table `[feeds]`: recommendations made of the stored events.

use super::faults::Faults;
use crate::limits::Limits;
use crate::whole::Whole;
use recobeacon_engine::limits::Limits as Tracker;
use serde::Deserialize;
use std::time::Duration;

/// The settings of the feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feeds {
    /// Most items of the model.
    pub items: usize,
    /// Most neighbours of an item, by views and by purchases.
    pub neighbours: usize,
    /// The time after which an event counts half, in milliseconds.
    pub half_life_ms: u64,
    /// The time after which the model is computed anew.
    pub rebuild: Duration,
    /// Least visits in which two items were together.
    pub visits: u16,
    /// Whether personal scenarios are answered for every id, also for one that can be guessed.
    pub any_id: bool,
    /// The host of the links, with a port if it needs one. Absent: the request's.
    pub host: Option<String>,
}

/// The table as written in the file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileFeeds {
    items: Option<Whole>,
    neighbours: Option<Whole>,
    half_life_days: Option<Whole>,
    rebuild_hours: Option<Whole>,
    visits: Option<Whole>,
    any_id: bool,
    host: Option<String>,
}

impl FileFeeds {
    pub fn check(self, faults: &mut Faults<'_>) -> Feeds {
        let mut whole = |name: &str, given: Option<Whole>, bounds, default| {
            faults.whole_or(format!("feeds.{name}"), given, bounds, default)
        };
        let items = whole("items", self.items, &(1_000..=10_000_000), Limits::FEED_ITEMS);
        let neighbours =
            whole("neighbours", self.neighbours, &(1..=1_000), Limits::FEED_NEIGHBOURS);
        let days = whole("half_life_days", self.half_life_days, &(1..=3_650), Limits::FEED_DAYS);
        let hours = whole("rebuild_hours", self.rebuild_hours, &(1..=720), Limits::FEED_HOURS);
        let visits = whole("visits", self.visits, &(1..=1_000), 1);
        if let Some(host) = self.host.as_ref().filter(|host| !is_host(host)) {
            let sentence = format!("{host:?} must be a host like \"events.shop.example\"");
            faults.add("feeds.host".to_owned(), sentence);
        }
        Feeds {
            items: items as usize,
            neighbours: neighbours as usize,
            half_life_ms: days * Tracker::DAY_MS,
            rebuild: Duration::from_secs(hours * 3600),
            visits: visits as u16,
            any_id: self.any_id,
            host: self.host,
        }
    }
}

/// Whether this is a host, with or without a port. It is written into links as it is.
fn is_host(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'[' | b']');
    let parsed = text.parse::<axum::http::uri::Authority>();
    text.bytes().all(plain) && parsed.is_ok_and(|authority| !authority.host().is_empty())
}
