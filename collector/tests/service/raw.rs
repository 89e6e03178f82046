//! Raw batches, the calls of a page that was left before the tracker had loaded: the events made of
//! them.

use crate::common::raw::{AT, COOKIES, VISITOR, kinds, post, raw, stored, who};
use crate::common::{Server, changed, click, hash};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn clicks(count: usize) -> Value {
    (0..count).map(|n| json!(["click", [{ "itemId": n }], AT])).collect()
}

#[tokio::test]
async fn calls_become_the_same_events_as_in_the_tracker() {
    let calls = json!([
        ["click", [{ "itemId": 123, "categoryPath": ["Shoes", "Children"] }], AT],
        ["buy", [[{ "itemId": 129, "price": { "amount": 4.44, "currency": "EUR" } }, { "itemId": "a" }]], AT + 5],
    ]);
    let body = changed(raw(calls), json!({ "client": "stub/1", "config": { "itemType": 7 } }));
    let server = Server::start().await;
    assert_eq!(post(&server, COOKIES, &body).await.status, 204);
    let rows = server.events().await;
    let received_at = rows[0]["receivedAt"].as_u64().unwrap();
    let row = |n: u64, of: &str, at: u64, own: Value| {
        let common = json!({
            "row": n, "id": rows[n as usize - 1]["id"], "type": of, "at": at, "key": 3,
            "receivedAt": received_at, "sentAt": AT + 1000, "source": "batch", "stream": "s1",
            "seq": 0, "place": n - 1, "client": "stub/1", "user": hash("Jörg D"),
            "anonymous": hash(VISITOR), "itemType": "7",
        });
        changed(common, own)
    };
    assert_eq!(
        rows,
        [
            row(1, "click", AT, json!({ "itemId": "123", "categoryPath": "Shoes/Children" })),
            row(2, "buy", AT + 5, json!({ "itemId": "129", "price": "4.44EUR" })),
            row(3, "buy", AT + 5, json!({ "itemId": "a" })),
        ]
    );
    let bytes = body.to_string().len();
    let batches = server.batches().await;
    assert_eq!((&batches[0]["bytes"], &batches[0]["stored"]), (&json!(bytes), &json!(3)));
}

#[tokio::test]
async fn every_verb_is_accepted() {
    let item = json!({ "itemId": "1" });
    let with = |more: Value| changed(item.clone(), more);
    let calls = [
        ("click", with(json!({ "search": { "query": "q", "position": 1 } }))),
        ("consume", with(json!({ "percentage": 60.7 }))),
        ("basket", item.clone()),
        ("deleteFromBasket", item.clone()),
        ("wishlist", item.clone()),
        ("deleteFromWishlist", item.clone()),
        ("buy", item.clone()),
        ("rate", with(json!({ "rating": 5 }))),
        ("blacklist", item.clone()),
        ("rendered", json!({ "items": [1, { "itemId": "2", "itemType": 1 }], "scenario": "s" })),
        ("clickRecommended", with(json!({ "scenario": "s" }))),
        ("triggerOpened", json!({ "triggerName": "t" })),
        ("clickTriggered", with(json!({ "triggerName": "t" }))),
        ("feedback", json!({ "query": "q", "positive": true })),
        (
            "cacheHit",
            json!({ "query": "q", "page": 1, "pageSize": 2, "hitCount": 3, "searchTimeMs": 4, "minScore": 0, "maxScore": 1 }),
        ),
        ("landingPageClick", with(json!({ "campaign": "c", "pageId": "p" }))),
        ("predictiveBasketClick", item.clone()),
        ("login", json!("johndoe")),
    ];
    let sent = calls.iter().map(|(verb, arg)| json!([verb, [arg], AT])).collect();
    let rows = stored("", raw(sent)).await;
    let verbs: Vec<_> = calls.iter().map(|(verb, _)| *verb).collect();
    let types: Vec<_> = rows.iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(types, verbs);
    assert_eq!(rows[1]["percentage"], 60);
    let items = json!([{ "itemId": "1", "itemType": "1" }, { "itemId": "2", "itemType": "1" }]);
    assert_eq!(rows[9]["items"], items);
    assert_eq!(rows[17]["user"], hash("johndoe"));
}

