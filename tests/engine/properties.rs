//! What holds for every event and every course of things, not only for those that we thought of.

use crate::common::{Page, START, answered, batch, decoded, json, retry_after, value, with};
use crate::generate::{any_id, call, user_id};
use proptest::prelude::*;
use recobeacon_engine::effect::{Outcome, Send};
use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::input::Input;
use recobeacon_engine::json::Object;
use recobeacon_engine::number;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// No files of past failures: what was found becomes a test of its own. `PROPTEST_CASES` asks for another number of cases.
fn cases(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: std::env::var_os("PROPTEST_CASES").map_or(cases, |_| default.cases),
        max_shrink_iters: 300,
        // Ids are found by trying; so many cases have many of them.
        max_local_rejects: u32::MAX,
        failure_persistence: None,
        ..default
    }
}

fn written(event: &Event) -> Json {
    let mut out = String::new();
    let mut object = Object::new(&mut out);
    event.write(&mut object);
    object.end();
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn what_is_written_is_read_back_as_the_same((kind, args) in call()) {
        let mut unknown = Vec::new();
        let events = Event::parse(kind, &value(args), "1", &mut unknown).unwrap();
        prop_assert!(!events.is_empty());
        for event in events {
            let again = Event::parse(kind, &value(written(&event)), "other", &mut unknown);
            prop_assert_eq!(again, Ok(vec![event]));
        }
        prop_assert_eq!(unknown, vec![]);
    }

    #[test]
    fn no_value_whatever_breaks_the_engine(args in crate::generate::anything(), kind in 0..Kind::ALL.len()) {
        let kind = Kind::ALL[kind];
        let mut page = Page::open(batch());
        page.call_values(kind.name(), vec![value(args)]);
        page.advance(60_000);
        prop_assert_eq!(page.count("rejected") + page.count("accepted").min(1), 1);
    }

    #[test]
    fn ibexas_addresses_give_their_ids_back(
        user in user_id(),
        ids in prop::collection::vec(any_id(), 1..20),
        item_type in 1..=2_147_483_647_u32,
    ) {
        let config = json!({
            "destinations": { "protocol": "ibexa", "customerId": "00000" },
            "identity": { "anonymousId": user },
        });
        let mut page = Page::open(config);
        page.call("rendered", json!({ "items": ids, "itemType": item_type }));
        page.advance(60_000);
        let mut seen = Vec::new();
        for url in page.urls() {
            // The harness has checked the characters.
            let segments: Vec<&str> = url.split('/').collect();
            prop_assert_eq!(segments.len(), 9, "{}", url);
            prop_assert_eq!(decoded(segments[6]), user.as_str());
            prop_assert_eq!(segments[7], item_type.to_string());
            seen.extend(segments[8].split(',').map(decoded));
        }
        let mut expected = Vec::new();
        for id in &ids {
            let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
            if !expected.contains(&id) {
                expected.push(id);
            }
        }
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn prices_are_printed_as_javascript_prints_them(
        digits in 0..9_000_000_000_000_000_u64,
        decimals in 0..=6_i32,
    ) {
        // Below 9e9 and with at most six decimals: every price that is allowed.
        let number = digits as f64 / 1e6;
        let scale = 10f64.powi(6 - decimals);
        let number = (number * 1e6 / scale).trunc() * scale / 1e6;
        // Rust prints the shortest digits that give the number back, as JavaScript does, and
        // without an exponent.
        let shortest = format!("{number}");
        let printed = shortest.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let expected = (printed <= 6).then_some(shortest);
        prop_assert_eq!(number::decimal(number), expected);
    }

    #[test]
    fn a_price_comes_out_as_its_own_digits(whole in 0..9_000_000_000_u64, cents in 0..100_u64) {
        let text = format!("{whole}.{cents:02}");
        let number: f64 = text.parse().unwrap();
        let shortest = text.trim_end_matches('0').trim_end_matches('.');
        let shortest = if cents == 0 { whole.to_string() } else { shortest.to_owned() };
        prop_assert_eq!(number::decimal(number), Some(shortest));
    }
}

/// Something that happens to a page.
#[derive(Clone, Debug)]
enum Step {
    Call(Kind, Json),
    Login(u8),
    Logout(bool),
    Consent(&'static str),
    Advance(u64),
    Sleep(u64),
    ClockBack(u64),
    Hidden,
    Shown,
    Online(bool),
    Flush,
    Timer(u8),
    Scrolled(u8, u16, u16),
    Played(u8, Option<u16>, Vec<u16>),
    StopTimer(u8),
    Observe(u8),
    Looked(u8, Vec<(u8, Option<u8>, i16)>),
    Unobserve(u8),
    PageView,
}

fn step() -> impl Strategy<Value = Step> {
    let consent = prop::sample::select(vec!["pending", "granted", "anonymous", "denied"]);
    prop_oneof![
        8 => call().prop_map(|(kind, args)| Step::Call(kind, args)),
        1 => (0..3u8).prop_map(Step::Login),
        1 => any::<bool>().prop_map(Step::Logout),
        1 => consent.prop_map(Step::Consent),
        4 => (0..10_000u64).prop_map(Step::Advance),
        1 => (0..100_000_000u64).prop_map(Step::Sleep),
        1 => (0..100_000_000u64).prop_map(Step::ClockBack),
        1 => Just(Step::Hidden),
        2 => Just(Step::Shown),
        1 => any::<bool>().prop_map(Step::Online),
        1 => Just(Step::Flush),
        1 => (0..5u8).prop_map(Step::Timer),
        1 => (0..5u8).prop_map(Step::StopTimer),
        2 => (0..5u8, 0..2_000u16, 0..2_000u16).prop_map(|(id, a, b)| Step::Scrolled(id, a, b)),
        2 => (0..5u8, any::<Option<u16>>(), prop::collection::vec(any::<u16>(), 0..6))
            .prop_map(|(id, duration, ranges)| Step::Played(id, duration, ranges)),
        1 => (0..3u8).prop_map(Step::Observe),
        3 => (0..3u8, prop::collection::vec((0..6u8, any::<Option<u8>>(), -1..1_001i16), 0..4))
            .prop_map(|(id, news)| Step::Looked(id, news)),
        1 => (0..3u8).prop_map(Step::Unobserve),
        1 => Just(Step::PageView),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        3 => Just(Outcome::Taken),
        1 => Just(Outcome::Refused),
        1 => Just(Outcome::Failed),
        4 => prop::sample::select(vec![0, 200, 204, 400, 401, 404, 408, 413, 429, 500, 503])
            .prop_map(|status| answered(status).unwrap()),
        1 => (0..1_000u32).prop_map(|seconds| retry_after(503, seconds).unwrap()),
    ]
}

fn happen(page: &mut Page, step: Step) {
    match step {
        Step::Call(Kind::Login, _) => page.call("login", json!("u0")),
        Step::Call(kind, args) => page.call_values(kind.name(), vec![value(args)]),
        Step::Login(user) => page.call("login", json!(format!("u{user}"))),
        Step::Logout(forget) => page.call("logout", json!({ "forget": forget })),
        Step::Consent(state) => page.call("consent", json!(state)),
        Step::Advance(ms) => page.advance(ms),
        Step::Sleep(ms) => page.sleep(ms),
        Step::ClockBack(ms) => page.wall -= ms.min(page.wall - START / 2),
        Step::Hidden => page.feed(Input::Hidden),
        Step::Shown => page.shown(),
        Step::Online(online) => page.feed(Input::Online(online)),
        Step::Flush => page.call("flush", json!([])),
        Step::Timer(id) => {
            let by = ["time", "scroll", "media"][usize::from(id % 3)];
            let time = json!({ "by": by, "fullAfterMs": 20_000 });
            let options = if by == "time" { time } else { json!({ "by": by }) };
            page.call("consumeTimer", json!([{ "itemId": id }, options, id]));
        }
        Step::Scrolled(id, depth, height) => page.call("scrolled", json!([id, depth, height])),
        Step::Played(id, duration, ranges) => page.call("played", json!([id, duration, ranges])),
        Step::Observe(id) => page.call("observeRecommendations", json!([{ "scenario": "s" }, id])),
        Step::Looked(id, news) => {
            let item = |item: Option<u8>| item.map(|id| json!({ "itemId": id }));
            let news =
                news.into_iter().flat_map(|(n, i, share)| [json!(n), json!(item(i)), json!(share)]);
            page.call("looked", json!([id, news.collect::<Vec<_>>()]));
        }
        Step::Unobserve(id) => page.call("unobserve", json!([id])),
        Step::StopTimer(id) => page.call("stopTimer", json!(id)),
        Step::PageView => page.call("page", json!([])),
    }
}

const MOST: u64 = 8;

fn config() -> Json {
    let batch = |endpoint, transport| json!({ "protocol": "batch", "endpoint": endpoint, "transport": transport });
    let vendor = json!({ "protocol": "ibexa", "customerId": "1", "transport": "auto" });
    let mut destinations = vec![batch("/a", "fetch"), batch("/b", "beacon"), vendor];
    if cfg!(feature = "vendors") {
        let key = "a.b";
        let shop = |version, key: Option<&str>| json!({ "protocol": "factfinder", "endpoint": "/ff", "channel": version, "version": version, "apiKey": key });
        destinations.extend([shop("v5", Some(key)), shop("v4", None), shop("7", None)]);
        destinations.push(json!({ "protocol": "yoochoose", "customerId": "2", "method": "GET" }));
        destinations.push(json!({ "protocol": "intempt", "organization": "o", "project": "p", "source": "s", "apiKey": key }));
    }
    json!({
        "destinations": destinations,
        "batch": { "maxEvents": 3 },
        "queue": { "maxEvents": MOST },
    })
}

/// Whatever happened, a quiet day with a network ends it.
fn end_quietly(page: &mut Page) {
    page.network(|_| answered(204));
    page.feed(Input::Online(true));
    page.call("consent", json!("granted"));
    page.shown();
    page.advance(24 * 3_600_000);
}

/// A browser answers each of its requests with the next outcome, as far as that one makes sense.
fn erratic(
    mut outcomes: impl Iterator<Item = Outcome> + 'static,
) -> impl FnMut(&Send) -> Option<Outcome> {
    move |send| {
        use recobeacon_engine::effect::Via;
        let outcome = outcomes.next().unwrap();
        Some(match (send.via, outcome) {
            (Via::Beacon, Outcome::Refused) => Outcome::Refused,
            (Via::Beacon, _) => Outcome::Taken,
            (Via::Fetch, Outcome::Refused) => Outcome::Failed,
            (Via::Fetch, outcome) => outcome,
        })
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// Page checks after every input that the counters add up and that every request is right.
    #[test]
    fn nothing_is_lost_unseen_and_nothing_grows(
        steps in prop::collection::vec(step(), 1..80),
        outcomes in prop::collection::vec(outcome(), 1..30),
    ) {
        let mut page = Page::open(config());
        page.network(erratic(outcomes.into_iter().cycle()));
        for step in steps {
            happen(&mut page, step);
            for (name, one) in page.stats()["destinations"].as_object().unwrap() {
                prop_assert!(one["queued"].as_u64().unwrap() <= MOST, "{}: {}", name, one);
            }
        }
        end_quietly(&mut page);
        prop_assert_eq!(page.count("queued"), 0);
        prop_assert_eq!(page.wake, None);
    }

    /// Whatever is told of an element or a medium, in whatever order.
    #[test]
    fn percentages_only_rise(
        steps in prop::collection::vec(
            prop_oneof![
                4 => (1..3u8, 0..2_000u16, 0..2_000u16).prop_map(|(id, a, b)| Step::Scrolled(id, a, b)),
                4 => (1..3u8, any::<Option<u16>>(), prop::collection::vec(any::<u16>(), 0..6))
                    .prop_map(|(id, duration, ranges)| Step::Played(id, duration, ranges)),
                4 => (0..3_000u64).prop_map(Step::Advance),
                1 => (0..100_000u64).prop_map(Step::Sleep),
                1 => Just(Step::Hidden),
                2 => Just(Step::Shown),
            ],
            1..60,
        ),
    ) {
        let mut page = Page::open(with(batch(), json!({ "batch": { "maxWaitMs": 0 } })));
        for id in 0..3 {
            happen(&mut page, Step::Timer(id));
        }
        let mut last = [0; 3];
        for step in steps.into_iter().chain([Step::Hidden]) {
            happen(&mut page, step);
            let now = page.now();
            for (id, last) in (0..).zip(&mut last) {
                let percentage = page.engine.timer_percentage(id, &now).unwrap();
                prop_assert!((*last..=100).contains(&percentage), "{} after {}", percentage, last);
                *last = percentage;
            }
        }
        for id in ["0", "1", "2"] {
            let events = page.events();
            let its = events.iter().filter(|event| event["itemId"] == id);
            let said: Vec<u64> = its.map(|event| event["percentage"].as_u64().unwrap()).collect();
            prop_assert!(said.is_sorted_by(|a, b| a < b), "{:?}", said);
        }
    }

    #[test]
    fn a_batch_keeps_its_bytes_and_an_event_its_place(
        steps in prop::collection::vec(step(), 1..80),
        outcomes in prop::collection::vec(outcome(), 1..30),
    ) {
        let mut page = Page::open(with(config(), json!({ "queue": { "maxEvents": 1_000 } })));
        page.network(erratic(outcomes.into_iter().cycle()));
        steps.into_iter().for_each(|step| happen(&mut page, step));
        // The halves of a batch have later numbers than one that still waits behind them: until that goes, its number is missing.
        end_quietly(&mut page);
        let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
        let mut numbers: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for sent in &page.sends {
            let request = &sent.send.request;
            let Some(body) = request.body.as_deref() else { continue };
            if !request.url.contains("?b=") {
                continue;
            }
            let first = *bodies.entry(&request.url).or_insert(body);
            prop_assert_eq!(first, body, "a number stands for one batch");
            let batch: Json = serde_json::from_str(body).unwrap();
            let stream = batch["stream"].as_str().unwrap().to_owned();
            numbers.entry(stream).or_default().insert(batch["seq"].as_u64().unwrap());
            let ids = batch["events"].as_array().unwrap().iter().map(|event| event["id"].as_str());
            prop_assert!(ids.collect::<Vec<_>>().is_sorted_by(|a, b| a < b), "ids rise");
        }
        // What a number was given to and was lost leaves a gap: that is what numbers are for.
        let lost = |name: &str| page.stats()["destinations"][name]["dropped"].as_u64().unwrap();
        if lost("batch /a") + lost("batch /b") == 0 {
            for numbers in numbers.values() {
                prop_assert_eq!(numbers.first(), Some(&0));
                prop_assert_eq!(*numbers.last().unwrap() as usize + 1, numbers.len(), "no gap");
            }
        }
    }
}
