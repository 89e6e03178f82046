//! Consume timers with a simulated clock: only visible and active time counts.

use crate::common::test;
use crate::common::timers::{
    page, page as page_again, percentages, start, steps, stop, ten_seconds,
};
use crate::common::{Page, batch, json, with};
use recobeacon_engine::input::Input;

#[test]
fn time_in_steps_of_ten() {
    let mut page = page();
    let since = page.mono;
    start(&mut page, 1, 7, ten_seconds());
    page.advance(60_000);
    let expected: Vec<(u64, u64)> = (1..=10).map(|step| (step * 1_000, step * 10)).collect();
    assert_eq!(steps(&page, since), expected);
    assert!(page.events().iter().all(|event| event["itemId"] == "7" && event["type"] == "consume"));
    assert_eq!(page.wake, None, "a complete timer needs no wake-up");
    assert!(!page.engine.wants_acts());
}

#[test]
fn steps_are_an_option_and_end_with_100() {
    for (step, expected) in [
        (1, (1..=100).collect()),
        (30, vec![30, 60, 90, 100]),
        (50, vec![50, 100]),
        (100, vec![100]),
    ] {
        let mut page = page();
        start(&mut page, 1, 7, with(ten_seconds(), json!({ "stepPercent": step })));
        page.advance(60_000);
        assert_eq!(percentages(&page), expected);
    }
}

#[test]
fn words_are_read_at_230_a_minute() {
    let mut page = page();
    let since = page.mono;
    let options = json!({ "by": "words", "words": 460, "idleAfterMs": 86_400_000 });
    start(&mut page, 1, 7, options.clone());
    page.advance(600_000);
    assert_eq!(steps(&page, since).last(), Some(&(120_000, 100)));
    let mut page = page_again();
    start(&mut page, 1, 7, with(options, json!({ "wordsPerMinute": 460 })));
    page.advance(59_999);
    assert_eq!(percentages(&page).last(), Some(&90));
    page.advance(1);
    assert_eq!(percentages(&page).last(), Some(&100));
}

#[test]
fn each_item_has_its_own_reading_speed() {
    let mut page = page();
    let options = json!({ "by": "words", "words": 600, "idleAfterMs": 86_400_000 });
    start(&mut page, 1, 7, with(options.clone(), json!({ "wordsPerMinute": 100 })));
    start(&mut page, 2, 8, with(options.clone(), json!({ "wordsPerMinute": 300 })));
    start(&mut page, 3, 9, with(options, json!({ "words": 1_200, "wordsPerMinute": 300 })));
    page.advance(119_999);
    let now = page.now();
    let [slow, fast, long] = [1, 2, 3].map(|id| page.engine.timer_percentage(id, &now));
    assert_eq!([slow, fast, long], [Some(33), Some(99), Some(49)]);
}

#[test]
fn a_second_timer_does_not_turn_the_idle_time_of_the_first_into_reading() {
    let mut page = page();
    let options = with(ten_seconds(), json!({ "idleAfterMs": 2_000 }));
    start(&mut page, 1, 7, options.clone());
    page.advance(3_600_000);
    assert_eq!(percentages(&page), [10, 20]);
    start(&mut page, 2, 8, options);
    page.advance(1_000);
    let now = page.now();
    let both = [1, 2].map(|id| page.engine.timer_percentage(id, &now));
    assert_eq!(both, [Some(30), Some(10)]);
}

#[test]
fn hidden_time_does_not_count_and_hiding_reports_the_percentage() {
    let mut page = page();
    let since = page.mono;
    start(&mut page, 1, 7, ten_seconds());
    page.advance(2_570);
    page.feed(Input::Hidden);
    assert_eq!(percentages(&page), [10, 20, 25], "a hidden page reports at once");
    page.advance(3_600_000);
    assert_eq!(page.wake, None);
    page.shown();
    page.advance(1_000);
    assert_eq!(percentages(&page), [10, 20, 25, 30]);
    // 2,570 ms counted before, so 430 ms more are needed.
    assert_eq!(steps(&page, since)[3].0, 2_570 + 3_600_000 + 430);
}

#[test]
fn hiding_twice_reports_once() {
    let mut page = page();
    start(&mut page, 1, 7, ten_seconds());
    page.advance(2_500);
    page.feed(Input::Hidden);
    page.feed(Input::Hidden);
    page.shown();
    page.feed(Input::Hidden);
    assert_eq!(percentages(&page), [10, 20, 25]);
}

