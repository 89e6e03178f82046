//! Recommendations that were seen, by a made clock: half of one for a second without a break.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{Page, START, batch, calm, json, value, with};
use recobeacon::engine::identity::Stored;
use recobeacon::engine::input::Input;
use recobeacon::engine::value::Value;
use serde_json::Value as Json;
use std::collections::BTreeSet;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A page that sends each event at once, so that none is joined with the next.
fn config() -> Json {
    with(batch(), json!({ "batch": { "maxWaitMs": 0 } }))
}

/// Such a page with a container of this scenario.
fn page() -> Page {
    let mut page = Page::open(config());
    observe(&mut page, 1, "also_bought");
    page
}

fn hidden_page() -> Page {
    let mut signals = calm();
    signals.visible = false;
    let mut page = Page::start(&config(), &Stored::default(), signals);
    observe(&mut page, 1, "also_bought");
    page
}

fn observe(page: &mut Page, container: u32, scenario: &str) {
    page.call("observeRecommendations", json!([{ "scenario": scenario }, container]));
}

/// A new element shows this item, so much of it in thousandths.
fn appears(page: &mut Page, container: u32, element: u32, item: impl Into<Json>, share: i32) {
    let item = json!({ "itemId": item.into() });
    page.call("looked", json!([container, [element, item, share]]));
}

/// So much is seen of it now.
fn looked(page: &mut Page, container: u32, element: u32, share: i32) {
    page.call("looked", json!([container, [element, null, share]]));
}

/// What was told to have been seen: when, since `since`, and the ids.
fn seen(page: &Page, since: u64) -> Vec<(u64, String)> {
    let when = page.sends.iter().map(|sent| sent.at - since);
    let events = page.events();
    assert!(events.iter().all(|event| event["type"] == "rendered"), "{events:?}");
    when.zip(events.iter().map(ids)).collect()
}

fn ids(event: &Json) -> String {
    let items = event["items"].as_array().unwrap();
    let ids: Vec<&str> = items.iter().map(|item| item["itemId"].as_str().unwrap()).collect();
    ids.join(" ")
}

fn said(page: &Page) -> Vec<String> {
    page.events().iter().map(ids).collect()
}

#[test]
fn half_of_it_for_a_second_is_seen() {
    let mut page = page();
    let since = page.mono;
    appears(&mut page, 1, 1, 42, 500);
    assert_eq!(page.wake, Some(since + 1_000));
    page.advance(999);
    assert_eq!(page.sends.len(), 0);
    page.advance(60_000);
    assert_eq!(seen(&page, since), [(1_000, "42".to_owned())]);
    let event = page.events().remove(0);
    assert_eq!((&event["scenario"], &event["itemType"]), (&json!("also_bought"), &json!("1")));
    assert_eq!(event["at"], START + 1_000);
    assert_eq!((page.wake, page.engine.wants_acts()), (None, false));
}

#[test]
fn less_than_half_is_not() {
    let mut page = page();
    appears(&mut page, 1, 1, 42, 499);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    looked(&mut page, 1, 1, 500);
    page.advance(1_000);
    assert_eq!(said(&page), ["42"]);
}

#[test]
fn a_break_begins_the_second_anew() {
    let mut page = page();
    let since = page.mono;
    appears(&mut page, 1, 1, 42, 1_000);
    for _ in 0..5 {
        page.advance(999);
        looked(&mut page, 1, 1, 499);
        looked(&mut page, 1, 1, 1_000);
    }
    assert_eq!(page.sends.len(), 0);
    // More or less of it, but never less than half, is no break.
    for share in [500, 1_000, 700, 501] {
        page.advance(200);
        looked(&mut page, 1, 1, share);
    }
    page.advance(60_000);
    assert_eq!(seen(&page, since), [(5 * 999 + 1_000, "42".to_owned())]);
}

