//! `GET /v1/variants`: the visitors of each variant, counted from stored events.

use crate::common::{Server, batch, changed, id, send};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const DAY: u64 = 86_400_000;
/// 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600_000;

async fn comparisons(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.read(&format!("/v1/variants{query}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let json: Value = serde_json::from_slice(&answer.body).unwrap();
    json["comparisons"].as_array().unwrap().clone()
}

/// An event of a visitor at a time.
fn event(n: u64, kind: &str, visitor: u64, at: u64, fields: Value) -> Value {
    let visitor = format!("v{visitor}");
    let common = json!({ "id": id(n), "type": kind, "at": at, "anonymous": visitor });
    let item = match kind {
        "rendered" => json!({ "itemType": "1", "items": [{ "itemId": "1", "itemType": "1" }] }),
        _ => json!({ "itemType": "1", "itemId": "1" }),
    };
    changed(changed(common, item), fields)
}

async fn post(server: &Server, events: &[Value]) {
    for (seq, events) in events.chunks(500).enumerate() {
        assert_eq!(server.post(batch("s", seq as u64, events)).await.status, 204);
    }
}

fn shown(scenario: &str, variant: &str) -> Value {
    json!({ "scenario": scenario, "variant": variant })
}

/// The numbers of a variant: visitors, changed, counted, clicked, bought.
type Numbers = [u64; 5];

/// The numbers by scenario and variant, as the answer has them.
fn told(comparisons: &[Value]) -> BTreeMap<(String, String), Numbers> {
    let mut told = BTreeMap::new();
    for comparison in comparisons {
        for variant in comparison["variants"].as_array().unwrap() {
            let name = |value: &Value| value.as_str().unwrap().to_owned();
            let key = (name(&comparison["scenario"]), name(&variant["variant"]));
            let numbers = [
                &variant["visitors"],
                &variant["changed"],
                &variant["counted"],
                &variant["clicked"]["visitors"],
                &variant["bought"]["visitors"],
            ];
            told.insert(key, numbers.map(|number| number.as_u64().unwrap()));
        }
    }
    told
}

/// The same numbers, counted by a plain loop over the events from `from` until `to`.
fn counted(events: &[Value], from: u64, to: u64) -> BTreeMap<(String, String), Numbers> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let at = |event: &Value| event["at"].as_u64().unwrap();
    let within: Vec<&Value> =
        events.iter().filter(|event| at(event) >= from && at(event) < to).collect();
    let lists = |event: &&Value| {
        let kind = text(event, "type");
        (kind == "rendered" || kind == "clickRecommended") && event.get("scenario").is_some()
    };
    let mut numbers: BTreeMap<(String, String), Numbers> = BTreeMap::new();
    let pairs: BTreeSet<(String, String)> = within
        .iter()
        .copied()
        .filter(lists)
        .map(|event| (text(event, "scenario"), text(event, "anonymous")))
        .collect();
    for (scenario, visitor) in pairs {
        let own = |event: &&Value| text(event, "anonymous") == visitor;
        let mut seen: Vec<&Value> = within.iter().copied().filter(own).collect();
        seen.sort_by_key(|event| at(event));
        let here = |event: &&Value| lists(event) && text(event, "scenario") == scenario;
        let named: Vec<&Value> = seen
            .iter()
            .copied()
            .filter(|event| here(event) && event.get("variant").is_some())
            .collect();
        let Some(first) = named.first() else { continue };
        let since = at(first);
        let variants: BTreeSet<String> = named.iter().map(|event| text(event, "variant")).collect();
        let in_window = |event: &&Value| at(event) >= since && at(event) < since + DAY;
        let mut within_a_day = seen.iter().copied().filter(in_window);
        let clicked = within_a_day
            .clone()
            .any(|event| here(&event) && text(event, "type") == "clickRecommended");
        let bought = within_a_day.any(|event| text(event, "type") == "buy");
        let complete = since + DAY <= to;
        let entry = numbers.entry((scenario, text(first, "variant"))).or_default();
        let more = [true, variants.len() > 1, complete, complete && clicked, complete && bought];
        for (number, more) in entry.iter_mut().zip(more) {
            *number += u64::from(more);
        }
    }
    numbers
}

/// Events of 150 visitors within twenty days, by a fixed generator.
fn sessions() -> Vec<Value> {
    let mut state = 7u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % below
    };
    let mut events = Vec::new();
    for n in 0..3_000 {
        let visitor = next(150);
        // Most visitors keep their variant. Times differ, so that one event is the first.
        let variant = ["A", "B"][((visitor + u64::from(next(20) == 0)) % 2) as usize];
        let scenario = ["top", "also_bought"][next(2) as usize];
        let at = START + next(20 * 24 * 60) * 60_000 + n;
        let list = match next(8) {
            0 => json!({ "scenario": scenario }),
            _ => shown(scenario, variant),
        };
        events.push(match next(10) {
            0..=5 => event(n, "rendered", visitor, at, list),
            6..=7 => event(n, "clickRecommended", visitor, at, list),
            8 => event(n, "buy", visitor, at, json!({ "orderId": format!("o{n}") })),
            _ => event(n, "click", visitor, at, json!({})),
        });
    }
    events
}

