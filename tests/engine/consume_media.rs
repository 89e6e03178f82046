//! Consume timers by media with a simulated clock: the distinct seconds that were played.

use crate::common::test;
use crate::common::timers::{page, percentage, percentages, start, stop};
use crate::common::{Page, batch, calm, json, value, with};
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use recobeacon_engine::value::Value;
use serde_json::Value as Json;

fn by_media(page: &mut Page) {
    start(page, 1, 7, json!({ "by": "media" }));
}

/// Reports `HTMLMediaElement.played` in milliseconds, for a medium of this duration.
fn played(page: &mut Page, duration: impl Into<Json>, ranges: Json) {
    page.call("played", json!([1, duration.into(), ranges]));
    page.advance(1);
}

#[test]
fn playing_reports_steps() {
    let mut page = page();
    by_media(&mut page);
    for end in (0..=20_000).step_by(250) {
        played(&mut page, 20_000, json!([0, end]));
        page.advance(249);
    }
    assert_eq!(percentages(&page), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    assert!(page.events().iter().all(|event| event["itemId"] == "7" && event["type"] == "consume"));
    assert_eq!((page.wake, page.engine.wants_acts()), (None, false));
    // `ended`, and a second play from the start: 100 is reported once.
    played(&mut page, 20_000, json!([0, 20_000]));
    page.feed(Input::Hidden);
    page.shown();
    stop(&mut page, 1);
    assert_eq!(percentages(&page).len(), 10);
}

#[test]
fn steps_are_an_option() {
    let mut page = page();
    start(&mut page, 1, 7, json!({ "by": "media", "stepPercent": 25 }));
    for end in (0..=10_000).step_by(1_000) {
        played(&mut page, 10_000, json!([0, end]));
    }
    assert_eq!(percentages(&page), [25, 50, 75, 100]);
}

#[test]
fn skipped_parts_do_not_count() {
    let mut page = page();
    by_media(&mut page);
    played(&mut page, 100_000, json!([0, 5_000]));
    // A jump to the last seconds, which are played to the end.
    played(&mut page, 100_000, json!([0, 5_000, 94_000, 100_000]));
    assert_eq!((percentages(&page), percentage(&mut page, 1)), (vec![10], Some(11)));
    // Many short parts count as their sum.
    let looks: Vec<u64> = (0..10).flat_map(|n| [n * 10_000, n * 10_000 + 3_000]).collect();
    played(&mut page, 100_000, json!(looks));
    assert_eq!(percentage(&mut page, 1), Some(5 + 9 * 3 + 6));
}

#[test]
fn a_replay_does_not_count_twice() {
    let mut page = page();
    by_media(&mut page);
    for _ in 0..10 {
        for ranges in [json!([0, 4_000]), json!([0, 2_000]), json!([1_000, 4_000])] {
            played(&mut page, 10_000, ranges);
        }
    }
    assert_eq!(percentages(&page), [40]);
}

#[test]
fn at_double_speed_the_seconds_of_the_medium_count() {
    let mut page = page();
    by_media(&mut page);
    // One second by the clock is two seconds of the medium.
    for second in 0..=10 {
        played(&mut page, 20_000, json!([0, second * 2_000]));
        page.advance(999);
    }
    assert_eq!(percentages(&page), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    // A paused medium does not advance.
    let mut page = self::page();
    by_media(&mut page);
    played(&mut page, 20_000, json!([0, 2_000]));
    page.advance(3_600_000);
    stop(&mut page, 1);
    assert_eq!(percentages(&page), [10]);
}

#[test]
fn the_ignored_tail_need_not_be_played() {
    let mut page = page();
    start(&mut page, 1, 7, json!({ "by": "media", "ignoreTailMs": 20_000 }));
    played(&mut page, 120_000, json!([0, 50_000]));
    assert_eq!(percentages(&page), [50]);
    // The tail alone does not count.
    played(&mut page, 120_000, json!([0, 50_000, 100_000, 120_000]));
    played(&mut page, 120_000, json!([0, 50_000, 95_000, 120_000]));
    assert_eq!(percentage(&mut page, 1), Some(55));
    played(&mut page, 120_000, json!([0, 100_000]));
    assert_eq!(percentages(&page), [50, 100]);
}

#[test]
fn a_tail_longer_than_the_medium_does_not_apply() {
    for tail in [20_000, 10_000] {
        let mut page = page();
        start(&mut page, 1, 7, json!({ "by": "media", "ignoreTailMs": tail }));
        played(&mut page, 10_000, json!([]));
        played(&mut page, 10_000, json!([0, 100]));
        assert_eq!((page.sends.len(), percentage(&mut page, 1)), (0, Some(1)));
        played(&mut page, 10_000, json!([0, 10_000]));
        assert_eq!(percentages(&page), [100]);
    }
}

#[test]
fn a_live_stream_has_no_percentage() {
    let mut page = page();
    by_media(&mut page);
    for end in (0..=3_600_000).step_by(60_000) {
        played(&mut page, Json::Null, json!([0, end]));
    }
    assert_eq!((page.sends.len(), page.wake, percentage(&mut page, 1)), (0, None, Some(0)));
    for endless in [f64::INFINITY, f64::NAN, 1e300] {
        let ranges = value(json!([0, 60_000]));
        page.call_values("played", vec![value(json!(1)), Value::Number(endless), ranges]);
    }
    page.feed(Input::Hidden);
    assert_eq!((page.sends.len(), page.warnings.len()), (0, 0));
    // The stream has ended, and its duration is known now.
    page.shown();
    played(&mut page, 7_200_000, json!([0, 3_600_000]));
    assert_eq!(percentages(&page), [50]);
}

#[test]
fn a_very_long_stream_has_no_percentage() {
    let mut page = page();
    by_media(&mut page);
    let weeks = value(json!([0, 3_000_000_000u32]));
    page.call_values("played", vec![value(json!(1)), Value::Number(f64::INFINITY), weeks]);
    stop(&mut page, 1);
    assert_eq!(page.sends.len(), 0);
}

#[test]
fn a_duration_may_arrive_late_and_change() {
    let mut page = page();
    by_media(&mut page);
    played(&mut page, Json::Null, json!([]));
    played(&mut page, 0, json!([]));
    played(&mut page, Json::Null, json!([0, 3_000]));
    assert_eq!(page.sends.len(), 0);
    played(&mut page, 10_000, json!([0, 3_000]));
    assert_eq!(percentages(&page), [30]);
    // The duration was an estimate. The percentage never falls, and further ones use the new
    // duration.
    played(&mut page, 20_000, json!([0, 3_000]));
    assert_eq!(percentage(&mut page, 1), Some(30));
    played(&mut page, 20_000, json!([0, 7_900]));
    assert_eq!((percentages(&page), percentage(&mut page, 1)), (vec![30], Some(39)));
    played(&mut page, 20_000, json!([0, 8_000]));
    assert_eq!(percentages(&page), [30, 40]);
}

#[test]
fn loading_the_medium_again_keeps_the_played_parts() {
    let mut page = page();
    by_media(&mut page);
    played(&mut page, 10_000, json!([0, 4_500]));
    // The player changes the quality, so the browser's list starts empty again.
    played(&mut page, Json::Null, json!([]));
    played(&mut page, 10_000, json!([]));
    assert_eq!((percentages(&page), percentage(&mut page, 1)), (vec![40], Some(45)));
    played(&mut page, 10_000, json!([4_500, 5_500]));
    assert_eq!(percentages(&page), [40, 50]);
    played(&mut page, 10_000, json!([5_000, 10_000]));
    assert_eq!(percentages(&page), [40, 50, 100]);
}

#[test]
fn ranges_are_joined_in_any_order() {
    let mut page = page();
    by_media(&mut page);
    for (range, expected) in [
        ([50_000, 60_000], 10),
        ([10_000, 20_000], 20),
        ([60_000, 70_000], 30),
        ([15_000, 55_000], 60),
        ([20_000, 30_000], 60),
        ([0, 9_000], 69),
        ([8_999, 10_001], 70),
        ([80_000, 90_000], 80),
        ([0, 100_000], 100),
    ] {
        played(&mut page, 100_000, json!(range));
        assert_eq!(percentage(&mut page, 1), Some(expected), "{range:?}");
    }
}

#[test]
fn the_last_hundredth_of_a_second_need_not_be_played() {
    // Sound and picture of a file end at different times, and `played` ends with one of them.
    let mut page = page();
    by_media(&mut page);
    played(&mut page, 6_006.5, json!([0.25, 5_999.9]));
    assert_eq!(percentages(&page), [100]);
    let mut page = self::page();
    by_media(&mut page);
    played(&mut page, 60_000, json!([0, 59_899]));
    assert_eq!((percentages(&page), percentage(&mut page, 1)), (vec![90], Some(99)));
}

#[test]
fn audio_in_a_hidden_page_counts() {
    let mut page = page();
    by_media(&mut page);
    played(&mut page, 100_000, json!([0, 15_000]));
    page.feed(Input::Hidden);
    assert_eq!(percentages(&page), [10, 15]);
    page.advance(15_000);
    played(&mut page, 100_000, json!([0, 30_000]));
    assert_eq!(percentages(&page), [10, 15, 30], "sent at once while the page is hidden");
    played(&mut page, 100_000, json!([0, 35_000]));
    assert_eq!(percentages(&page), [10, 15, 30]);
    page.shown();
    stop(&mut page, 1);
    assert_eq!(percentages(&page), [10, 15, 30, 35]);
    // Opened in a background tab and played there.
    let mut signals = calm();
    signals.visible = false;
    let config = with(batch(), json!({ "batch": { "maxWaitMs": 0 } }));
    let mut page = Page::start(&config, &Stored::default(), signals);
    by_media(&mut page);
    played(&mut page, 10_000, json!([0, 5_000]));
    assert_eq!(percentages(&page), [50]);
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
        let mut page = page();
        by_media(&mut page);
        played(&mut page, 10_000, json!([0, 4_570]));
        leave(&mut page);
        page.advance(60_000);
        assert_eq!(percentages(&page), [40, 45]);
        played(&mut page, 10_000, json!([0, 4_900]));
        page.feed(Input::Hidden);
        let after = percentages(&page);
        assert!(after == [40, 45] || after == [40, 45, 49], "{after:?}");
    }
}

#[test]
fn the_number_of_ranges_is_limited() {
    let mut page = page();
    by_media(&mut page);
    for part in 0..20 {
        // More than the list of one call may have, and all ranges are separate.
        let range = |n: u64| [(part * 500 + n) * 100, (part * 500 + n) * 100 + 10];
        let ranges: Vec<u64> = (0..500).flat_map(range).collect();
        played(&mut page, 1_000_000, json!(ranges));
    }
    // A thousand of 10,000 ranges of 10 ms in 1,000 s are kept: 1 %.
    assert_eq!(percentage(&mut page, 1), Some(1));
    // A range that joins all of them needs no further place.
    played(&mut page, 1_000_000, json!([0, 600_000]));
    assert_eq!(percentages(&page), [60]);
}

#[test]
fn invalid_reports_are_ignored() {
    let mut page = page();
    by_media(&mut page);
    for odd in [json!(null), json!("x"), json!({}), json!([]), json!([0]), json!([5_000, 5_000])] {
        played(&mut page, 10_000, odd);
    }
    played(&mut page, 10_000, json!([9_000, 1_000, null, -5, "a", "b", -3_000, -1_000]));
    page.call("played", json!([99, 10_000, [0, 10_000]]));
    page.call("played", json!([]));
    assert_eq!((page.sends.len(), page.warnings.len()), (0, 0));
    let list = |from: f64, to: f64| Value::List(vec![Value::Number(from), Value::Number(to)]);
    for (from, to) in [(f64::NAN, f64::NAN), (f64::INFINITY, f64::INFINITY), (5.0, f64::NAN)] {
        page.call_values("played", vec![value(json!(1)), value(json!(10_000)), list(from, to)]);
    }
    page.advance(1);
    assert_eq!(page.sends.len(), 0);
    // Only parts within the medium count.
    played(&mut page, 10_000, json!([9_000, 90_000]));
    assert_eq!(percentages(&page), [10]);
}

#[test]
fn its_options_are_checked() {
    for (name, odd, code) in [
        ("ignoreTailMs", json!(-1), "out-of-range"),
        ("ignoreTailMs", json!("1"), "bad-type"),
        ("ignoreTailMs", json!(0.5), "bad-type"),
        ("stepPercent", json!(0), "out-of-range"),
        // An option of another kind of timer.
        ("idleAfterMs", json!(1_000), "unknown-option"),
        ("fullAfterMs", json!(1_000), "unknown-option"),
    ] {
        let mut page = page();
        start(&mut page, 1, 7, with(json!({ "by": "media" }), json!({ name: odd })));
        assert_eq!(page.told(), [(code, format!("consumeTimer.{name}").as_str())]);
    }
}