#[test]
fn a_second_that_ended_late_was_a_second() {
    // A throttled timer: the browser says first that it went out of view.
    for end in ["out of view", "removed", "unobserved", "hidden", "page", "dispose"] {
        let mut page = page();
        appears(&mut page, 1, 1, 42, 1_000);
        page.sleep(1_000);
        match end {
            "out of view" => looked(&mut page, 1, 1, 0),
            "removed" => looked(&mut page, 1, 1, -1),
            "unobserved" => page.call("unobserve", json!(1)),
            "hidden" => page.feed(Input::Hidden),
            _ => page.call(end, json!([])),
        }
        page.advance(500);
        assert_eq!(said(&page), ["42"], "{end}");
    }
    for end in ["unobserve", "page", "dispose"] {
        let mut page = page();
        appears(&mut page, 1, 1, 42, 1_000);
        page.sleep(999);
        page.call(end, json!([1]));
        page.advance(900);
        assert_eq!(page.sends.len(), 0, "{end}");
    }
}

#[test]
fn nothing_is_seen_in_a_hidden_page() {
    let mut page = page();
    appears(&mut page, 1, 1, 42, 1_000);
    page.advance(999);
    page.feed(Input::Hidden);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    page.shown();
    page.advance(999);
    assert_eq!(page.sends.len(), 0, "a second without a break");
    page.advance(1);
    assert_eq!(said(&page), ["42"]);
    page.feed(Input::Hidden);
    page.shown();
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake), (1, None), "once");
}

#[test]
fn that_the_page_is_seen_may_be_told_twice() {
    let mut page = page();
    let since = page.mono;
    page.shown();
    appears(&mut page, 1, 1, 42, 1_000);
    // `pageshow` comes after the page's scripts.
    page.advance(900);
    page.shown();
    page.advance(60_000);
    assert_eq!(seen(&page, since), [(1_000, "42".to_owned())]);
}

#[test]
fn a_page_that_was_opened_hidden_is_seen_when_it_is_shown() {
    let mut page = hidden_page();
    appears(&mut page, 1, 1, 42, 1_000);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    page.shown();
    page.advance(1_000);
    assert_eq!(said(&page), ["42"]);
    // What went out of view while nobody looked is not.
    let mut page = hidden_page();
    appears(&mut page, 1, 1, 42, 1_000);
    looked(&mut page, 1, 1, 0);
    page.shown();
    page.advance(60_000);
    assert_eq!(page.sends.len(), 0);
}

#[test]
fn many_at_once_are_one_event() {
    let mut page = page();
    let since = page.mono;
    let mut news = Vec::new();
    for item in 0..20 {
        news.extend([json!(item), json!({ "itemId": format!("i{item}") }), json!(700)]);
    }
    page.call("looked", json!([1, news]));
    page.advance(300);
    appears(&mut page, 1, 99, "later", 1_000);
    page.advance(60_000);
    let all: Vec<String> = (0..20).map(|item| format!("i{item}")).collect();
    assert_eq!(seen(&page, since), [(1_000, all.join(" ")), (1_300, "later".to_owned())]);
    assert_eq!(page.count("accepted"), 2);
}

#[test]
fn scenarios_and_types_are_events_of_their_own() {
    let mut page = page();
    page.call("observeRecommendations", json!([{ "scenario": "top", "itemType": 3 }, 2]));
    let item = |id: u32, item_type: u32| json!({ "itemId": id, "itemType": item_type });
    page.call("looked", json!([1, [1, { "itemId": 1 }, 900, 2, item(2, 5), 900]]));
    page.call("looked", json!([2, [1, { "itemId": 1 }, 900, 2, item(2, 1), 900]]));
    page.call("looked", json!([1, [3, item(3, 5), 900, 4, { "itemId": "4" }, 900]]));
    page.advance(1_000);
    let events = page.events();
    let told: BTreeSet<(&str, &str, String)> = events
        .iter()
        .map(|e| (e["scenario"].as_str().unwrap(), e["itemType"].as_str().unwrap(), ids(e)))
        .collect();
    let expected = [
        ("also_bought", "1", "1 4".to_owned()),
        ("also_bought", "5", "2 3".to_owned()),
        ("top", "1", "2".to_owned()),
        ("top", "3", "1".to_owned()),
    ];
    assert_eq!(told, BTreeSet::from(expected));
    assert_eq!(events.len(), 4);
}

