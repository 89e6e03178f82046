//! `POST /v1/events`: which batches are accepted, and what is stored.

use crate::common::{JOHNDOE, Server, VISITOR, batch, changed, click, id, parse, raw, send};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_batch_is_stored_row_by_row() {
    let server = Server::start().await;
    let buy = json!({
        "id": id(2), "type": "buy", "at": 1_763_683_199_500u64, "user": "johndoe",
        "anonymous": "Js79009234YU7", "itemType": "1", "itemId": "129", "price": "4.44EUR",
        "quantity": 2, "orderId": "o-1", "categoryPath": "Shoes/Children",
    });
    let answer = server.post(batch("s1", 7, &[click(1), buy])).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
    assert_eq!(answer.header("content-length"), None);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("set-cookie"), None);

    let rows = server.events().await;
    assert_eq!(rows.len(), 2);
    let received_at = rows[0]["receivedAt"].as_u64().unwrap();
    assert!(received_at > 1_763_683_200_000);
    assert_eq!(
        rows[0],
        json!({
            "row": 1, "id": id(1), "type": "click", "at": 1_763_683_199_000u64,
            "receivedAt": received_at, "sentAt": 1_763_683_200_000u64, "source": "batch",
            "stream": "s1", "seq": 7, "place": 0, "client": "recobeacon/0.1.0", "itemType": "1",
            "itemId": "123",
        })
    );
    assert_eq!(
        rows[1],
        json!({
            "row": 2, "id": id(2), "type": "buy", "at": 1_763_683_199_500u64,
            "receivedAt": received_at, "sentAt": 1_763_683_200_000u64, "source": "batch",
            "stream": "s1", "seq": 7, "place": 1, "client": "recobeacon/0.1.0", "user": JOHNDOE,
            "anonymous": VISITOR, "key": 3, "itemType": "1", "itemId": "129", "price": "4.44EUR",
            "quantity": 2, "orderId": "o-1", "categoryPath": "Shoes/Children",
        })
    );
}

#[tokio::test]
async fn no_plain_user_id_is_in_the_database() {
    let server = Server::start().await;
    let event = |n| changed(click(n), json!({ "user": "johndoe", "anonymous": "Js79009234YU7" }));
    assert_eq!(server.post(batch("s1", 0, &[event(1)])).await.status, 204);
    let login = json!({ "id": id(2), "type": "login", "at": 1, "user": "johndoe" });
    assert_eq!(server.post(batch("s1", 1, &[login])).await.status, 204);
    assert_eq!(server.get("/api/0/login/Js79009234YU7/johndoe").await.status, 204);
    for name in ["events.sqlite", "events.sqlite-wal"] {
        let bytes = std::fs::read(server.folder.path().join(name)).unwrap();
        for user in ["johndoe", "Js79009234YU7"] {
            let found = bytes.windows(user.len()).any(|some| some == user.as_bytes());
            assert!(!found, "{user} is in {name}");
        }
    }
}

#[tokio::test]
async fn every_event_type_of_the_tracker_is_accepted() {
    let server = Server::start().await;
    let kinds = [
        json!({ "type": "click", "itemId": "1", "title": "T", "search": { "query": "q", "position": 1 } }),
        json!({ "type": "consume", "itemId": "1", "percentage": 60 }),
        json!({ "type": "basket", "itemId": "1", "quantity": 1, "price": "1EUR" }),
        json!({ "type": "deleteFromBasket", "itemId": "1" }),
        json!({ "type": "wishlist", "itemId": "1", "price": "2.50EUR" }),
        json!({ "type": "deleteFromWishlist", "itemId": "1" }),
        json!({ "type": "buy", "itemId": "1" }),
        json!({ "type": "rate", "itemId": "1", "rating": 5 }),
        json!({ "type": "blacklist", "itemId": "1" }),
        json!({ "type": "rendered", "items": [{ "itemId": "1", "itemType": "2" }], "scenario": "s", "variant": "A" }),
        json!({ "type": "clickRecommended", "itemId": "1", "scenario": "s", "variant": "A", "modelId": "37" }),
        json!({ "type": "triggerOpened", "triggerName": "t" }),
        json!({ "type": "clickTriggered", "itemId": "1", "triggerName": "t" }),
        json!({ "type": "feedback", "query": "q", "positive": true }),
        json!({ "type": "landingPageClick", "itemId": "1", "campaign": "c", "pageId": "p" }),
        json!({ "type": "predictiveBasketClick", "itemId": "1" }),
        json!({ "type": "login", "user": "johndoe", "anonymous": "a" }),
    ];
    let stamped = |(n, event)| changed(event, json!({ "id": id(n as u64), "at": 5 }));
    let events: Vec<_> = kinds.iter().cloned().enumerate().map(stamped).collect();
    let answer = server.post(batch("s1", 0, &events)).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let rows = server.events().await;
    assert_eq!(rows.len(), kinds.len());
    for (row, sent) in rows.iter().zip(&kinds) {
        assert_eq!(row["type"], sent["type"]);
        for (name, value) in sent.as_object().unwrap() {
            let hashed = matches!(name.as_str(), "user" | "anonymous");
            assert!(hashed || row[name] == *value, "{name} of {row}");
        }
    }
}