#[tokio::test]
async fn repeated_calls_are_merged_like_in_the_tracker() {
    let calls = json!([
        ["consume", [{ "itemId": 1, "percentage": 10 }], AT],
        ["rendered", [{ "items": [1, 2], "scenario": "s" }], AT],
        ["consume", [{ "itemId": 1, "percentage": 30 }], AT],
        ["rendered", [{ "items": [2, 3], "scenario": "s" }], AT],
        ["buy", [{ "itemId": 1, "orderId": "o" }], AT],
        ["buy", [{ "itemId": 1, "orderId": "o" }], AT],
    ]);
    let rows = stored("", raw(calls)).await;
    assert_eq!(kinds(&rows), ["consume 1", "rendered", "buy 1"]);
    assert_eq!(rows[0]["percentage"], 30);
    assert_eq!(rows[1]["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_invalid_call_is_left_out_and_the_others_are_stored() {
    let deep = serde_json::from_str::<Value>(&("[".repeat(60) + &"]".repeat(60))).unwrap();
    let mut calls = vec![json!(["click", [{ "itemId": "first" }], AT])];
    calls.extend([
        json!(null),
        json!(5),
        json!("click"),
        json!({ "0": "click" }),
        json!([]),
        json!(["click"]),
        json!(["click", [{ "itemId": "x" }]]),
        json!(["click", [{ "itemId": "x" }], AT, 4]),
        json!(["click", { "itemId": "x" }, AT]),
        json!([null, [{ "itemId": "x" }], AT]),
        json!(["click", [{ "itemId": "x" }], null]),
        json!(["click", [{ "itemId": "x" }], -1]),
        json!(["click", [{ "itemId": "x" }], "1763683199000"]),
        json!(["click", [{ "itemId": "x" }], 8_640_000_000_000_001u64]),
        json!(["click", [], AT]),
        json!(["click", [null], AT]),
        json!(["click", [{}], AT]),
        json!(["click", [{ "itemId": "a\\b" }], AT]),
        json!(["click", [deep], AT]),
        json!(["click", [{ "itemId": deep }], AT]),
        json!(["buy", [[{ "itemId": "x" }, { "itemId": "a\\b" }]], AT]),
        json!(["rate", [{ "itemId": "x", "rating": 101 }], AT]),
        json!(["login", ["j@doe.example"], AT]),
        json!(["login", [5], AT]),
        json!(["logout", [{ "forget": "yes" }], AT]),
        json!(["consent", ["yes"], AT]),
        json!(["create", [{ "consent": "denied", "destinations": [] }], AT]),
        json!(["ready", [null], AT]),
        json!(["on", ["sent", null], AT]),
        json!(["page", [], AT]),
        json!(["followLink", ["//evil.example/"], AT]),
        json!(["observeRecommendations", [{}, { "scenario": "s" }], AT]),
        json!(["consumeTimer", [{ "itemId": "x" }, { "by": "time", "fullAfterMs": 1 }], AT]),
        json!(["stopTimer", [0], AT + 5000]),
        json!(["stats", [], AT]),
        json!(["__proto__", [{ "itemId": "x" }], AT]),
        json!(["", [], AT]),
    ]);
    calls.push(json!(["click", [{ "itemId": "last", "newer": { "x": [1] } }, 5], AT]));
    let rows = stored(COOKIES, raw(calls.into())).await;
    assert_eq!(kinds(&rows), ["click first", "click last"]);
    assert_eq!((rows[1].get("newer"), who(&rows)[1].0), (None, Some(&*hash("Jörg D"))));
    // Only invalid calls: nothing is stored, and the client need not send them again.
    let server = Server::start().await;
    let body = changed(raw(json!([["ready", [], AT], 5])), json!({ "ack": true }));
    let answer = post(&server, "", &body).await;
    assert_eq!((answer.status, answer.all("set-cookie").len()), (204, 1));
    assert!(server.batches().await.is_empty());
}

#[tokio::test]
async fn an_unpaired_surrogate_is_replaced() {
    let call =
        |title: &str| format!(r#"["click",[{{"itemId":"1","title":"{title}"}}],1763683199000.5]"#);
    let titles =
        [r"\ud83d", r"a\ude00b", r"\ud83d\ud83d\ude00", r"\\ud83d\ud83d", r"\ud83dé\u00e9\n"];
    let calls: Vec<_> = titles.iter().map(|title| call(title)).collect();
    let body = format!(r#"{{"v":1,"stream":"s1","seq":0,"raw":[{}]}}"#, calls.join(","));
    let server = Server::start().await;
    assert_eq!(server.post(body).await.status, 204);
    let rows = server.events().await;
    let titles: Vec<_> = rows.iter().map(|row| row["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["\u{fffd}", "a\u{fffd}b", "\u{fffd}😀", "\\ud83d\u{fffd}", "\u{fffd}éé\n"]);
    assert_eq!(rows[0]["at"], AT, "the time of a clock with fractions of milliseconds");
}

#[tokio::test]
async fn a_repeated_batch_counts_once() {
    let server = Server::start().await;
    let later = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64 + 60_000;
    let calls = json!([
        ["login", ["johndoe"], AT],
        ["click", [{ "itemId": 1 }], AT],
        ["buy", [[{ "itemId": 1 }, { "itemId": 2 }, { "itemId": 1 }]], AT],
        ["click", [{ "itemId": 2 }], later],
    ]);
    let body = raw(calls);
    let ids = |rows: &[Value]| -> Vec<String> {
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(post(&server, "", &body).await.status, 204);
    let rows = server.events().await;
    assert_eq!(rows.len(), 6);
    assert!(ids(&rows)[0].starts_with("019aa3b5-e818-7000-"), "the call's time: {}", ids(&rows)[0]);
    assert!(ids(&rows).is_sorted() && rows[5]["at"] == rows[5]["receivedAt"]);
    // Later, and after a login that another page of the site has stored meanwhile.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let cookies = "Cookie: reco_id=4fGk29sLQe7RzT0bXcVwAa; reco_user=johndoe\r\n";
    for headers in ["", cookies] {
        assert_eq!(post(&server, headers, &body).await.status, 204);
    }
    assert_eq!(server.events().await, rows);
    let batches = server.batches().await;
    assert_eq!((&batches[0]["copies"], &batches[0]["stored"]), (&json!(2), &json!(6)));
    // The same calls of another page, or later in this page, are different calls.
    for change in [json!({ "stream": "s2" }), json!({ "seq": 1 })] {
        assert_eq!(server.post(changed(body.clone(), change)).await.status, 204);
    }
    let all = ids(&server.events().await);
    assert_eq!(all.len(), 18);
    assert!(!all[..6].iter().any(|id| all[6..].contains(id)));
}

#[tokio::test]
async fn events_keep_the_order_of_the_calls() {
    // Even if the visitor's clock is set back.
    let ats = [AT + 9, AT + 9, 5, 0, AT + 20, AT];
    let calls = ats.iter().enumerate().map(|(n, at)| json!(["click", [{ "itemId": n }], at]));
    let rows = stored("", raw(calls.collect())).await;
    let found: Vec<_> = rows.iter().map(|row| row["at"].as_u64().unwrap()).collect();
    assert_eq!(found, ats);
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    let places: Vec<_> = rows.iter().map(|row| row["place"].as_u64().unwrap()).collect();
    assert_eq!(places, [0, 1, 2, 3, 4, 5]);
    // More than the tracker puts into one batch.
    let title = "t".repeat(2000);
    let calls = (0..120).map(|n| json!(["click", [{ "itemId": n, "title": title }], AT]));
    let rows = stored("", raw(calls.collect())).await;
    let items: Vec<_> = rows.iter().map(|row| row["itemId"].as_str().unwrap()).collect();
    assert_eq!(items, (0..120).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_refusal_of_an_invalid_envelope_names_the_field() {
    let server = Server::start().await;
    for (change, name) in [
        (json!({ "v": 2 }), "v: "),
        (json!({ "stream": null }), "stream: "),
        (json!({ "seq": null }), "seq: "),
        (json!({ "raw": [] }), "raw: "),
        (json!({ "raw": null }), "events: "),
        (json!({ "raw": {} }), "the body is not a batch in JSON"),
        (json!({ "events": [click(1)] }), "raw: "),
        (json!({ "events": [] }), "raw: "),
        (json!({ "ack": 1 }), "ack: "),
        (json!({ "anonymous": 5 }), "anonymous: "),
        (json!({ "user": ["u"] }), "user: "),
        (json!({ "config": [] }), "config: "),
        (json!({ "config": { "itemType": true } }), "config.itemType: "),
        (json!({ "config": { "consent": "maybe" } }), "config.consent: "),
        (
            json!({ "config": { "identity": { "cookieName": "a=b" } } }),
            "config.identity.cookieName: ",
        ),
    ] {
        let answer = server.post(changed(raw(clicks(1)), change.clone())).await;
        assert_eq!(answer.status, 400, "{change}");
        assert!(answer.text().starts_with(name), "{change}: {}", answer.text());
        assert!(!answer.text().contains("doe"));
    }
    let answer =
        server.send("POST", "/v1/events?b=s1.1", "", raw(clicks(1)).to_string().as_bytes()).await;
    assert_eq!(answer.status, 400);
    assert!(server.events().await.is_empty() && server.batches().await.is_empty());
    // Settings that do not affect events, and unknown ones.
    let config = json!({
        "destinations": [{ "protocol": "ibexa" }], "batch": { "maxEvents": 1 }, "queue": { "maxEvents": 1 },
        "debug": true, "newer": {},
    });
    let body = changed(raw(clicks(3)), json!({ "config": config, "token": "t", "newer": 1 }));
    assert_eq!(server.post(body).await.status, 204);
    assert_eq!(server.events().await.len(), 3);
}

#[tokio::test]
async fn the_limits_of_other_batches_apply() {
    let server = Server::with("[limits]\nbody_bytes = 2000\nbatch_events = 5\n").await;
    let status = async |body: Value| server.post(body).await.status;
    assert_eq!(status(raw(clicks(6))).await, 413);
    let lines: Value = (0..6).map(|n| json!({ "itemId": n })).collect();
    assert_eq!(status(raw(json!([["buy", [lines], AT]]))).await, 413);
    let flushed: Value = (0..3)
        .flat_map(|n| {
            [json!(["buy", [[{ "itemId": n }, { "itemId": n }]], AT]), json!(["flush", [], AT])]
        })
        .take(5)
        .collect();
    assert_eq!(status(raw(flushed)).await, 413);
    assert_eq!(status(changed(raw(clicks(1)), json!({ "x": "x".repeat(2000) }))).await, 413);
    assert!(server.events().await.is_empty());
    assert_eq!(status(raw(clicks(5))).await, 204);
    assert_eq!(server.events().await.len(), 5);
}

#[tokio::test]
async fn hostile_json_is_refused_or_left_out() {
    let server = Server::start().await;
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    let body = |calls: &str| format!(r#"{{"v":1,"stream":"s1","seq":0,"raw":[{calls}]}}"#);
    let good = r#"["click",[{"itemId":"good"}],5]"#;
    for (calls, status) in [
        (r#"["click",[{"itemId":1}],5"#, 400),
        (r#"["click",[{"itemId":NaN}],5]"#, 400),
        (r#"["click",[{"itemId":"\x"}],5]"#, 400),
        ("[\"click\",[{\"itemId\":\"\u{0}\"}],5]", 400),
        (&*deep(120_000), 204),
        (&*format!(r#"["click",[{}],5]"#, deep(100_000)), 204),
        (
            &*format!(r#"["click",[{}],5]"#, "{\"a\":".repeat(40_000) + "1" + &"}".repeat(40_000)),
            204,
        ),
        (r#"["click",[{"itemId":1}],1e999]"#, 204),
        (r#"["click",[{"itemId":1e999}],5]"#, 204),
        (r#"["\ud800",[{"itemId":1}],5]"#, 204),
        (&*format!(r#"["{}",[],5]"#, "v".repeat(200_000)), 204),
        (&*format!(r#"["click",[{}1],5]"#, "1,".repeat(100_000)), 204),
        (&*format!(r#"["rendered",[{{"items":[{}1]}}],5]"#, "1,".repeat(100_000)), 204),
    ] {
        let answer = server.post(body(&format!("{calls},{good}"))).await;
        assert_eq!(answer.status, status, "{}: {}", &calls[..calls.len().min(60)], answer.text());
    }
    assert_eq!(kinds(&server.events().await), ["click good"; 1], "the first valid call, once");
    let invalid = [
        b"{\"v\":1,\"stream\":\"s2\",\"seq\":0,\"raw\":[[\"click\",[{\"itemId\":\"",
        &b"\xff"[..],
        b"\"}],5]]}",
    ]
    .concat();
    assert_eq!(server.send("POST", "/v1/events", "", &invalid).await.status, 400);
    let twice = r#"{"v":1,"stream":"s1","seq":0,"raw":[],"raw":[]}"#;
    assert_eq!(server.post(twice).await.status, 400);
}

#[tokio::test]
async fn a_purchase_that_the_page_sent_before_is_left_out() {
    let server = Server::start().await;
    let buy = |order: &str, at| json!(["buy", [{ "itemId": 1, "orderId": order }], at]);
    let body = changed(raw(json!([buy("o1", AT), buy("o2", AT)])), json!({ "ack": true }));
    // The tracker's format: the order's hash, and the time in seconds.
    let sent = format!("{}.{},", fnv("o1"), AT / 1000 - 60);
    // Each time on a new server, because an order counts once there.
    let stored = async |stream: &str, orders: Value| {
        let server = Server::start().await;
        let body = changed(body.clone(), json!({ "orders": orders, "stream": stream }));
        assert_eq!(server.post(body).await.status, 204);
        let rows = server.events().await;
        let of = rows.iter().filter(|row| row["stream"] == stream);
        of.map(|row| row["orderId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(stored("s1", json!(sent)).await, ["o2"]);
    for (stream, orders) in [("s2", json!(null)), ("s3", json!("x.y,")), ("s4", json!(""))] {
        assert_eq!(stored(stream, orders).await, ["o1", "o2"]);
    }
    let wrong = changed(body.clone(), json!({ "orders": [] }));
    assert!(server.post(wrong).await.text().starts_with("orders: "));
}

/// The hash of `RecentHashes` (engine/src/dedup.rs).
fn fnv(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().chain([0]).fold(0xcbf2_9ce4_8422_2325, step)
}

#[tokio::test]
async fn reading_raw_calls_does_not_delay_other_requests() {
    // This server handles all its requests on one thread. Each of these calls is compared with the
    // earlier ones, which takes long.
    let server = Server::start().await;
    let calls = |n| json!(["rendered", [{ "items": [n], "scenario": n }], AT]);
    let body = raw((0..1000).map(calls).collect());
    let ended = RefCell::new(Vec::new());
    let slow = |n: usize| {
        let body = changed(body.clone(), json!({ "stream": n.to_string() }));
        let (server, ended) = (&server, &ended);
        async move {
            assert_eq!(server.post(body).await.status, 204);
            ended.borrow_mut().push("raw");
        }
    };
    let quick = async {
        // The raw requests are being read now.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(server.get("/healthz").await.status, 200);
        ended.borrow_mut().push("health");
    };
    tokio::join!(join_all((0..6).map(slow)), quick);
    // If they were read on the server's thread, it would answer the six requests that it has first. A
    // busy machine may answer some of them earlier.
    let ended = ended.into_inner();
    assert_eq!((ended.len(), ended.last()), (7, Some(&"raw")), "{ended:?}");
}
