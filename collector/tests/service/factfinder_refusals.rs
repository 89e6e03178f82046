//! The refusals of FACT-Finder's REST interface: status and sentence.

use crate::common::{Answer, Server, changed};
use serde_json::{Value, json};

async fn post(server: &Server, target: &str, headers: &str, body: &str) -> Answer {
    server.send("POST", target, headers, body.as_bytes()).await
}

/// A refusal in the vendor's format.
fn error(answer: &Answer) -> (String, String) {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((body.as_object().unwrap().len(), &body["stacktrace"]), (3, &json!([])));
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    (text("error"), text("errorDescription"))
}

#[tokio::test]
async fn a_missing_or_empty_required_field_is_refused() {
    let server = Server::start().await;
    let log = json!({
        "id": "", "query": "bag", "page": 1, "pageSize": 12, "hitCount": 34, "searchTime": 12,
        "minScore": 60, "maxScore": 100, "filters": [], "sid": "s",
    });
    for (event, given, required) in [
        (
            "click",
            json!({ "id": "1", "query": "q", "pos": 1, "sid": "s" }),
            &["id", "query", "pos", "sid"] as &[_],
        ),
        ("cart", json!({ "id": "1", "count": 1, "sid": "s" }), &["id", "count", "sid"]),
        ("checkout", json!({ "id": "1", "count": 1, "sid": "s" }), &["id", "count", "sid"]),
        ("login", json!({ "sid": "s", "userId": "u" }), &["sid", "userId"]),
        (
            "recommendationClick",
            json!({ "id": "1", "mainId": "2", "sid": "s" }),
            &["id", "mainId", "sid"],
        ),
        (
            "feedback",
            json!({ "query": "q", "positive": true, "sid": "s" }),
            &["query", "positive", "sid"],
        ),
        (
            "log",
            log,
            &[
                "query",
                "page",
                "pageSize",
                "hitCount",
                "searchTime",
                "minScore",
                "maxScore",
                "filters",
                "id",
                "sid",
            ],
        ),
        (
            "predbasketClick",
            json!({ "id": "1", "sid": "s", "userId": "u" }),
            &["id", "sid", "userId"],
        ),
        (
            "landingPageClick",
            json!({ "id": "1", "campaign": "c", "pageId": "p", "sid": "s" }),
            &["id", "campaign", "pageId", "sid"],
        ),
    ] {
        let target = format!("/rest/v5/track/de/{event}");
        assert_eq!(post(&server, &target, "", &json!([given]).to_string()).await.status, 200);
        for field in required {
            let without = changed(given.clone(), json!({ *field: null }));
            // The same after a valid event: no part of the array is stored.
            let answer = post(&server, &target, "", &json!([given, without]).to_string()).await;
            assert_eq!(answer.status, 400, "{event} {field}");
            let sentence = format!("[1].{field}: is required");
            assert_eq!(error(&answer), ("Bad Request".to_owned(), sentence));
            // An empty query is valid.
            if given[*field].is_string() && event != "log" && *field != "query" {
                let empty = changed(given.clone(), json!({ *field: "" }));
                let answer = post(&server, &target, "", &json!([empty]).to_string()).await;
                assert_eq!(error(&answer).1, format!("[0].{field}: must not be empty"));
            }
        }
    }
    assert_eq!(server.events().await.len(), 9, "an event of each kind");
}

#[tokio::test]
async fn invalid_requests_get_400_in_the_vendors_format() {
    let server = Server::start().await;
    let long = "x".repeat(513);
    let with = |change: Value| {
        let click = json!({ "id": "1", "query": "q", "pos": 1, "sid": "s" });
        json!([changed(click, change)]).to_string()
    };
    for (body, sentence) in [
        (String::new(), "the body is not an array in JSON"),
        ("{".to_owned(), "the body is not an array in JSON"),
        ("{}".to_owned(), "the body is not an array in JSON"),
        ("[{}".to_owned(), "the body is not an array in JSON"),
        ("[] []".to_owned(), "the body is not an array in JSON"),
        ("[]".to_owned(), "the array must have at least one event"),
        ("[null]".to_owned(), "[0]: must be an object"),
        ("[[]]".to_owned(), "[0]: must be an object"),
        ("[\"secret-user\"]".to_owned(), "[0]: must be an object"),
        (with(json!({ "pos": 0 })), "[0].pos: is outside its range"),
        (with(json!({ "pos": 1.5 })), "[0].pos: must be a whole number"),
        (with(json!({ "pos": "first" })), "[0].pos: must be a whole number"),
        (with(json!({ "page": -1 })), "[0].page: is outside its range"),
        (with(json!({ "score": "1e3" })), "[0].score: must be a number"),
        (with(json!({ "query": ["q"] })), "[0].query: must be text"),
        (with(json!({ "id": 1.5 })), "[0].id: must be a whole number"),
        (with(json!({ "id": long })), "[0].id: is too long"),
        (with(json!({ "id": "a\\b" })), "[0].id: must have no backslash"),
        (with(json!({ "sid": long })), "[0].sid: is too long"),
        (with(json!({ "sid": {} })), "[0].sid: must be text or a whole number"),
        (with(json!({ "userId": ["secret-user"] })), "[0].userId: must be text or a whole number"),
    ] {
        let answer = post(&server, "/rest/v5/track/de/click", "", &body).await;
        assert_eq!(answer.status, 400, "{body}");
        let (name, said) = error(&answer);
        assert_eq!(name, "Bad Request");
        assert!(said.starts_with(sentence) && !said.contains("secret-user"), "{body}: {said}");
    }
    for (event, body, sentence) in [
        (
            "cart",
            r#"[{"id":"1","count":0,"sid":"s"}]"#,
            "[0].count: must be above 0 and at most 1000000",
        ),
        ("cart", r#"[{"id":"1","count":"x","sid":"s"}]"#, "[0].count: must be a number"),
        (
            "feedback",
            r#"[{"query":"q","positive":"yes","sid":"s"}]"#,
            "[0].positive: must be true or false",
        ),
        (
            "log",
            r#"[{"sid":"s","id":"","query":"b","page":1,"pageSize":1,"hitCount":0,"searchTime":0,
                "minScore":0,"maxScore":0,"filters":{"a":1}}]"#,
            "[0].filters: must be a list",
        ),
    ] {
        let answer = post(&server, &format!("/rest/v5/track/de/{event}"), "", body).await;
        assert_eq!((answer.status, error(&answer).1), (400, sentence.to_owned()), "{body}");
    }
    for target in
        ["/rest/v5/track/%2F/login", "/rest/v5/track/a%5Cb/login", "/rest/v5/track/%FF/login"]
    {
        assert_eq!(post(&server, target, "", "[]").await.status, 400, "{target}");
    }
    assert!(server.events().await.is_empty());
}