#[tokio::test]
async fn every_number_equals_a_count_by_hand() {
    let server = Server::start().await;
    let events = sessions();
    post(&server, &events).await;
    let all = counted(&events, 0, START + 30 * DAY);
    assert!(all.values().flatten().all(|number| *number > 3), "{all:?}");
    assert_eq!(told(&comparisons(&server, "").await), all);
    for (from, to) in [(0, 20), (5, 12), (10, 11), (19, 20)] {
        let query = format!("?from=2026-01-{:02}&to=2026-01-{:02}", from + 1, to + 1);
        let expected = counted(&events, START + from * DAY, START + to * DAY);
        assert_eq!(told(&comparisons(&server, &query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn a_difference_is_told_with_its_bounds_and_a_wrong_split() {
    let server = Server::start().await;
    let mut events = Vec::new();
    for visitor in 0..900 {
        // Twice as many see the variant A, and half as many of them click.
        let (variant, every) = if visitor % 3 == 0 { ("B", 2) } else { ("A", 4) };
        let at = START + visitor * 1_000;
        events.push(event(2 * visitor, "rendered", visitor, at, shown("top", variant)));
        if (visitor / 3) % every == 0 {
            let list = shown("top", variant);
            events.push(event(2 * visitor + 1, "clickRecommended", visitor, at + 5, list));
        }
    }
    post(&server, &events).await;
    let told = comparisons(&server, "").await;
    let [comparison] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(comparison["splitWrong"], true);
    let [reference, variant] = [&comparison["variants"][0], &comparison["variants"][1]];
    assert_eq!((&reference["variant"], &reference["clicked"]["rate"]), (&json!("A"), &json!(0.25)));
    assert_eq!(reference["clicked"]["verdict"], "reference");
    let clicked = &variant["clicked"];
    assert_eq!((&clicked["rate"], &clicked["difference"]), (&json!(0.5), &json!(0.25)));
    assert_eq!(clicked["verdict"], "higher");
    let bound = |name: &str| clicked[name].as_f64().unwrap();
    assert!(bound("low") > 0.1 && bound("high") < 0.4, "{clicked}");
    assert_eq!(variant["bought"]["verdict"], "tooFew");
    // A day has not passed yet.
    let early = comparisons(&server, "?to=2026-01-01T12:00:00Z").await;
    assert_eq!(early[0]["variants"][1]["visitors"], 300);
    assert_eq!(early[0]["variants"][1]["counted"], 0);
    assert_eq!(early[0]["variants"][1]["clicked"]["rate"], Value::Null);

    let plan = "[[variants]]\nscenario = \"top\"\nreference = \"B\"\nweights = { A = 2, B = 1 }\n";
    let server = server.again(plan).await;
    let told = comparisons(&server, "").await;
    assert_eq!(told[0]["splitWrong"], false);
    assert_eq!(told[0]["variants"][0]["variant"], "B");
    assert_eq!(told[0]["variants"][1]["clicked"]["verdict"], "lower");
}

/// The cases that `docs/variants.md` lists under "What is missed".
#[tokio::test]
async fn a_purchase_that_the_shop_confirms_first_is_missed_and_a_late_click_still_counts() {
    let server = Server::start().await;
    let buy = |n, visitor, order: &str| {
        event(n, "buy", visitor, START + 5_000, json!({ "orderId": order, "price": "5EUR" }))
    };
    let confirm = async |order: &str| {
        let line = json!([{ "itemId": "1", "itemType": "1", "price": "5EUR" }]);
        let body = json!({ "orders": [{ "orderId": order, "at": START + 5_000, "items": line }] });
        let body = body.to_string();
        let headers = "Content-Type: application/json\r\n";
        let answer = send(server.admin, "POST", "/v1/orders", headers, body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let seen: Vec<Value> =
        (1..=3).map(|n| event(n, "rendered", n, START, shown("top", "A"))).collect();
    post(&server, &seen).await;
    let numbers = async || told(&comparisons(&server, "").await)[&("top".into(), "A".into())];
    confirm("shop-first").await;
    assert_eq!(server.post(batch("late1", 0, &[buy(11, 1, "shop-first")])).await.status, 204);
    assert_eq!(numbers().await, [3, 0, 3, 0, 0], "the shop's row has no visitor");
    assert_eq!(server.post(batch("late2", 0, &[buy(12, 2, "page-first")])).await.status, 204);
    confirm("page-first").await;
    assert_eq!(numbers().await, [3, 0, 3, 0, 1]);
    let click = event(13, "clickRecommended", 3, START + 60_000, shown("top", "A"));
    assert_eq!(server.post(batch("late3", 0, &[click])).await.status, 204);
    assert_eq!(numbers().await, [3, 0, 3, 1, 1], "visitors who were counted already may change");
}

#[tokio::test]
async fn a_clock_that_is_ahead_hides_no_visitor() {
    let server = Server::start().await;
    let ahead = 4_000_000_000_000;
    post(&server, &[event(1, "rendered", 1, ahead, shown("top", "A"))]).await;
    let told = comparisons(&server, "").await;
    assert_eq!(told[0]["variants"][0]["visitors"], 1);
}

#[tokio::test]
async fn events_without_visitor_or_variant_are_not_compared() {
    let server = Server::start().await;
    let nobody =
        changed(event(1, "rendered", 1, START, shown("top", "A")), json!({ "anonymous": null }));
    let plain = event(2, "rendered", 2, START, json!({ "scenario": "top" }));
    let no_list = event(3, "rendered", 3, START, json!({ "variant": "A" }));
    post(&server, &[nobody, plain, no_list]).await;
    assert_eq!(comparisons(&server, "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_table_has_a_line_for_each_variant_and_no_formula() {
    let server = Server::start().await;
    let names = [("top, \"new\"", "A"), ("top, \"new\"", "=1+1"), ("+x", "@y")];
    let events: Vec<Value> = (0..)
        .zip(names)
        .map(|(n, (scenario, variant))| event(n, "rendered", n, START, shown(scenario, variant)))
        .collect();
    post(&server, &events).await;
    let answer = server.read("/v1/variants?format=csv", "").await;
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let names = [
        "customer,scenario,splitWrong,others,variant,visitors,changed,expectedShare,counted",
        "clicked,clickedRate,clickedDifference,clickedLow,clickedHigh,clickedVerdict",
        "bought,boughtRate,boughtDifference,boughtLow,boughtHigh,boughtVerdict",
    ];
    let names = format!("\"{}\"", names.join(",").replace(',', "\",\""));
    let top = "\"top, \"\"new\"\"\"";
    assert_eq!(
        answer.text(),
        format!(
            "{names}\r\n\
             E,\"'+x\",\"false\",0,\"'@y\",1,0,1,1,0,0,E,E,E,\"reference\",0,0,E,E,E,\"reference\"\r\n\
             E,{top},\"false\",0,\"'=1+1\",1,0,0.5,1,0,0,E,E,E,\"reference\",0,0,E,E,E,\"reference\"\r\n\
             E,{top},\"false\",0,\"A\",1,0,0.5,1,0,0,E,E,E,\"tooFew\",0,0,E,E,E,\"tooFew\"\r\n"
        )
        .replace('E', "\"\"")
    );
    let order = "must not be after to, and not in the future";
    let wrong = "must be like 2026-11-27 or 2026-11-27T00:00:00Z";
    for (query, sentence) in [
        ("from=yesterday", format!("from: {wrong}\n")),
        ("to=", format!("to: {wrong}\n")),
        ("from=2026-01-02&to=2026-01-01", format!("from: {order}\n")),
        ("from=2999-01-01", format!("from: {order}\n")),
        ("format=xml", "format: must be json or csv\n".to_owned()),
    ] {
        let answer = server.read(&format!("/v1/variants?{query}"), "").await;
        assert_eq!((answer.status, answer.text()), (400, sentence));
    }
}