#[test]
fn a_page_opened_hidden_counts_from_when_it_is_visible() {
    let mut signals = crate::common::calm();
    signals.visible = false;
    let stored = recobeacon_engine::identity::Stored::default();
    let mut page = Page::start(&batch(), &stored, signals);
    start(&mut page, 1, 7, ten_seconds());
    page.advance(60_000);
    page.shown();
    page.advance(1_999);
    page.feed(Input::Hidden);
    assert_eq!(page.events()[0]["percentage"], 19);
}

#[test]
fn without_activity_the_clock_stops() {
    let mut page = page();
    let since = page.mono;
    start(&mut page, 1, 7, json!({ "by": "time", "fullAfterMs": 10_000, "idleAfterMs": 3_500 }));
    assert!(page.engine.wants_acts());
    page.advance(60_000);
    assert_eq!(percentages(&page), [10, 20, 30]);
    assert_eq!(page.wake, None, "no wake-up while the visitor is idle");
    page.feed(Input::UserActivity);
    page.advance(600);
    // 35 % were used before.
    assert_eq!(steps(&page, since).last(), Some(&(60_500, 40)));
    for _ in 0..10 {
        page.advance(1_000);
        page.feed(Input::UserActivity);
    }
    assert_eq!(percentages(&page), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
}

#[test]
fn returning_to_the_page_counts_as_activity() {
    let mut page = page();
    start(&mut page, 1, 7, json!({ "by": "time", "fullAfterMs": 10_000, "idleAfterMs": 3_500 }));
    page.advance(1_000);
    page.feed(Input::Hidden);
    page.advance(60_000);
    page.shown();
    page.advance(60_000);
    assert_eq!(percentages(&page), [10, 20, 30, 40]);
    page.feed(Input::Hidden);
    assert_eq!(percentages(&page), [10, 20, 30, 40, 45], "exactly 3,500 ms more");
}

#[test]
fn the_default_idle_time_is_a_minute() {
    let mut page = page();
    start(&mut page, 1, 7, json!({ "by": "time", "fullAfterMs": 600_000 }));
    page.advance(3_600_000);
    assert_eq!(percentages(&page), [10]);
    let now = page.now();
    assert_eq!(page.engine.timer_percentage(1, &now), Some(10));
}

#[test]
fn a_late_wake_up_gives_a_late_but_correct_report() {
    let mut page = page();
    start(&mut page, 1, 7, ten_seconds());
    page.sleep(4_700);
    page.advance(0);
    assert_eq!(percentages(&page), [40], "one event for all missed steps");
    page.advance(300);
    assert_eq!(percentages(&page), [40, 50]);
    // A laptop is suspended for a night with the page open.
    let mut page = page_again();
    let options = json!({ "by": "time", "fullAfterMs": 100_000, "idleAfterMs": 20_000 });
    start(&mut page, 1, 7, options);
    page.sleep(8 * 3_600_000);
    page.feed(Input::UserActivity);
    page.advance(1);
    assert_eq!(percentages(&page), [20]);
}

#[test]
fn repeated_visibility_events_have_no_effect() {
    let mut page = page();
    start(&mut page, 1, 7, ten_seconds());
    page.advance(1_500);
    // By `pagehide` and `visibilitychange`, and in the same way on the return from the back/forward
    // cache.
    page.feed(Input::Hidden);
    page.feed(Input::Hidden);
    page.advance(60_000);
    page.shown();
    page.advance(200);
    page.shown();
    page.advance(299);
    assert_eq!(percentages(&page), [10, 15]);
    page.advance(1);
    assert_eq!(percentages(&page), [10, 15, 20]);
}

#[test]
fn stop_reports_the_rest_once() {
    let mut page = page();
    start(&mut page, 1, 7, ten_seconds());
    page.advance(3_350);
    let now = page.now();
    assert_eq!(page.engine.timer_percentage(1, &now), Some(33));
    stop(&mut page, 1);
    stop(&mut page, 1);
    stop(&mut page, 99);
    page.advance(60_000);
    assert_eq!(percentages(&page), [10, 20, 30, 33]);
    assert_eq!(page.engine.timer_percentage(1, &now), None);
    // If everything was reported, stopping reports nothing.
    let mut page = page_again();
    start(&mut page, 1, 7, ten_seconds());
    stop(&mut page, 1);
    start(&mut page, 2, 7, ten_seconds());
    page.advance(10_000);
    let before = page.sends.len();
    stop(&mut page, 2);
    assert_eq!(page.sends.len(), before);
}

#[test]
fn a_new_page_view_ends_timers() {
    let mut page = page();
    start(&mut page, 1, 7, ten_seconds());
    start(&mut page, 2, 8, ten_seconds());
    page.advance(1_500);
    page.call("page", json!([]));
    page.advance(60_000);
    assert_eq!(page.wake, None);
    let mut said: Vec<(String, u64)> = page
        .events()
        .iter()
        .map(|e| (e["itemId"].as_str().unwrap().to_owned(), e["percentage"].as_u64().unwrap()))
        .collect();
    said.sort();
    assert_eq!(said, [("7", 10), ("7", 15), ("8", 10), ("8", 15)].map(|(id, n)| (id.into(), n)));
}

#[test]
fn dispose_reports_the_rest() {
    let mut page = page();
    start(&mut page, 1, 7, ten_seconds());
    page.advance(1_500);
    page.call("dispose", json!([]));
    assert_eq!(percentages(&page), [10, 15]);
    assert!(!page.engine.wants_acts());
}

#[test]
fn timers_are_independent() {
    let mut page = page();
    start(&mut page, 1, 7, ten_seconds());
    page.advance(500);
    start(&mut page, 2, 8, with(ten_seconds(), json!({ "fullAfterMs": 5_000, "stepPercent": 50 })));
    page.advance(60_000);
    let of = |item: &str| -> Vec<u64> {
        let events = page.events();
        let its = events.iter().filter(|event| event["itemId"] == item);
        its.map(|event| event["percentage"].as_u64().unwrap()).collect()
    };
    assert_eq!(of("7"), [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    assert_eq!(of("8"), [50, 100]);
}

#[test]
fn steps_within_one_batch_are_merged() {
    let mut page = Page::open(batch());
    start(&mut page, 1, 7, ten_seconds());
    page.advance(60_000);
    // One step a second, and a batch two seconds after its first event: a batch never has two
    // events of one item.
    for batch in page.batches() {
        assert_eq!(batch["events"].as_array().unwrap().len(), 1);
    }
    let percentages = percentages(&page);
    assert!(percentages.is_sorted_by(|a, b| a < b), "percentages rise: {percentages:?}");
    assert_eq!(percentages.last(), Some(&100));
    assert!(page.count("merged") > 0);
}

#[test]
fn invalid_timers_are_refused_with_code_and_path() {
    let time = ten_seconds;
    for (item, options, code, field) in [
        (json!({}), time(), "missing-field", "consumeTimer.itemId"),
        (json!(null), time(), "missing-field", "consumeTimer"),
        (json!({ "itemId": "a\\b" }), time(), "bad-character", "consumeTimer.itemId"),
        (json!({ "itemId": 1 }), json!(null), "missing-field", "consumeTimer"),
        (json!({ "itemId": 1 }), json!("time"), "bad-type", "consumeTimer"),
        (json!({ "itemId": 1 }), json!({}), "missing-field", "consumeTimer.by"),
        (json!({ "itemId": 1 }), json!({ "by": "heart" }), "out-of-range", "consumeTimer.by"),
        (
            json!({ "itemId": 1 }),
            json!({ "by": "time" }),
            "missing-field",
            "consumeTimer.fullAfterMs",
        ),
        (json!({ "itemId": 1 }), json!({ "by": "words" }), "missing-field", "consumeTimer.words"),
    ] {
        let mut page = page();
        page.call("consumeTimer", json!([item, options, 1]));
        page.advance(60_000);
        assert_eq!(page.told(), [(code, field)], "{item} {options}");
        assert_eq!((page.sends.len(), page.wake, page.count("rejected")), (0, None, 1));
    }
    for (name, odd, code) in [
        ("fullAfterMs", json!(0), "out-of-range"),
        ("fullAfterMs", json!(-1), "out-of-range"),
        ("fullAfterMs", json!(1e300), "out-of-range"),
        ("fullAfterMs", json!(0.5), "bad-type"),
        ("fullAfterMs", json!("1000"), "bad-type"),
        ("idleAfterMs", json!(0), "out-of-range"),
        ("stepPercent", json!(0), "out-of-range"),
        ("stepPercent", json!(101), "out-of-range"),
        ("stepPercent", json!(2.5), "bad-type"),
    ] {
        let mut page = page();
        start(&mut page, 1, 7, with(ten_seconds(), json!({ name: odd })));
        page.advance(60_000);
        assert_eq!(page.told(), [(code, format!("consumeTimer.{name}").as_str())], "{odd}");
        assert_eq!(page.sends.len(), 0);
    }
}

#[test]
fn the_number_of_timers_is_limited_and_ended_ones_make_room() {
    let mut page = page();
    for id in 0..100 {
        start(&mut page, id, id, ten_seconds());
    }
    start(&mut page, 100, 100, ten_seconds());
    assert_eq!(page.told(), [("out-of-range", "consumeTimer")]);
    page.advance(20_000);
    start(&mut page, 101, 101, ten_seconds());
    assert_eq!(page.warnings.len(), 1);
    page.advance(20_000);
    assert_eq!(page.events().last().unwrap()["itemId"], "101");
}