#[tokio::test]
async fn a_missing_or_wrong_key_gets_401() {
    let server = Server::with("[factfinder]\nkeys = [\"key-one\", \"key-two\"]\n").await;
    let body = r#"[{"sid":"s","userId":"u"}]"#;
    let target = "/rest/v5/track/de/login";
    for headers in ["X-FF-API-Key: key-one\r\n", "x-ff-api-key: key-two\r\n"] {
        assert_eq!(post(&server, target, headers, body).await.status, 200, "{headers}");
        let headers = format!("{headers}Content-Type: application/json\r\n");
        assert_eq!(post(&server, target, &headers, body).await.status, 200, "{headers}");
    }
    let query = "/Tracking.ff?channel=de&event=login&userId=u&sid=s";
    for headers in [
        "",
        "X-FF-API-Key:\r\n",
        "X-FF-API-Key: key-three\r\n",
        "X-FF-API-Key: key-onee\r\n",
        "X-FF-API-Key: KEY-ONE\r\n",
        "X-FF-API-Key: key-one,key-two\r\n",
        "Authorization: Bearer key-one\r\n",
    ] {
        let answer = post(&server, target, headers, body).await;
        assert_eq!(answer.status, 401, "{headers}");
        assert_eq!(error(&answer).0, "Unauthorized");
        assert_eq!(server.send("GET", query, headers, b"").await.status, 401, "{headers}");
    }
    // The server reads the body before it refuses. Otherwise the connection would be reset before
    // the client sees the response.
    assert_eq!(post(&server, target, "", &" ".repeat(1_000_000)).await.status, 413);
    assert_eq!(server.events().await.len(), 4);
    assert_eq!(server.send("GET", query, "X-FF-API-Key: key-one\r\n", b"").await.status, 200);
}

#[tokio::test]
async fn an_unknown_channel_gets_403() {
    let server = Server::with("[[factfinder.channels]]\nname = \"de\"\n").await;
    let body = r#"[{"sid":"s","userId":"u"}]"#;
    for (channel, status) in [("de", 200), ("DE", 403), ("at", 403)] {
        let answer = post(&server, &format!("/rest/v5/track/{channel}/login"), "", body).await;
        assert_eq!(answer.status, status, "{channel}");
        if status == 403 {
            let expected = ("Forbidden".to_owned(), "the channel is not known".to_owned());
            assert_eq!(error(&answer), expected);
        }
        let query = format!("/Tracking.ff?channel={channel}&event=login&userId=u&sid=s");
        assert_eq!(server.get(&query).await.status, status, "{channel}");
    }
    assert_eq!(server.events().await.len(), 2);
}

#[tokio::test]
async fn body_size_and_event_count_are_limited() {
    let server = Server::with("[limits]\nbatch_events = 2\nbody_bytes = 200\n").await;
    let one = r#"{"sid":"s","userId":"u"}"#;
    for (body, status) in [
        (format!("[{one},{one}]"), 200),
        (format!("[{one},{one},{one}]"), 413),
        (format!("[{one}{}]", " ".repeat(200)), 413),
    ] {
        let answer = post(&server, "/rest/v5/track/de/login", "", &body).await;
        assert_eq!(answer.status, status, "{body}");
        if status == 413 {
            assert_eq!(error(&answer).0, "Payload Too Large");
        }
    }
    let typed = "Content-Type: text/html\r\n";
    let answer = post(&server, "/rest/v5/track/de/login", typed, "[]").await;
    assert_eq!((answer.status, error(&answer).0), (415, "Unsupported Media Type".to_owned()));
}

#[tokio::test]
async fn all_routes_are_below_the_base_path() {
    let server = Server::with("[factfinder]\nbase_path = \"/FACT-Finder\"\n").await;
    let body = r#"[{"sid":"s","userId":"u"}]"#;
    let query = "Tracking.ff?channel=de&event=login&userId=u&sid=s";
    for (base, status) in [("/FACT-Finder", 200), ("", 404)] {
        let target = format!("{base}/rest/v5/track/de/login");
        assert_eq!(post(&server, &target, "", body).await.status, status, "{target}");
        let status = if status == 200 { 200 } else { 404 };
        assert_eq!(server.get(&format!("{base}/{query}")).await.status, status, "{base}");
    }
    assert_eq!(server.events().await.len(), 2);
}
