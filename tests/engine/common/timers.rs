//! Consume timers, and their reports.

use super::{Page, batch, json, with};
use serde_json::Value as Json;

/// A page that sends each step at once, so that no steps are merged.
pub fn page() -> Page {
    Page::open(with(batch(), json!({ "batch": { "maxWaitMs": 0 } })))
}

/// A timer of ten seconds without an idle limit.
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

/// The sent percentages, and their time since `since` in milliseconds.
pub fn steps(page: &Page, since: u64) -> Vec<(u64, u64)> {
    let when = page.sends.iter().map(|sent| sent.at - since);
    let percent = page.events();
    when.zip(percent.iter().map(|event| event["percentage"].as_u64().unwrap())).collect()
}

pub fn percentages(page: &Page) -> Vec<u64> {
    steps(page, 0).into_iter().map(|(_, percentage)| percentage).collect()
}

/// The sent percentages of one item.
pub fn percentages_of(page: &Page, item: &str) -> Vec<u64> {
    let events = page.events();
    let its = events.iter().filter(|event| event["itemId"] == item);
    its.map(|event| event["percentage"].as_u64().unwrap()).collect()
}

/// The percentage that the timer's handle returns.
pub fn percentage(page: &mut Page, id: u32) -> Option<u8> {
    let now = page.now();
    page.engine.timer_percentage(id, &now)
}