#[test]
fn each_item_once_a_page_view() {
    let mut page = page();
    // Twice in a carousel that goes round, and once more as text and not as a number.
    appears(&mut page, 1, 1, 42, 1_000);
    appears(&mut page, 1, 2, 42, 1_000);
    page.advance(2_000);
    appears(&mut page, 1, 3, "42", 1_000);
    page.advance(2_000);
    for _ in 0..3 {
        looked(&mut page, 1, 1, 0);
        looked(&mut page, 1, 1, 1_000);
        page.advance(2_000);
    }
    // Taken away and put back, in another container of the same scenario too.
    looked(&mut page, 1, 1, -1);
    appears(&mut page, 1, 4, 42, 1_000);
    observe(&mut page, 2, "also_bought");
    appears(&mut page, 2, 1, 42, 1_000);
    page.advance(2_000);
    assert_eq!((said(&page), page.wake), (vec!["42".to_owned()], None));
    // In another scenario it was recommended for another reason.
    observe(&mut page, 3, "top");
    appears(&mut page, 3, 1, 42, 1_000);
    page.advance(2_000);
    assert_eq!(said(&page), ["42", "42"]);
    assert_eq!(page.events()[1]["scenario"], "top");
}

#[test]
fn half_of_two_elements_is_not_a_whole_one() {
    let mut page = page();
    appears(&mut page, 1, 1, 42, 1_000);
    appears(&mut page, 1, 2, 42, 0);
    page.advance(600);
    looked(&mut page, 1, 1, 0);
    looked(&mut page, 1, 2, 1_000);
    page.advance(999);
    assert_eq!(page.sends.len(), 0);
    page.advance(1);
    assert_eq!(said(&page), ["42"]);
}

#[test]
fn a_new_page_view_begins_afresh() {
    let mut page = page();
    appears(&mut page, 1, 1, "stays", 1_000);
    appears(&mut page, 1, 2, "leaves", 1_000);
    page.advance(1_500);
    looked(&mut page, 1, 2, 0);
    appears(&mut page, 1, 3, "soon", 1_000);
    page.advance(500);
    page.call("page", json!([]));
    page.advance(999);
    assert_eq!(said(&page), ["stays leaves"], "a second of this page view");
    page.advance(1);
    assert_eq!(said(&page), ["stays leaves", "stays soon"]);
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake), (2, None));
    // In a page that nobody sees, when it is shown.
    page.feed(Input::Hidden);
    page.call("page", json!([]));
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake), (2, None));
    page.shown();
    page.advance(1_000);
    assert_eq!(said(&page)[2], "stays soon");
}

#[test]
fn what_is_removed_is_not_seen() {
    let mut page = page();
    appears(&mut page, 1, 1, 1, 1_000);
    appears(&mut page, 1, 2, 2, 1_000);
    page.advance(500);
    looked(&mut page, 1, 1, -1);
    page.advance(60_000);
    assert_eq!(said(&page), ["2"]);
    // Nothing more is known of it.
    looked(&mut page, 1, 1, 1_000);
    looked(&mut page, 1, 77, 1_000);
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake), (1, None));
    // Added and removed in one report.
    page.call("looked", json!([1, [5, { "itemId": 5 }, 1_000, 5, null, -1]]));
    page.call("looked", json!([1, [6, { "itemId": 6 }, -1]]));
    page.advance(60_000);
    assert_eq!(said(&page).len(), 1);
}

