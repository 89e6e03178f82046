//! The refusals of Intempt's interface: status and sentence.

use crate::common::{Answer, Server, changed};
use serde_json::{Value, json};

const TARGET: &str = "/v1/org/projects/shop/sources/12/track";

async fn post(server: &Server, target: &str, headers: &str, body: &str) -> Answer {
    server.send("POST", target, headers, body.as_bytes()).await
}

fn message(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(body["error"].is_string());
    body["message"].as_str().unwrap().to_owned()
}

fn with(name: &str, change: Value) -> String {
    let right = json!({ "eventId": "e", "userId": "u", "data": { "productId": "1" } });
    let payload = [right.clone(), changed(right, change)];
    json!({ "track": [{ "name": name, "payload": payload }] }).to_string()
}

#[tokio::test]
async fn invalid_requests_get_400_with_a_sentence() {
    let server = Server::start().await;
    let view = |change| with("Product viewed", change);
    let long = "x".repeat(513);
    for (body, sentence) in [
        (String::new(), "the body is not a JSON object with a list `track`"),
        ("[]".to_owned(), "the body is not a JSON object with a list"),
        ("{\"track\":{}}".to_owned(), "the body is not a JSON object with a list"),
        ("{\"track\":[\"secret-user\"]}".to_owned(), "the body is not a JSON object with a list"),
        ("{}".to_owned(), "track: must be a list of at least one entry"),
        ("{\"track\":null}".to_owned(), "track: must be a list of at least one entry"),
        ("{\"track\":[]}".to_owned(), "track: must be a list of at least one entry"),
        (r#"{"track":[{"payload":[{}]}]}"#.to_owned(), "track[0].name: is required"),
        (r#"{"track":[{"name":7}]}"#.to_owned(), "track[0].name: must be text"),
        (
            r#"{"track":[{"name":"Product viewed"}]}"#.to_owned(),
            "track[0].payload: must be a list of at least one event",
        ),
        (
            r#"{"track":[{"name":"Product viewed","payload":[]}]}"#.to_owned(),
            "track[0].payload: must be a list of at least one event",
        ),
        (
            r#"{"track":[{"name":"Product viewed","payload":[7]}]}"#.to_owned(),
            "track[0].payload[0]: must be an object",
        ),
        (view(json!({ "eventId": null })), "track[0].payload[1].eventId: is required"),
        (view(json!({ "eventId": "" })), "track[0].payload[1].eventId: is required"),
        (view(json!({ "eventId": long })), "track[0].payload[1].eventId: is too long"),
        (
            view(json!({ "userId": null })),
            "track[0].payload[1]: must have one of userId, profileId, anotherUserId and accountId",
        ),
        (view(json!({ "userId": "" })), "track[0].payload[1]: must have one of"),
        (
            view(json!({ "userId": ["secret-user"] })),
            "track[0].payload[1].userId: must be text or a whole number",
        ),
        (view(json!({ "profileId": long })), "track[0].payload[1].profileId: is too long"),
        (
            view(json!({ "anotherUserId": "a\\b" })),
            "track[0].payload[1].anotherUserId: must have no",
        ),
        (view(json!({ "data": null })), "track[0].payload[1].data: is required"),
        (view(json!({ "data": [] })), "track[0].payload[1].data: must be an object"),
        (view(json!({ "data": {} })), "track[0].payload[1].data.productId: is required"),
        (view(json!({ "data": null, "productId": "1" })), "track[0].payload[1].data: is required"),
        (
            view(json!({ "data": { "productId": "" } })),
            "track[0].payload[1].data.productId: must not be empty",
        ),
        (
            with("Product ordered", json!({ "data": { "productId": "1", "quantity": 0 } })),
            "track[0].payload[1].data.quantity: must be above 0 and at most 1000000",
        ),
        (
            with("Added to cart", json!({ "data": { "productId": "1", "quantity": "x" } })),
            "track[0].payload[1].data.quantity: must be a number",
        ),
        (
            with("Product viewed", json!({ "accountId": {} })),
            "track[0].payload[1].accountId: must be text or a whole number",
        ),
        (
            with("Product viewed", json!({ "userId": null, "sessionId": "s" })),
            "track[0].payload[1]: must have one of",
        ),
    ] {
        let answer = post(&server, TARGET, "", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let said = message(&answer);
        assert!(said.starts_with(sentence) && !said.contains("secret-user"), "{body}: {said}");
    }
    for target in [
        "/v1/a%2Fb/projects/p/track",
        "/v1/a/projects/%5C/track",
        "/v1/a/projects/p/sources/%FF/track",
    ] {
        assert_eq!(post(&server, target, "", &with("Identify", json!({}))).await.status, 400);
    }
    assert!(server.events().await.is_empty(), "nothing of a refused request is stored");
}

#[tokio::test]
async fn a_missing_or_wrong_key_gets_401() {
    let server =
        Server::with("[intempt]\nkeys = [\"public.s3cret-1\", \"other.with.dots\"]\n").await;
    let body = with("Product viewed", json!({}));
    // Encoded by Python's base64: `public:s3cret-1` and `other:with.dots`.
    for headers in [
        "Authorization: Basic cHVibGljOnMzY3JldC0x\r\n",
        "Authorization: basic cHVibGljOnMzY3JldC0x\r\nContent-Type: application/json\r\n",
        "Authorization: Basic b3RoZXI6d2l0aC5kb3Rz\r\n",
    ] {
        assert_eq!(post(&server, TARGET, headers, &body).await.status, 200, "{headers}");
    }
    for query in ["?apiKey=public.s3cret-1", "?a=b&apiKey=other%2Ewith.dots"] {
        let answer = post(&server, &format!("{TARGET}{query}"), "", &body).await;
        assert_eq!(answer.status, 200, "{query}");
    }
    for (query, headers) in [
        ("", ""),
        ("?apiKey=", ""),
        ("?apiKey=public.s3cret-2", ""),
        ("?apikey=public.s3cret-1", ""),
        ("?apiKey=public:s3cret-1", ""),
        ("", "Authorization: Bearer cHVibGljOnMzY3JldC0x\r\n"),
        ("", "Authorization: Basic public.s3cret-1\r\n"),
        ("", "Authorization: Basic cHVibGljOnMzY3JldC0\r\n"),
        ("", "Authorization: Basic\r\n"),
        ("?apiKey=public.s3cret-1", "Authorization: Basic YTpi\r\n"),
        ("", "X-FF-API-Key: public.s3cret-1\r\n"),
    ] {
        let answer = post(&server, &format!("{TARGET}{query}"), headers, &body).await;
        assert_eq!(answer.status, 401, "{query} {headers}");
        assert!(!message(&answer).contains("s3cret"));
    }
    // The server reads the body before it refuses. Otherwise the connection would be reset before
    // the client sees the response.
    assert_eq!(post(&server, TARGET, "", &" ".repeat(1_000_000)).await.status, 413);
}

#[tokio::test]
async fn body_size_event_count_and_methods_are_limited() {
    let server = Server::with("[limits]\nbatch_events = 2\nbody_bytes = 500\n").await;
    let two = with("Product viewed", json!({ "eventId": "f" }));
    let entry = json!({ "name": "Product viewed", "payload": [{}] });
    let three = json!({ "track": [entry, entry, entry] }).to_string();
    for (body, status) in
        [(two.clone(), 200), (three, 413), (format!("{two}{}", " ".repeat(500)), 413)]
    {
        assert_eq!(post(&server, TARGET, "", &body).await.status, status, "{body}");
    }
    let html = "Content-Type: text/html\r\n";
    assert_eq!(post(&server, TARGET, html, &two).await.status, 415);
    for method in ["GET", "HEAD", "PUT", "DELETE"] {
        let answer = server.send(method, TARGET, "", b"").await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("POST, OPTIONS")),
            "{method}"
        );
    }
    for target in ["/v1/org/projects/shop", "/v1/org/projects/shop/sources/1", "/v1/org"] {
        assert_eq!(server.get(target).await.status, 404, "{target}");
    }
    assert_eq!(server.events().await.len(), 2);
}
