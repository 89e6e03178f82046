//! FACT-Finder's REST interface: all events, and the vendor's own examples.

use crate::common::{Answer, Server, batch, changed, hash, id, neutral};
use serde_json::{Value, json};

const CHANNELS: &str = "[[factfinder.channels]]\nname = \"de\"\ncurrency = \"EUR\"\n\
     [[factfinder.channels]]\nname = \"shop ü\"\n";

async fn post(server: &Server, event: &str, body: &Value) -> Answer {
    post_to(server, &format!("/rest/v5/track/de/{event}"), &body.to_string()).await
}

async fn post_to(server: &Server, target: &str, body: &str) -> Answer {
    let json = "Content-Type: application/json\r\n";
    server.send("POST", target, json, body.as_bytes()).await
}

/// The neutral events stored for a request.
async fn stored(server: &Server, event: &str, body: Value) -> Vec<Value> {
    let before = server.events().await.len();
    let answer = post(server, event, &body).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{event} {body}");
    let rows = server.events().await;
    rows.into_iter().skip(before).map(|row| neutral(row, "factfinder", "de")).collect()
}

/// Status and sentence of a refusal in the vendor's format.
fn error(answer: &Answer) -> (Value, String) {
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["stacktrace"], json!([]));
    assert_eq!(body.as_object().unwrap().len(), 3);
    (body["error"].clone(), body["errorDescription"].as_str().unwrap().to_owned())
}

/// Each event with all its fields, and the neutral event that it becomes.
fn all() -> Vec<(&'static str, Value, Value)> {
    let item = |kind: &str| {
        json!({
            "type": kind, "user": hash("userXf4H3fF"), "anonymous": hash("session1"),
            "itemType": "1", "itemId": "278006", "masterId": "278003", "title": "Chronos",
            "purchaser": hash("p1"),
        })
    };
    let given = json!({
        "id": "278006", "masterId": "278003", "title": "Chronos", "sid": "session1",
        "userId": "userXf4H3fF", "purchaserId": "p1",
    });
    let person = json!({ "id": null, "masterId": null, "title": null });
    let none = json!({ "itemType": null, "itemId": null, "masterId": null, "title": null });
    let search = json!({
        "query": "bag", "position": 2, "page": 1, "pageSize": 12, "score": 99.5, "campaign": "sale",
    });
    let line = json!({ "count": 3, "price": 9.99, "campaign": "sale" });
    let bought = json!({ "quantity": 3, "price": "9.99EUR", "campaign": "sale" });
    let filters = json!([{
        "name": "Brand", "substring": false,
        "values": [{ "exclude": false, "type": "or", "value": "KEEN" }],
    }]);
    vec![
        (
            "click",
            changed(
                given.clone(),
                json!({ "query": "bag", "pos": 2, "page": 1, "pageSize": 12, "score": 99.5, "campaign": "sale" }),
            ),
            changed(item("click"), json!({ "search": search })),
        ),
        ("cart", changed(given.clone(), line.clone()), changed(item("basket"), bought.clone())),
        ("checkout", changed(given.clone(), line), changed(item("buy"), bought)),
        ("login", changed(given.clone(), person.clone()), changed(item("login"), none.clone())),
        (
            "recommendationClick",
            changed(given.clone(), json!({ "mainId": "123" })),
            changed(item("clickRecommended"), json!({ "mainId": "123" })),
        ),
        (
            "feedback",
            changed(
                changed(given.clone(), person.clone()),
                json!({ "query": "bag", "positive": false, "message": "too many results" }),
            ),
            changed(
                changed(item("feedback"), none.clone()),
                json!({ "query": "bag", "positive": false, "message": "too many results" }),
            ),
        ),
        (
            "log",
            changed(
                given.clone(),
                json!({
                    "query": "bag", "page": 1, "pageSize": 12, "hitCount": 34, "searchTime": 12,
                    "minScore": 60, "maxScore": 100, "filters": filters, "searchField": "title",
                    "customSorting": true, "additionalInfo": "more",
                }),
            ),
            changed(
                item("cacheHit"),
                json!({
                    "itemType": null,
                    "query": "bag", "page": 1, "pageSize": 12, "hitCount": 34, "searchTimeMs": 12,
                    "minScore": 60, "maxScore": 100, "filters": filters, "itemId": "278006",
                    "searchField": "title", "customSorting": true, "additionalInfo": "more",
                }),
            ),
        ),
        ("predbasketClick", given.clone(), item("predictiveBasketClick")),
        (
            "landingPageClick",
            changed(given, json!({ "campaign": "sale", "pageId": "summer" })),
            changed(item("landingPageClick"), json!({ "campaign": "sale", "pageId": "summer" })),
        ),
    ]
}

