//! Consume timers, and what they said.

use super::{Page, batch, json, with};
use serde_json::Value as Json;

/// A page that sends each step at once, so that none is coalesced with the next.
pub fn page() -> Page {
    Page::open(with(batch(), json!({ "batch": { "maxWaitMs": 0 } })))
}

/// Ten seconds from end to end; nobody falls asleep.
pub fn ten_seconds() -> Json {
    json!({ "by": "time", "fullAfterMs": 10_000, "idleAfterMs": 86_400_000 })
}

pub fn start(page: &mut Page, id: u32, item: u32, options: Json) {
    page.call("consumeTimer", json!([{ "itemId": item }, options, id]));
}

pub fn stop(page: &mut Page, id: u32) {
    page.call("stopTimer", json!(id));
    page.advance(1);
}

/// Percentages of the events that were sent, and when: milliseconds since `since`.
pub fn steps(page: &Page, since: u64) -> Vec<(u64, u64)> {
    let when = page.sends.iter().map(|sent| sent.at - since);
    let percent = page.events();
    when.zip(percent.iter().map(|event| event["percentage"].as_u64().unwrap())).collect()
}

pub fn percentages(page: &Page) -> Vec<u64> {
    steps(page, 0).into_iter().map(|(_, percentage)| percentage).collect()
}

/// The percentages that were said of one item.
pub fn percentages_of(page: &Page, item: &str) -> Vec<u64> {
    let events = page.events();
    let its = events.iter().filter(|event| event["itemId"] == item);
    its.map(|event| event["percentage"].as_u64().unwrap()).collect()
}

/// How far the timer's handle says that it is.
pub fn percentage(page: &mut Page, id: u32) -> Option<u8> {
    let now = page.now();
    page.engine.timer_percentage(id, &now)
}
