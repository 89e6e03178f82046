//! Recommendation containers, their visible elements, and the reported items.

use super::{Page, batch, calm, json, with};
use recobeacon_engine::identity::Stored;
use serde_json::Value as Json;

/// A page that sends each event at once, so that no events are merged.
pub fn config() -> Json {
    with(batch(), json!({ "batch": { "maxWaitMs": 0 } }))
}

/// Such a page with a container of this scenario.
pub fn page() -> Page {
    let mut page = Page::open(config());
    observe(&mut page, 1, "also_bought");
    page
}

/// Such a page in the background.
pub fn hidden_page() -> Page {
    let mut signals = calm();
    signals.visible = false;
    let mut page = Page::start(&config(), &Stored::default(), signals);
    observe(&mut page, 1, "also_bought");
    page
}

pub fn observe(page: &mut Page, container: u32, scenario: &str) {
    page.call("observeRecommendations", json!([{ "scenario": scenario }, container]));
}

/// A new element shows this item. `share` is its visible part in thousandths.
pub fn appears(page: &mut Page, container: u32, element: u32, item: impl Into<Json>, share: i32) {
    let item = json!({ "itemId": item.into() });
    page.call("looked", json!([container, [element, item, share]]));
}

/// The visible part of an element changes.
pub fn looked(page: &mut Page, container: u32, element: u32, share: i32) {
    page.call("looked", json!([container, [element, null, share]]));
}

/// The items reported as seen: the time since `since`, and the ids.
pub fn seen(page: &Page, since: u64) -> Vec<(u64, String)> {
    let when = page.sends.iter().map(|sent| sent.at - since);
    let events = page.events();
    assert!(events.iter().all(|event| event["type"] == "rendered"), "{events:?}");
    when.zip(events.iter().map(ids)).collect()
}

pub fn ids(event: &Json) -> String {
    let items = event["items"].as_array().unwrap();
    let ids: Vec<&str> = items.iter().map(|item| item["itemId"].as_str().unwrap()).collect();
    ids.join(" ")
}

pub fn said(page: &Page) -> Vec<String> {
    page.events().iter().map(ids).collect()
}
