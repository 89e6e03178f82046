//! Viewable recommendations: invalid options, unusual reports, and limits.

use crate::common::observed::{appears, config, looked, observe, page, said};
use crate::common::test;
use crate::common::{Page, batch, json, value, with};
use recobeacon_engine::value::Value;
use std::collections::BTreeSet;

#[test]
fn invalid_options_are_refused_with_code_and_path() {
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
fn an_invalid_item_gives_one_warning_and_does_not_affect_the_others() {
    let mut page = page();
    let news = json!([
        1, { "itemId": "a\\b" }, 1_000, 2, { "itemId": "good" }, 1_000,
        3, { "itemId": "c\\d" }, 1_000, 4, {}, 1_000, 5, { "itemId": 1, "itemType": [] }, 1_000
    ]);
    page.call("looked", json!([1, news]));
    page.advance(60_000);
    assert_eq!(said(&page), ["good 1"], "the default type replaces an invalid one");
    let told = [
        ("bad-character", "observeRecommendations.itemId"),
        ("missing-field", "observeRecommendations.itemId"),
        ("bad-type", "observeRecommendations.itemType"),
    ];
    assert_eq!(page.told(), told);
    // A row with an invalid item no longer shows the item before.
    looked(&mut page, 1, 2, 0);
    page.call("page", json!([]));
    appears(&mut page, 1, 2, "a\\b", 1_000);
    looked(&mut page, 1, 2, 1_000);
    page.advance(60_000);
    assert_eq!(said(&page), ["good 1", "1"]);
}

#[test]
fn unusual_reports_break_nothing() {
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
    assert_eq!(page.told(), [("bad-type", "observeRecommendations")], "a text is not an item");
}

/// The largest number of elements in one report.
const AT_ONCE: u32 = 333;

fn fill(page: &mut Page, container: u32, items: std::ops::Range<u32>) {
    let all: Vec<u32> = items.collect();
    for some in all.chunks(AT_ONCE as usize) {
        let news = some.iter().flat_map(|n| [json!(n), json!({ "itemId": n }), json!(1_000)]);
        page.call("looked", json!([container, news.collect::<Vec<_>>()]));
    }
}

#[test]
fn more_than_a_thousand_items_are_all_reported() {
    let mut page = Page::open(with(batch(), json!({ "batch": { "maxBytes": 60_000 } })));
    observe(&mut page, 1, "s");
    fill(&mut page, 1, 0..2_500);
    page.advance(60_000);
    let mut told = Vec::new();
    for event in page.events() {
        let items = event["items"].as_array().unwrap();
        assert!(items.len() <= 1_000, "at most as many as the collector reads");
        told.extend(items.iter().map(|item| item["itemId"].as_str().unwrap().to_owned()));
    }
    assert_eq!(told.len(), 2_500);
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 2_500);
    assert_eq!(page.count("accepted"), 3);
}

#[test]
fn elements_and_reported_items_are_limited() {
    let mut page = page();
    fill(&mut page, 1, 0..5_001);
    assert_eq!(page.told(), [("out-of-range", "observeRecommendations")]);
    page.advance(60_000);
    let told = |page: &Page| -> usize {
        page.events().iter().map(|event| event["items"].as_array().unwrap().len()).sum()
    };
    assert_eq!(told(&page), 5_000);
    // An endless list removes elements at its top. The number of reported items is limited as well.
    page.call("unobserve", json!(1));
    observe(&mut page, 2, "also_bought");
    fill(&mut page, 2, 20_000..20_010);
    page.advance(60_000);
    assert_eq!((told(&page), page.wake), (5_000, None));
    page.call("page", json!([]));
    page.advance(60_000);
    assert_eq!((told(&page), page.warnings.len()), (5_010, 1));
}

#[test]
fn the_number_of_containers_is_limited_and_removed_ones_make_room() {
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
