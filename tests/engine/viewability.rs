//! Viewable recommendations with a simulated clock: half of an element for a second without a
//! break.

use crate::common::observed::{
    appears, config, hidden_page, ids, looked, observe, page, said, seen,
};
use crate::common::test;
use crate::common::{Page, START, json, with};
use recobeacon_engine::input::Input;
use serde_json::Value as Json;
use std::collections::BTreeSet;

#[test]
fn half_of_an_element_for_a_second_counts_as_seen() {
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
fn less_than_half_does_not_count() {
    let mut page = page();
    appears(&mut page, 1, 1, 42, 499);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    looked(&mut page, 1, 1, 500);
    page.advance(1_000);
    assert_eq!(said(&page), ["42"]);
}

#[test]
fn a_break_restarts_the_second() {
    let mut page = page();
    let since = page.mono;
    appears(&mut page, 1, 1, 42, 1_000);
    for _ in 0..5 {
        page.advance(999);
        looked(&mut page, 1, 1, 499);
        looked(&mut page, 1, 1, 1_000);
    }
    assert_eq!(page.sends.len(), 0);
    // Changes of the visible part that stay above half are no break.
    for share in [500, 1_000, 700, 501] {
        page.advance(200);
        looked(&mut page, 1, 1, share);
    }
    page.advance(60_000);
    assert_eq!(seen(&page, since), [(5 * 999 + 1_000, "42".to_owned())]);
}

#[test]
fn a_second_that_is_noticed_late_counts() {
    // A throttled timer: the browser reports the end of the view first.
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
fn nothing_counts_in_a_hidden_page() {
    let mut page = page();
    appears(&mut page, 1, 1, 42, 1_000);
    page.advance(999);
    page.feed(Input::Hidden);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    page.shown();
    page.advance(999);
    assert_eq!(page.sends.len(), 0, "the second must be without a break");
    page.advance(1);
    assert_eq!(said(&page), ["42"]);
    page.feed(Input::Hidden);
    page.shown();
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake), (1, None), "once");
}

#[test]
fn repeated_visibility_events_have_no_effect() {
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
fn a_page_opened_hidden_counts_once_it_is_shown() {
    let mut page = hidden_page();
    appears(&mut page, 1, 1, 42, 1_000);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    page.shown();
    page.advance(1_000);
    assert_eq!(said(&page), ["42"]);
    // An element that left the view while the page was hidden does not count.
    let mut page = hidden_page();
    appears(&mut page, 1, 1, 42, 1_000);
    looked(&mut page, 1, 1, 0);
    page.shown();
    page.advance(60_000);
    assert_eq!(page.sends.len(), 0);
}

#[test]
fn several_items_at_once_are_one_event() {
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
fn each_scenario_and_type_has_its_own_event() {
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
fn each_variant_has_its_own_event() {
    let mut page = Page::open(config());
    for (id, variant) in [(1, json!("A")), (2, json!("B")), (3, json!({})), (4, json!(null))] {
        let options = json!({ "scenario": "s", "variant": variant });
        page.call("observeRecommendations", json!([options, id]));
        appears(&mut page, id, 1, id, 1_000);
    }
    page.advance(1_000);
    let told: Vec<(Json, String)> =
        page.events().iter().map(|event| (event["variant"].clone(), ids(event))).collect();
    let expected = [(json!("A"), "1"), (json!("B"), "2"), (Json::Null, "3 4")];
    assert_eq!(told, expected.map(|(variant, ids)| (variant, ids.to_owned())));
    // A wrong variant costs no event.
    assert_eq!(page.told(), [("bad-type", "observeRecommendations.variant")]);
}

#[test]
fn each_item_counts_once_for_each_page_view() {
    let mut page = page();
    // Twice in a rotating carousel, and once more with the id as text.
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
    // Removed and added again, also in another container of the same scenario.
    looked(&mut page, 1, 1, -1);
    appears(&mut page, 1, 4, 42, 1_000);
    observe(&mut page, 2, "also_bought");
    appears(&mut page, 2, 1, 42, 1_000);
    page.advance(2_000);
    assert_eq!((said(&page), page.wake), (vec!["42".to_owned()], None));
    // In another scenario it is another recommendation.
    observe(&mut page, 3, "top");
    appears(&mut page, 3, 1, 42, 1_000);
    page.advance(2_000);
    assert_eq!(said(&page), ["42", "42"]);
    assert_eq!(page.events()[1]["scenario"], "top");
}

#[test]
fn parts_of_two_elements_do_not_add_up() {
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
fn a_new_page_view_counts_all_items_again() {
    let mut page = page();
    appears(&mut page, 1, 1, "stays", 1_000);
    appears(&mut page, 1, 2, "leaves", 1_000);
    page.advance(1_500);
    looked(&mut page, 1, 2, 0);
    appears(&mut page, 1, 3, "soon", 1_000);
    page.advance(500);
    page.call("page", json!([]));
    page.advance(999);
    assert_eq!(said(&page), ["stays leaves"], "a second within this page view");
    page.advance(1);
    assert_eq!(said(&page), ["stays leaves", "stays soon"]);
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake), (2, None));
    // In a hidden page: once it is shown.
    page.feed(Input::Hidden);
    page.call("page", json!([]));
    page.advance(60_000);
    assert_eq!((said(&page).len(), page.wake), (2, None));
    page.shown();
    page.advance(1_000);
    assert_eq!(said(&page)[2], "stays soon");
}

#[test]
fn a_removed_element_does_not_count() {
    let mut page = page();
    appears(&mut page, 1, 1, 1, 1_000);
    appears(&mut page, 1, 2, 2, 1_000);
    page.advance(500);
    looked(&mut page, 1, 1, -1);
    page.advance(60_000);
    assert_eq!(said(&page), ["2"]);
    // Further reports about it are ignored.
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
fn an_element_with_a_new_item_restarts_the_second() {
    let mut page = page();
    let since = page.mono;
    appears(&mut page, 1, 1, "old", 1_000);
    page.advance(600);
    // A list that reuses its rows.
    appears(&mut page, 1, 1, "new", 1_000);
    page.advance(60_000);
    assert_eq!(seen(&page, since), [(1_600, "new".to_owned())]);
}

#[test]
fn a_removed_container_reports_nothing() {
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
fn consent_applies_to_viewed_items() {
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
    assert_eq!(
        (page.sends.len(), page.count("accepted")),
        (0, 0),
        "the view happened without consent"
    );
}
