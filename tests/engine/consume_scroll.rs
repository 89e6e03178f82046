//! Consume timers by scroll with a simulated clock: the largest depth of the element that the
//! visitor has seen.

use crate::common::test;
use crate::common::timers::{page, percentage, percentages, percentages_of, start, steps, stop};
use crate::common::{Page, batch, calm, json, value, with};
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use recobeacon_engine::value::Value;
use serde_json::Value as Json;

/// The time for which a changed height counts as unstable.
const SETTLE_MS: u64 = 1_000;

fn by_scroll(page: &mut Page) {
    start(page, 1, 7, json!({ "by": "scroll" }));
}

/// Reports that `depth` of `height` pixels are above the lower edge of the visible part.
fn scrolled(page: &mut Page, depth: impl Into<Json>, height: impl Into<Json>) {
    page.call("scrolled", json!([1, depth.into(), height.into()]));
    // Nothing is sent within the visitor's action.
    page.advance(1);
}

/// A page whose element has a stable height, and of which nothing was seen.
fn settled(height: u32) -> Page {
    let mut page = page();
    by_scroll(&mut page);
    scrolled(&mut page, 0, height);
    page.advance(SETTLE_MS);
    page
}

#[test]
fn scrolling_reports_steps() {
    let mut page = settled(1_000);
    let since = page.mono;
    for depth in [99, 100, 199, 250, 420, 998, 1_000] {
        scrolled(&mut page, depth, 1_000);
        page.advance(99);
    }
    // Rounded down.
    assert_eq!(steps(&page, since), [(100, 10), (300, 20), (400, 40), (500, 90), (600, 100)]);
    assert!(page.events().iter().all(|event| event["itemId"] == "7" && event["type"] == "consume"));
    assert_eq!(page.wake, None);
}

#[test]
fn scrolling_back_changes_and_reports_nothing() {
    let mut page = settled(1_000);
    for depth in [500, 100, 0, 499, 500, 300] {
        scrolled(&mut page, depth, 1_000);
    }
    assert_eq!(percentages(&page), [50]);
    assert_eq!(percentage(&mut page, 1), Some(50));
    for depth in [1_000, 0, 1_000] {
        scrolled(&mut page, depth, 1_000);
    }
    page.feed(Input::Hidden);
    page.shown();
    stop(&mut page, 1);
    assert_eq!(percentages(&page), [50, 100], "100 once");
}

#[test]
fn steps_are_an_option() {
    let mut page = page();
    start(&mut page, 1, 7, json!({ "by": "scroll", "stepPercent": 40 }));
    for depth in [0, 390, 410, 790, 810, 1_000] {
        scrolled(&mut page, depth, 1_000);
        page.advance(SETTLE_MS);
    }
    assert_eq!(percentages(&page), [40, 80, 100]);
}

#[test]
fn a_visible_short_element_counts_once_its_height_is_stable() {
    let mut page = page();
    let since = page.mono;
    by_scroll(&mut page);
    scrolled(&mut page, 200, 200);
    assert_eq!(percentage(&mut page, 1), Some(0));
    page.advance(60_000);
    assert_eq!(steps(&page, since), [(SETTLE_MS, 100)], "without scrolling and without a call");
}

#[test]
fn a_growing_element_is_not_reported_before_its_height_is_stable() {
    let mut page = page();
    let since = page.mono;
    by_scroll(&mut page);
    // A skeleton page is visible as a whole and grows as its images load.
    for height in [600, 900, 1_400, 3_000] {
        scrolled(&mut page, 600, height);
        page.advance(SETTLE_MS - 2);
    }
    assert_eq!(percentages(&page), [] as [u64; 0]);
    page.advance(1);
    assert_eq!(steps(&page, since), [(3 * (SETTLE_MS - 1) + SETTLE_MS, 20)]);
    // A later image does not lower the percentage, and further scrolling counts with the new
    // height.
    scrolled(&mut page, 1_200, 6_000);
    page.advance(SETTLE_MS);
    scrolled(&mut page, 1_700, 6_000);
    assert_eq!((percentages(&page), percentage(&mut page, 1)), (vec![20], Some(28)));
    scrolled(&mut page, 1_800, 6_000);
    assert_eq!(percentages(&page), [20, 30]);
}