#[tokio::test]
async fn the_refusal_of_an_invalid_envelope_names_the_field() {
    let server = Server::start().await;
    let good = || batch("s1", 0, &[click(1)]);
    let long = "s".repeat(65);
    let wrong = [
        (json!({ "v": null }), "v: "),
        (json!({ "v": 2 }), "v: "),
        (json!({ "v": "1" }), "v: "),
        (json!({ "stream": null }), "stream: "),
        (json!({ "stream": "" }), "stream: "),
        (json!({ "stream": "a.b" }), "stream: "),
        (json!({ "stream": "a;b" }), "stream: "),
        (json!({ "stream": long }), "stream: "),
        (json!({ "stream": 5 }), "stream: "),
        (json!({ "seq": null }), "seq: "),
        (json!({ "seq": -1 }), "seq: "),
        (json!({ "seq": 1.5 }), "seq: "),
        (json!({ "seq": "0" }), "seq: "),
        (json!({ "seq": 9_007_199_254_740_992u64 }), "seq: "),
        (json!({ "sentAt": "now" }), "sentAt: "),
        (json!({ "client": 5 }), "client: "),
        (json!({ "client": "c".repeat(65) }), "client: "),
        (json!({ "ack": 1 }), "ack: "),
        (json!({ "events": null }), "events: "),
        (json!({ "events": [] }), "events: "),
        (json!({ "raw": [["click", [{}], 1]] }), "raw: "),
    ];
    for (change, name) in wrong {
        let answer = server.post(changed(good(), change.clone())).await;
        assert_eq!(answer.status, 400, "{change}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert!(answer.text().starts_with(name), "{change}: {}", answer.text());
    }
    for body in ["", "{", "[]", "null", "1", "\"x\"", "{\"v\":1,\"events\":\"johndoe\"}"] {
        let answer = server.post(body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text().starts_with("the body is not a batch in JSON"), "{}", answer.text());
        assert!(!answer.text().contains("johndoe"));
    }
    assert!(server.events().await.is_empty());
    assert!(server.batches().await.is_empty());
    assert_eq!(server.post(good()).await.status, 204, "the unchanged one is good");
}

#[tokio::test]
async fn one_invalid_event_refuses_the_whole_batch() {
    let server = Server::start().await;
    let wrong = [
        (json!({ "id": null }), "events[1].id: "),
        (json!({ "id": "1" }), "events[1].id: "),
        (json!({ "id": id(2).to_uppercase().replace("0000", "ABCD") }), "events[1].id: "),
        (json!({ "id": "0193bdc1-0000-4000-8000-000000000001" }), "events[1].id: "),
        (json!({ "id": "0193bdc1-0000-7000-c000-000000000001" }), "events[1].id: "),
        (json!({ "type": null }), "events[1].type: "),
        (json!({ "type": 7 }), "events[1].type: "),
        (json!({ "at": null }), "events[1].at: "),
        (json!({ "at": -1 }), "events[1].at: "),
        (json!({ "at": 0.5 }), "events[1].at: "),
        (json!({ "at": "2026" }), "events[1].at: "),
        (json!({ "at": 8_640_000_000_000_001u64 }), "events[1].at: "),
        (json!({ "user": 5 }), "events[1].user: "),
        (json!({ "user": "" }), "events[1].user: "),
        (json!({ "user": "u".repeat(513) }), "events[1].user: "),
        (json!({ "anonymous": ["a"] }), "events[1].anonymous: "),
        (json!({ "itemId": null }), "events[1].itemId: "),
        (json!({ "itemId": "" }), "events[1].itemId: "),
        (json!({ "itemId": "a\\b" }), "events[1].itemId: "),
        (json!({ "type": "rate", "rating": 101 }), "events[1].rating: "),
        (json!({ "type": "login" }), "events[1].user: "),
        (
            json!({ "type": "rendered", "items": [{ "itemId": "1", "itemType": "1" }, { "itemId": "1", "itemType": "2" }] }),
            "events[1].items: ",
        ),
    ];
    for (change, path) in wrong {
        let answer =
            server.post(batch("s1", 0, &[click(1), changed(click(2), change.clone())])).await;
        assert_eq!(answer.status, 400, "{change}");
        assert!(answer.text().starts_with(path), "{change}: {}", answer.text());
    }
    let answer = server.post(batch("s1", 0, &[click(1), json!(5)])).await;
    assert!(answer.text().starts_with("events[1]: "), "{}", answer.text());
    assert!(server.events().await.is_empty());
    // A wrong clock and a newer tracker's fields must not cost an event.
    let odd = changed(click(2), json!({ "at": 0, "user": "Ü/😀", "newField": { "x": [1] } }));
    let answer = server.post(changed(batch("s1", 0, &[odd]), json!({ "newer": 1 }))).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(server.events().await[0].get("newField"), None);
}

#[tokio::test]
async fn the_b_parameter_must_match_the_stream_and_seq_of_the_body() {
    let server = Server::start().await;
    let body = batch("s1", 4, &[click(1)]).to_string();
    for (query, status) in
        [("?b=s1.5", 400), ("?b=s2.4", 400), ("?x=1&b=s1.4&y", 204), ("?x=1", 204)]
    {
        let answer = server.send("POST", &format!("/v1/events{query}"), "", body.as_bytes()).await;
        assert_eq!(answer.status, status, "{query}");
    }
}

#[tokio::test]
async fn the_content_type_must_be_json_or_plain_text_without_encoding() {
    let server = Server::start().await;
    let body = batch("s1", 0, &[click(1)]).to_string();
    for (header, status) in [
        ("", 204),
        ("Content-Type: text/plain;charset=UTF-8\r\n", 204),
        ("Content-Type: Application/JSON\r\n", 204),
        ("Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("Content-Type: multipart/form-data; boundary=x\r\n", 415),
        ("Content-Encoding: gzip\r\n", 415),
        ("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", 415),
        ("Content-Encoding: identity, gzip\r\n", 415),
        ("Content-Encoding: identity\r\nContent-Encoding: identity\r\n", 204),
        ("Content-Type: text/plain\r\nContent-Type: text/html\r\n", 415),
    ] {
        let answer = server.send("POST", "/v1/events", header, body.as_bytes()).await;
        assert_eq!(answer.status, status, "{header}");
    }
}

#[tokio::test]
async fn the_refusal_of_a_large_body_reaches_the_client() {
    let server = Server::with("[limits]\nbody_bytes = 2000\nbatch_events = 5\n").await;
    let filler = |size: usize| {
        let body = batch("s1", 0, &[click(1)]).to_string();
        body.clone() + &" ".repeat(size - body.len())
    };
    assert_eq!(server.post(filler(2000)).await.status, 204);
    assert_eq!(server.post(filler(2001)).await.status, 413);
    // Much more data than the sockets' buffers hold. The server must read it before the client sees
    // the answer.
    assert_eq!(server.post(filler(30_000)).await.status, 413);
    // The same without Content-Length.
    let body = filler(2001);
    let chunked = format!(
        "POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    assert_eq!(raw(server.address, chunked.as_bytes(), false).await.status, 413);
    // A huge Content-Length is refused without reading the body.
    let liar = "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(raw(server.address, liar.as_bytes(), false).await.status, 413);
    let many: Vec<_> = (0..6).map(click).collect();
    assert_eq!(server.post(batch("s1", 1, &many)).await.status, 413);
    assert_eq!(server.post(batch("s1", 1, &many[..5])).await.status, 204);
}

#[tokio::test]
async fn a_client_that_is_still_sending_receives_the_refusal() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /v1/events HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1048576\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // If the server closed the connection here, it would be reset and the answer lost.
    for _ in 0..16 {
        stream.write_all(&[b'x'; 65536]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let answer = parse(&received, false);
    assert_eq!(answer.status, 413);
    assert_eq!(answer.text(), "the body must have at most 262144 bytes\n");
}

#[tokio::test]
async fn other_methods_get_405() {
    let server = Server::start().await;
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = server.send(method, "/v1/events", "", b"").await;
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.header("allow"), Some("POST, OPTIONS"));
    }
    assert_eq!(server.send("POST", "/healthz", "", b"").await.status, 405);
    for target in ["/v1/events", "/v1/events/stream", "/v1/batches", "/v1/variants", "/healthz"] {
        let answer = send(server.admin, "POST", target, "", b"").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")), "{target}");
    }
    assert_eq!(server.get("/v1/nothing").await.status, 404);
}

#[tokio::test]
async fn pages_of_any_origin_may_post_but_not_read() {
    let server = Server::start().await;
    let origin = "Origin: https://www.shop.example\r\n";
    let body = batch("s1", 0, &[click(1)]).to_string();
    for (body, status) in [(body.as_str(), 204), ("{", 400)] {
        let answer = server.send("POST", "/v1/events", origin, body.as_bytes()).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://www.shop.example"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-expose-headers"), Some("Retry-After"));
        assert_eq!(answer.header("vary"), Some("Origin"));
    }
    let asks = format!(
        "{origin}Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n"
    );
    let answer = server.send("OPTIONS", "/v1/events", &asks, b"").await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://www.shop.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("content-type"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
    let answer = server.read("/v1/events", "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn events_of_a_newer_tracker_are_left_out_and_counted() {
    let server = Server::start().await;
    let newer = |number| changed(click(number), json!({ "type": "hovered", "news": [1] }));
    assert_eq!(server.post(batch("s1", 0, &[newer(1), click(2), newer(3)])).await.status, 204);
    assert_eq!(server.post(batch("s1", 1, &[newer(4)])).await.status, 204);
    let rows = server.events().await;
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &json!(id(2))));
    assert_eq!(server.unknown_events().await, 3);
}