#[tokio::test]
async fn every_event_becomes_a_neutral_one() {
    let server = Server::with(CHANNELS).await;
    for (event, given, expected) in all() {
        assert_eq!(stored(&server, event, json!([given])).await, [expected], "{event}");
    }
}

#[tokio::test]
async fn the_vendors_examples_are_accepted() {
    let server = Server::with(CHANNELS).await;
    let visitor = |kind: &str, more: Value| {
        changed(json!({ "type": kind, "anonymous": hash("session1") }), more)
    };
    let item = |id: &str| json!({ "itemType": "1", "itemId": id });
    let click = json!([{
        "id": "278006", "masterId": "278003", "pos": 2, "page": 1, "pageSize": 12, "query": "bag",
        "sid": "mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw", "title": "Chronos",
    }]);
    assert_eq!(
        stored(&server, "click", click).await,
        [json!({
            "type": "click", "anonymous": hash("mkCKX3fzZVOqQ1hkQt8vRA4WbZDTXw"), "itemType": "1",
            "itemId": "278006", "masterId": "278003", "title": "Chronos",
            "search": { "query": "bag", "position": 2, "page": 1, "pageSize": 12 },
        })]
    );
    let checkout = json!([
        { "count": 1, "id": "456", "price": 9.99, "sid": "session1" },
        { "count": 1, "id": "789", "price": 39.99, "sid": "session1" },
    ]);
    let line = |id: &str, price: &str| {
        changed(visitor("buy", item(id)), json!({ "quantity": 1, "price": price }))
    };
    assert_eq!(
        stored(&server, "checkout", checkout).await,
        [line("456", "9.99EUR"), line("789", "39.99EUR")]
    );
    let login = json!([{ "sid": "session1", "userId": "userXf4H3fF" }]);
    let user = json!({ "user": hash("userXf4H3fF") });
    assert_eq!(stored(&server, "login", login).await, [visitor("login", user)]);
    let clicked = json!([{ "id": "456", "mainId": "123", "sid": "session1" }]);
    assert_eq!(
        stored(&server, "recommendationClick", clicked).await,
        [changed(visitor("clickRecommended", item("456")), json!({ "mainId": "123" }))]
    );
    let said = json!({ "query": "bag", "positive": false, "message": "too many results" });
    let feedback = json!([changed(said.clone(), json!({ "sid": "session1" }))]);
    assert_eq!(stored(&server, "feedback", feedback).await, [visitor("feedback", said)]);
    let filters = json!([{
        "name": "Brand", "substring": false,
        "values": [{ "exclude": false, "type": "or", "value": "KEEN" }],
    }]);
    let log = json!([{
        "sid": "session1", "id": "", "query": "bag", "page": 1, "pageSize": 12, "hitCount": 34,
        "searchTime": 12, "minScore": 60, "maxScore": 100, "filters": filters,
    }]);
    let hit = json!({
        "query": "bag", "page": 1, "pageSize": 12, "hitCount": 34, "searchTimeMs": 12,
        "minScore": 60, "maxScore": 100, "filters": filters,
    });
    assert_eq!(stored(&server, "log", log).await, [visitor("cacheHit", hit)]);
}