#[test]
fn a_page_left_before_its_height_is_stable_reports_nothing() {
    for leave in ["stopTimer", "page", "dispose"] {
        let mut page = page();
        by_scroll(&mut page);
        scrolled(&mut page, 200, 200);
        page.advance(SETTLE_MS - 2);
        page.call(leave, json!(1));
        page.advance(60_000);
        assert_eq!(page.sends.len(), 0, "{leave}");
    }
}

#[test]
fn a_shrinking_element_keeps_its_seen_share() {
    // A turned phone or zooming out: the same text has half the height.
    let mut page = settled(2_000);
    scrolled(&mut page, 1_000, 2_000);
    scrolled(&mut page, 400, 1_000);
    page.advance(SETTLE_MS);
    assert_eq!((percentages(&page), percentage(&mut page, 1)), (vec![50], Some(50)));
    scrolled(&mut page, 590, 1_000);
    scrolled(&mut page, 600, 1_000);
    assert_eq!(percentages(&page), [50, 60]);
    // Back to the first height: the seen share is the same.
    scrolled(&mut page, 700, 2_000);
    page.advance(SETTLE_MS);
    assert_eq!(percentages(&page), [50, 60]);
    scrolled(&mut page, 1_400, 2_000);
    assert_eq!(percentages(&page), [50, 60, 70]);
}

#[test]
fn fractions_of_pixels_are_accepted() {
    let mut page = page();
    by_scroll(&mut page);
    scrolled(&mut page, 0.4, 1_111.11);
    page.advance(SETTLE_MS);
    scrolled(&mut page, 333.9, 1_111.11);
    assert_eq!(percentages(&page), [20]);
    scrolled(&mut page, 334.1, 1_111.11);
    assert_eq!(percentages(&page), [20, 30]);
    // One pixel more is no change of height, and the end counts as reached although browsers round.
    scrolled(&mut page, 1_110.2, 1_110.9);
    assert_eq!(percentages(&page), [20, 30, 100]);
}

#[test]
fn slow_changes_of_height_count_as_changes() {
    let mut page = settled(1_000);
    for more in 1..=12 {
        scrolled(&mut page, 985, 1_000 + more);
    }
    assert_eq!(percentages(&page), [90]);
    // The twelfth change was the last one of two pixels against the stored height.
    assert_eq!(page.wake, Some(page.mono - 1 + SETTLE_MS));
    page.advance(SETTLE_MS);
    assert_eq!(percentage(&mut page, 1), Some(98));
    scrolled(&mut page, 1_005, 1_012);
    assert_eq!(percentage(&mut page, 1), Some(99), "of 1,012");
}

#[test]
fn an_element_that_is_not_displayed_reports_nothing() {
    let mut page = page();
    by_scroll(&mut page);
    for (depth, height) in [(0, 0), (600, 0), (-10, -20)] {
        scrolled(&mut page, depth, height);
    }
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    // It is displayed now, but below the visible part, so that its depth is negative.
    scrolled(&mut page, -300, 500);
    page.advance(60_000);
    assert_eq!(page.sends.len(), 0);
    scrolled(&mut page, 250, 500);
    assert_eq!(percentages(&page), [50]);
    // The page's own tabs hide it and show it again.
    scrolled(&mut page, 0, 0);
    scrolled(&mut page, 300, 500);
    assert_eq!(percentages(&page), [50, 60]);
}

#[test]
fn an_element_of_one_pixel_counts_only_once_it_is_visible() {
    let mut page = settled(1);
    page.advance(60_000);
    assert_eq!(page.sends.len(), 0);
    scrolled(&mut page, 1, 1);
    assert_eq!(percentages(&page), [100]);
}

#[test]
fn invalid_reports_are_limited_or_ignored() {
    let nan = Value::Number(f64::NAN);
    let endless = Value::Number(f64::INFINITY);
    let odd = [nan, endless, Value::Null, value(json!("12")), value(json!({})), value(json!(-1))];
    for odd in odd {
        let mut page = settled(1_000);
        let number = |n: u32| value(json!(n));
        page.call_values("scrolled", vec![number(1), number(500), odd.clone()]);
        page.call_values("scrolled", vec![odd.clone(), number(500), number(500)]);
        page.call_values("scrolled", vec![number(1)]);
        page.call_values("scrolled", vec![]);
        page.call_values("played", vec![number(1), number(1), value(json!([0, 1]))]);
        page.advance(60_000);
        assert_eq!(page.sends.len(), 0, "{odd:?}");
        page.call_values("scrolled", vec![number(1), odd.clone(), number(1_000)]);
        page.advance(60_000);
        // More than the whole counts as the whole.
        let all = odd.as_number() == Some(f64::INFINITY);
        assert_eq!(percentages(&page), if all { vec![100] } else { vec![] }, "{odd:?}");
        assert_eq!(page.warnings, []);
    }
}