#[test]
fn an_element_that_shows_another_item_begins_anew() {
    let mut page = page();
    let since = page.mono;
    appears(&mut page, 1, 1, "old", 1_000);
    page.advance(600);
    // A list that uses its rows again.
    appears(&mut page, 1, 1, "new", 1_000);
    page.advance(60_000);
    assert_eq!(seen(&page, since), [(1_600, "new".to_owned())]);
}

#[test]
fn a_container_that_is_not_observed_says_nothing_more() {
    let mut page = page();
    observe(&mut page, 2, "top");
    appears(&mut page, 1, 1, 1, 1_000);
    appears(&mut page, 2, 1, 2, 1_000);
    page.advance(500);
    page.call("unobserve", json!(1));
    page.call("unobserve", json!(1));
    page.call("unobserve", json!(99));
    page.advance(60_000);
    assert_eq!(said(&page), ["2"]);
    appears(&mut page, 1, 1, 3, 1_000);
    appears(&mut page, 99, 1, 3, 1_000);
    looked(&mut page, 1, 1, 1_000);
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake, page.warnings.len()), (1, None, 0));
}

#[test]
fn consent_is_asked() {
    let mut page = Page::open(with(config(), json!({ "consent": "pending" })));
    observe(&mut page, 1, "s");
    appears(&mut page, 1, 1, 42, 1_000);
    page.advance(5_000);
    assert_eq!(page.sends.len(), 0);
    page.call("consent", json!("granted"));
    page.advance(1);
    assert_eq!(said(&page), ["42"]);
    let mut page = Page::open(with(config(), json!({ "consent": "denied" })));
    observe(&mut page, 1, "s");
    appears(&mut page, 1, 1, 42, 1_000);
    page.advance(5_000);
    page.call("consent", json!("granted"));
    page.advance(5_000);
    assert_eq!((page.sends.len(), page.count("accepted")), (0, 0), "it was seen without consent");
}

#[test]
fn bad_options_are_refused_with_code_and_path() {
    let scenario = "observeRecommendations.scenario";
    let item_type = "observeRecommendations.itemType";
    for (options, code, field) in [
        (json!(null), "missing-field", "observeRecommendations"),
        (json!("top"), "bad-type", "observeRecommendations"),
        (json!({}), "missing-field", scenario),
        (json!({ "scenario": null }), "missing-field", scenario),
        (json!({ "scenario": "" }), "out-of-range", scenario),
        (json!({ "scenario": true }), "bad-type", scenario),
        (json!({ "scenario": "a\\b" }), "bad-character", scenario),
        (json!({ "scenario": "s", "itemType": {} }), "bad-type", item_type),
        (json!({ "scenario": "s", "itemType": "" }), "out-of-range", item_type),
    ] {
        let mut page = Page::open(config());
        page.call("observeRecommendations", json!([options, 1]));
        assert_eq!(page.told(), [(code, field)], "{options}");
        appears(&mut page, 1, 1, 42, 1_000);
        page.advance(60_000);
        assert_eq!((page.sends.len(), page.wake, page.count("rejected")), (0, None, 1));
    }
    let mut page = Page::open(config());
    page.call("observeRecommendations", json!([{ "scenario": "s", "scenaryo": 1 }, 1]));
    assert_eq!(page.told(), [("unknown-option", "observeRecommendations.scenaryo")]);
    appears(&mut page, 1, 1, 42, 1_000);
    page.advance(60_000);
    assert_eq!(said(&page), ["42"]);
}

#[test]
fn a_bad_item_is_said_once_and_keeps_nobody_from_the_others() {
    let mut page = page();
    let news = json!([
        1, { "itemId": "a\\b" }, 1_000, 2, { "itemId": "good" }, 1_000,
        3, { "itemId": "c\\d" }, 1_000, 4, {}, 1_000, 5, { "itemId": 1, "itemType": [] }, 1_000
    ]);
    page.call("looked", json!([1, news]));
    page.advance(60_000);
    assert_eq!(said(&page), ["good"]);
    let told = [
        ("bad-character", "observeRecommendations.itemId"),
        ("missing-field", "observeRecommendations.itemId"),
        ("bad-type", "observeRecommendations.itemType"),
    ];
    assert_eq!(page.told(), told);
    // A row that shows a bad item shows the one before no more.
    looked(&mut page, 1, 2, 0);
    page.call("page", json!([]));
    appears(&mut page, 1, 2, "a\\b", 1_000);
    looked(&mut page, 1, 2, 1_000);
    page.advance(60_000);
    assert_eq!(said(&page), ["good"]);
}