#[tokio::test]
async fn all_versions_work_and_the_first_two_have_no_landing_page_events() {
    let server = Server::start().await;
    for version in ["v2", "v3", "v4", "v5"] {
        for (event, given, _) in all() {
            let target = format!("/rest/{version}/track/de/{event}");
            let answer = post_to(&server, &target, &json!([given]).to_string()).await;
            let known = event != "landingPageClick" || matches!(version, "v4" | "v5");
            assert_eq!(answer.status, if known { 200 } else { 404 }, "{target}");
        }
    }
    for target in [
        "/rest/v1/track/de/login",
        "/rest/v6/track/de/login",
        "/rest/v5/track/de/Login",
        "/rest/v5/track/de/logins",
    ] {
        let answer = post_to(&server, target, "[]").await;
        assert_eq!((answer.status, error(&answer).0), (404, "Not Found".into()), "{target}");
    }
    assert_eq!(server.get("/rest/v5/track/de/login").await.status, 405);
    assert_eq!(post_to(&server, "/rest/v5/track/de", "[]").await.status, 404);
}

#[tokio::test]
async fn numbers_and_texts_are_converted_like_in_the_vendors_service() {
    let server = Server::with(CHANNELS).await;
    let stored_one = async |event, given| stored(&server, event, json!([given])).await.remove(0);
    // Numbers instead of texts, and texts instead of numbers.
    let click = json!({
        "id": 278006, "query": 4711, "pos": "2", "score": "-1.5", "sid": 5, "userId": 9007199254740993u64,
        "title": "", "page": null, "masterId": "", "campaign": 7,
    });
    let row = stored_one("click", click).await;
    assert_eq!(
        row,
        json!({
            "type": "click", "anonymous": hash("5"), "user": hash("9007199254740993"),
            "itemType": "1", "itemId": "278006",
            "search": { "query": "4711", "position": 2, "score": -1.5, "campaign": "7" },
        })
    );
    let said = json!({ "sid": "s", "query": "bag", "positive": "true", "message": "" });
    assert_eq!(stored_one("feedback", said).await["positive"], true);
    let filters = json!({
        "sid": "s", "id": "", "query": "b", "page": 1, "pageSize": 1, "hitCount": 0, "searchTime": 0.5,
        "minScore": 0, "maxScore": 0, "filters": [],
    });
    let row = stored_one("log", filters.clone()).await;
    assert_eq!((row.get("filters"), row.get("masterId")), (None, None));
    // Empty values, and a fractional quantity.
    let more = json!({ "query": "", "title": "", "masterId": 7 });
    let row = stored_one("log", changed(filters, more)).await;
    let told = (&row["query"], row.get("title"), &row["masterId"]);
    assert_eq!(told, (&json!(""), None, &json!("7")));
    let click =
        json!({ "id": "1", "query": "", "pos": 1, "sid": "s", "title": "", "purchaserId": 12 });
    let row = stored_one("click", click).await;
    assert_eq!(row["search"], json!({ "query": "", "position": 1 }));
    assert_eq!((row.get("title"), &row["purchaser"]), (None, &json!(hash("12"))));
    let said = json!({ "sid": "s", "query": "", "positive": true });
    assert_eq!(stored_one("feedback", said).await["query"], "");
    for (count, quantity) in [(json!(0.5), 0.5), (json!("1.85"), 1.85), (json!(2.0), 2.0)] {
        let line = json!({ "id": "1", "count": count, "sid": "s", "title": "" });
        for event in ["cart", "checkout"] {
            assert_eq!(stored_one(event, line.clone()).await["quantity"].as_f64(), Some(quantity));
        }
    }
}