#[test]
fn a_hidden_page_reports_nothing_as_seen() {
    let mut signals = calm();
    signals.visible = false;
    let config = with(batch(), json!({ "batch": { "maxWaitMs": 0 } }));
    let mut page = Page::start(&config, &Stored::default(), signals);
    by_scroll(&mut page);
    scrolled(&mut page, 600, 1_000);
    page.advance(60_000);
    assert_eq!((page.sends.len(), page.wake), (0, None));
    assert_eq!(percentage(&mut page, 1), Some(0));
    page.shown();
    page.advance(1);
    assert_eq!(percentages(&page), [60], "the visible part counts when the page is shown");
    // Closed without having been visible.
    let mut page = Page::start(&config, &Stored::default(), signals);
    by_scroll(&mut page);
    scrolled(&mut page, 600, 1_000);
    page.advance(60_000);
    page.feed(Input::Hidden);
    page.call("dispose", json!([]));
    assert_eq!(page.sends.len(), 0);
}

#[test]
fn hiding_stopping_and_leaving_report_the_percentage() {
    let leave: [fn(&mut Page); 4] = [
        |page| page.feed(Input::Hidden),
        |page| stop(page, 1),
        |page| page.call("page", json!([])),
        |page| page.call("dispose", json!([])),
    ];
    for leave in leave {
        let mut page = settled(1_000);
        scrolled(&mut page, 457, 1_000);
        leave(&mut page);
        page.advance(60_000);
        assert_eq!(percentages(&page), [40, 45]);
        scrolled(&mut page, 900, 1_000);
        page.advance(60_000);
        assert_eq!(percentages(&page), [40, 45], "later reports have no effect");
    }
}

#[test]
fn a_timer_continues_after_the_back_forward_cache() {
    let mut page = settled(1_000);
    scrolled(&mut page, 457, 1_000);
    page.feed(Input::Hidden);
    page.advance(3_600_000);
    page.shown();
    scrolled(&mut page, 457, 1_000);
    assert_eq!(percentages(&page), [40, 45]);
    scrolled(&mut page, 500, 1_000);
    assert_eq!(percentages(&page), [40, 45, 50]);
}

#[test]
fn activity_and_idle_time_have_no_effect_on_a_scroll_timer() {
    let mut page = settled(1_000);
    assert!(!page.engine.wants_acts());
    page.advance(3_600_000);
    scrolled(&mut page, 500, 1_000);
    assert_eq!(percentages(&page), [50]);
    start(&mut page, 2, 8, json!({ "by": "time", "fullAfterMs": 60_000 }));
    assert!(page.engine.wants_acts());
    stop(&mut page, 2);
    assert!(!page.engine.wants_acts());
}

#[test]
fn timers_of_all_kinds_work_at_the_same_time() {
    let mut page = settled(1_000);
    start(&mut page, 2, 8, json!({ "by": "time", "fullAfterMs": 10_000 }));
    start(&mut page, 3, 9, json!({ "by": "media" }));
    start(&mut page, 4, 10, json!({ "by": "scroll" }));
    scrolled(&mut page, 300, 1_000);
    page.call("played", json!([3, 10_000, [0, 5_000]]));
    // A timer accepts reports of its own kind only.
    page.call("played", json!([1, 10_000, [0, 10_000]]));
    page.call("scrolled", json!([3, 500, 500]));
    page.call("scrolled", json!([2, 500, 500]));
    page.advance(2_000);
    let [scroll, time, media, other] = ["7", "8", "9", "10"].map(|id| percentages_of(&page, id));
    assert_eq!(scroll, [30]);
    assert_eq!(time, [10, 20]);
    assert_eq!(media, [50]);
    assert_eq!(other, [] as [u64; 0]);
}