#[test]
fn nothing_odd_breaks_it() {
    let mut page = page();
    for odd in [json!(null), json!("x"), json!({}), json!([]), json!([1]), json!([1, null])] {
        page.call("looked", json!([1, odd]));
    }
    page.call("looked", json!([]));
    page.call("looked", json!([1, [null, null, null, "a", "b", "c", {}, [], {}]]));
    page.call("unobserve", json!([]));
    let nan = Value::Number(f64::NAN);
    let item = value(json!({ "itemId": 7 }));
    let news = Value::List(vec![value(json!(1)), item, nan]);
    page.call_values("looked", vec![value(json!(1)), news]);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    assert_eq!(page.told(), [("bad-type", "observeRecommendations")], "a text is no item");
}

/// As many elements as one list of a call can tell of.
const AT_ONCE: u32 = 333;

fn fill(page: &mut Page, container: u32, items: std::ops::Range<u32>) {
    let all: Vec<u32> = items.collect();
    for some in all.chunks(AT_ONCE as usize) {
        let news = some.iter().flat_map(|n| [json!(n), json!({ "itemId": n }), json!(1_000)]);
        page.call("looked", json!([container, news.collect::<Vec<_>>()]));
    }
}

#[test]
fn more_than_a_thousand_are_told_whole() {
    let mut page = Page::open(with(batch(), json!({ "batch": { "maxBytes": 60_000 } })));
    observe(&mut page, 1, "s");
    fill(&mut page, 1, 0..2_500);
    page.advance(60_000);
    let mut told = Vec::new();
    for event in page.events() {
        let items = event["items"].as_array().unwrap();
        assert!(items.len() <= 1_000, "as many as anybody reads");
        told.extend(items.iter().map(|item| item["itemId"].as_str().unwrap().to_owned()));
    }
    assert_eq!(told.len(), 2_500);
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 2_500);
    assert_eq!(page.count("accepted"), 3);
}

#[test]
fn elements_and_what_was_said_are_bounded() {
    let mut page = page();
    fill(&mut page, 1, 0..10_001);
    assert_eq!(page.told(), [("out-of-range", "observeRecommendations")]);
    page.advance(60_000);
    let told = |page: &Page| -> usize {
        page.events().iter().map(|event| event["items"].as_array().unwrap().len()).sum()
    };
    assert_eq!(told(&page), 10_000);
    // A list that goes on for ever takes away what was at its top; what is said is bounded too.
    page.call("unobserve", json!(1));
    observe(&mut page, 2, "also_bought");
    fill(&mut page, 2, 20_000..20_010);
    page.advance(60_000);
    assert_eq!((told(&page), page.wake), (10_000, None));
    page.call("page", json!([]));
    page.advance(60_000);
    assert_eq!((told(&page), page.warnings.len()), (10_010, 1));
}

#[test]
fn containers_are_bounded_and_those_that_ended_make_room() {
    let mut page = Page::open(config());
    for container in 0..1_000 {
        observe(&mut page, container, "s");
    }
    assert_eq!(page.warnings, []);
    observe(&mut page, 1_000, "s");
    assert_eq!(page.told(), [("out-of-range", "observeRecommendations")]);
    page.call("unobserve", json!(500));
    observe(&mut page, 1_001, "s");
    appears(&mut page, 1_001, 1, 42, 1_000);
    page.advance(1_000);
    assert_eq!((said(&page), page.warnings.len()), (vec!["42".to_owned()], 1));
}