#[tokio::test]
async fn filters_are_stored_completely_or_refused() {
    let server = Server::with(CHANNELS).await;
    let log = |value: &str| {
        format!(
            r#"[{{"sid":"s","id":"","query":"b","page":1,"pageSize":1,"hitCount":0,"searchTime":0,
            "minScore":0,"maxScore":0,"filters":[{{"name":"Price","substring":false,"values":
            [{{"exclude":false,"type":"or","value":{value}}}]}}]}}]"#
        )
    };
    for value in [
        "[10,20.5]",
        r#"{"min":10,"max":{"amount":-0.000001,"of":[["a"]]}}"#,
        "12",
        "1763683200000",
        "-9007199254740991",
        "null",
        "true",
        "\"KEEN \\u00e4\"",
        "{}",
        "[]",
        "[[[[[[[1]]]]]]]",
    ] {
        let answer = post_to(&server, "/rest/v5/track/de/log", &log(value)).await;
        assert_eq!(answer.status, 200, "{value}: {}", answer.text());
        let row = server.events().await.pop().unwrap();
        let expected: Value = serde_json::from_str(value).unwrap();
        assert_eq!(row["filters"][0]["values"][0]["value"], expected, "{value}");
        // The same filters in a batch of the tracker.
        let mut events: Vec<Value> = serde_json::from_str(&log(value)).unwrap();
        let event = json!({
            "id": id(server.events().await.len() as u64), "type": "cacheHit", "at": 1, "query": "b",
            "page": 1, "pageSize": 1, "hitCount": 0, "searchTimeMs": 0, "minScore": 0,
            "maxScore": 0, "filters": events.remove(0)["filters"],
        });
        assert_eq!(server.post(batch("s", 0, &[event])).await.status, 204, "{value}");
        let row = server.events().await.pop().unwrap();
        assert_eq!(row["filters"][0]["values"][0]["value"], expected, "{value}");
    }
    let before = server.events().await.len();
    let deep = format!("{}1{}", "[".repeat(20), "]".repeat(20));
    for value in ["0.1234567", "1e300", "0.30000000000000004", deep.as_str()] {
        let answer = post_to(&server, "/rest/v5/track/de/log", &log(value)).await;
        let (_, sentence) = error(&answer);
        assert_eq!(answer.status, 400, "{value}");
        assert!(sentence.starts_with("[0].filters: has too deep nesting"), "{value}: {sentence}");
    }
    assert_eq!(server.events().await.len(), before);
}

#[tokio::test]
async fn prices_are_stored_as_written_with_the_channels_currency() {
    let server = Server::with(CHANNELS).await;
    let line = |price| format!(r#"[{{"id":"1","count":1,"sid":"s","price":{price}}}]"#);
    for (written, price) in [
        ("9.99", "9.99EUR"),
        ("12.50", "12.50EUR"),
        ("12.00", "12.00EUR"),
        ("456", "456EUR"),
        ("0", "0EUR"),
        ("1e2", "100EUR"),
        ("39.989999999999995", "39.99EUR"),
        ("\"12.50\"", "12.50EUR"),
        ("0.30000000000000004", "0.3EUR"),
    ] {
        for event in ["cart", "checkout"] {
            let target = format!("/rest/v5/track/de/{event}");
            let answer = post_to(&server, &target, &line(written)).await;
            assert_eq!(answer.status, 200, "{written}: {}", answer.text());
            assert_eq!(server.events().await.pop().unwrap()["price"], price, "{written}");
        }
    }
    for written in ["null", "\"\""] {
        assert_eq!(post_to(&server, "/rest/v5/track/de/cart", &line(written)).await.status, 200);
        assert_eq!(server.events().await.pop().unwrap().get("price"), None);
    }
    for written in ["-1", "9000000000", "\"12,50\"", "\"9.99EUR\"", "\"1e2\"", "true", "[1]"] {
        let answer = post_to(&server, "/rest/v5/track/de/cart", &line(written)).await;
        assert_eq!(answer.status, 400, "{written}");
        let (_, sentence) = error(&answer);
        assert_eq!(sentence, "[0].price: must be a number from 0 to below 9000000000");
    }
    // A channel without a currency, and a collector without a list of channels.
    let answer = post_to(&server, "/rest/v5/track/shop%20%C3%BC/cart", &line("9.99")).await;
    assert_eq!(answer.status, 200);
    let row = server.events().await.pop().unwrap();
    assert_eq!((&row["price"], &row["customer"]), (&"9.99XXX".into(), &"shop ü".into()));
    let server = Server::start().await;
    assert_eq!(post_to(&server, "/rest/v5/track/any/cart", &line("9.99")).await.status, 200);
    assert_eq!(server.events().await[0]["price"], "9.99XXX");
}

#[tokio::test]
async fn a_beacon_is_accepted_if_no_key_is_configured() {
    let server = Server::start().await;
    let body = br#"[{"sid":"s","userId":"u"}]"#;
    for headers in ["", "Content-Type: text/plain;charset=UTF-8\r\n"] {
        let answer = server.send("POST", "/rest/v5/track/de/login", headers, body).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{headers}");
    }
    assert_eq!(server.events().await.len(), 2, "each request gives a separate event");
}
