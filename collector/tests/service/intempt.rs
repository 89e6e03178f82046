//! Intempt's interface: the vendor's own examples, user ids, duplicates, and names of the shop's
//! own.

use crate::common::{Answer, Server, batch, changed, click, hash, id};
use serde_json::{Value, json};

const TARGET: &str = "/v1/org/projects/shop/sources/1234567890123456789/track";

async fn post_to(server: &Server, target: &str, body: &Value) -> Answer {
    let json = "Content-Type: application/json\r\n";
    server.send("POST", target, json, body.to_string().as_bytes()).await
}

async fn post(server: &Server, body: &Value) -> Answer {
    post_to(server, TARGET, body).await
}

/// The rows stored for a request, without their numbers and times of receipt.
async fn stored(server: &Server, body: Value) -> Vec<Value> {
    let before = server.events().await.len();
    let answer = post(server, &body).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"), "{body}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let rows = server.events().await.into_iter().skip(before);
    rows.map(|row| {
        assert_eq!(row["source"], "intempt");
        assert_eq!(row["customer"], "org/shop/1234567890123456789");
        let ids = ["user", "anonymous", "account", "anotherUser"];
        let nobody = ids.iter().all(|id| row.get(id).is_none());
        assert_eq!(row.get("key"), (!nobody).then_some(&json!(3)));
        changed(row, json!({ "row": null, "receivedAt": null, "source": null, "customer": null, "key": null }))
    })
    .collect()
}

fn one(name: &str, payload: Value) -> Value {
    json!({ "track": [{ "name": name, "payload": [payload] }] })
}

fn view(more: Value) -> Value {
    changed(json!({ "eventId": "e", "userId": "u", "data": { "productId": "1" } }), more)
}

/// The rows without ids and times made by the collector.
fn undated(rows: Vec<Value>) -> Vec<Value> {
    rows.into_iter().map(|row| changed(row, json!({ "id": null, "at": null }))).collect()
}

fn item(kind: &str, product: &str, more: Value) -> Value {
    changed(json!({ "type": kind, "itemType": "1", "itemId": product }), more)
}

#[tokio::test]
async fn the_vendors_examples_are_accepted() {
    let server = Server::start().await;
    let body = json!({ "track": [
        { "name": "Product viewed", "payload": [{
            "eventId": "evt_1", "profileId": "p-1", "sessionId": "s-1", "pageId": "pg-1",
            "timestamp": 1_760_000_000_000u64, "data": { "productId": "SKU_987" },
        }] },
        { "name": "Product ordered", "payload": [
            { "eventId": "evt_2", "userId": "user_123", "data": { "productId": "SKU_1", "quantity": 2 } },
            { "eventId": "evt_3", "userId": "user_123", "data": { "productId": "SKU_2", "quantity": 1 } },
        ] },
    ] });
    let rows = stored(&server, body).await;
    assert_eq!(rows[0]["at"], 1_760_000_000_000u64);
    let by = json!({ "user": hash("user_123") });
    assert_eq!(
        undated(rows),
        [
            item(
                "click",
                "SKU_987",
                json!({ "anonymous": hash("p-1"), "session": hash("s-1"), "page": hash("pg-1") })
            ),
            item("buy", "SKU_1", changed(by.clone(), json!({ "quantity": 2 }))),
            item("buy", "SKU_2", changed(by.clone(), json!({ "quantity": 1 }))),
        ]
    );
    let added = json!({
        "eventId": "evt_10001", "userId": "user_123", "data": { "productId": "SKU_987" },
    });
    let rows = stored(&server, one("Added to cart", added)).await;
    assert_eq!(undated(rows), [item("basket", "SKU_987", by)]);
}

#[tokio::test]
async fn every_event_becomes_a_neutral_one() {
    let server = Server::start().await;
    for (number, (name, kind, quantity)) in [
        ("Product viewed", "click", None),
        ("Added to cart", "basket", Some(3)),
        ("Removed from cart", "deleteFromBasket", Some(3)),
        ("Product ordered", "buy", Some(3)),
    ]
    .into_iter()
    .enumerate()
    {
        let event_id = id(number as u64);
        let payload = json!({
            "eventId": event_id, "profileId": "visitor", "userId": "account", "accountId": "firm",
            "timestamp": 1_760_000_000_000u64, "userAttributes": { "a": 1 },
            "data": { "productId": "7", "quantity": 3 },
        });
        let expected = json!({
            "id": event_id, "at": 1_760_000_000_000u64, "user": hash("account"),
            "anonymous": hash("visitor"), "quantity": quantity, "account": hash("firm"),
        });
        let expected: Value = item(kind, "7", expected);
        assert_eq!(stored(&server, one(name, payload)).await, [expected], "{name}");
    }
    let alias = json!({ "name": "Identify", "type": "alias", "payload": [{
        "eventId": id(9), "profileId": "visitor", "userId": "account", "anotherUserId": "visitor",
    }] });
    let rows = stored(&server, json!({ "track": [alias] })).await;
    let login = json!({ "type": "login", "user": hash("account"), "anonymous": hash("visitor") });
    assert_eq!(rows[0]["id"], id(9));
    assert_eq!(undated(rows), [login]);
}

#[tokio::test]
async fn each_user_id_is_stored_under_its_own_name() {
    let server = Server::start().await;
    for (number, (given, expected)) in [
        (json!({ "userId": "u" }), json!({ "user": hash("u") })),
        (json!({ "userId": 12345 }), json!({ "user": hash("12345") })),
        (json!({ "profileId": "p" }), json!({ "anonymous": hash("p") })),
        (json!({ "anotherUserId": "a" }), json!({ "anonymous": hash("a") })),
        (
            json!({ "profileId": "p", "anotherUserId": "a" }),
            json!({ "anonymous": hash("p"), "anotherUser": hash("a") }),
        ),
        (json!({ "profileId": "p", "anotherUserId": "p" }), json!({ "anonymous": hash("p") })),
        (json!({ "profileId": "", "anotherUserId": "a" }), json!({ "anonymous": hash("a") })),
        (
            json!({ "userId": "u", "anotherUserId": "a" }),
            json!({ "user": hash("u"), "anonymous": hash("a") }),
        ),
        // A company is not a person.
        (json!({ "accountId": "firm" }), json!({ "account": hash("firm") })),
        (
            json!({ "accountId": "firm", "userId": "u", "anotherAccountId": 7 }),
            json!({ "user": hash("u"), "account": hash("firm"), "anotherAccount": hash("7") }),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let payload = changed(view(json!({ "userId": null, "eventId": number })), given.clone());
        let rows = undated(stored(&server, one("Product viewed", payload)).await);
        assert_eq!(rows, [item("click", "1", expected)], "{given}");
    }
}

#[tokio::test]
async fn an_event_id_counts_once_within_its_source() {
    let server = Server::start().await;
    let send = async |target: &str, event_id: Value| {
        let body = one("Product viewed", view(json!({ "eventId": event_id })));
        assert_eq!(post_to(&server, target, &body).await.status, 200);
        server.events().await.len()
    };
    assert_eq!(send(TARGET, "evt_1".into()).await, 1);
    assert_eq!(send(TARGET, "evt_1".into()).await, 1);
    assert_eq!(send(TARGET, "EVT_1".into()).await, 2);
    assert_eq!(send(TARGET, 7.into()).await, 3);
    assert_eq!(send(TARGET, "7".into()).await, 3);
    // An event id is unique within one source only.
    assert_eq!(send("/v1/org/projects/shop/sources/2/track", "evt_1".into()).await, 4);
    assert_eq!(send("/v1/org/projects/shop/track", "evt_1".into()).await, 5);
    assert_eq!(send("/v1/or%67/projects/shop/track", "evt_1".into()).await, 5);
    // The tracker's ids are kept, so that the same event delivered in another way counts once.
    assert_eq!(send(TARGET, id(1).into()).await, 6);
    assert_eq!(server.events().await[5]["id"], id(1));
    assert_eq!(send("/v1/org/projects/shop/track", id(1).into()).await, 6);
    server.post(batch("s1", 0, &[click(1)])).await;
    assert_eq!(server.events().await.len(), 6);
    // An id in upper case is not one of the tracker's.
    assert_eq!(send(TARGET, id(1).to_uppercase().into()).await, 7);
    let made = server.events().await[0]["id"].as_str().unwrap().to_owned();
    // RFC 9562: version 8, variant 10.
    assert_eq!((made.len(), &made[14..15]), (36, "8"));
    assert!(matches!(&made[19..20], "8" | "9" | "a" | "b"), "{made}");
    let customers: Vec<Value> =
        server.events().await.iter().map(|row| row["customer"].clone()).collect();
    assert_eq!(customers[3..5], [json!("org/shop/2"), json!("org/shop")]);
}

#[tokio::test]
async fn an_impossible_time_is_replaced_by_the_time_of_receipt() {
    let server = Server::start().await;
    for (number, (timestamp, believed)) in [
        (json!(1_262_304_000_000u64), true),
        (json!(2_240_611_199_999u64), true),
        (json!(1_262_303_999_999u64), false),
        (json!(2_240_611_200_000u64), false),
        (json!(1_760_000_000), false),
        (json!(-5), false),
        (json!("yesterday"), false),
        (json!(null), false),
    ]
    .into_iter()
    .enumerate()
    {
        let payload = view(json!({ "eventId": number, "timestamp": timestamp }));
        let answer = post(&server, &one("Product viewed", payload)).await;
        assert_eq!(answer.status, 200);
        let row = server.events().await.pop().unwrap();
        let expected = if believed { &timestamp } else { &row["receivedAt"] };
        assert_eq!(&row["at"], expected, "{timestamp}");
    }
}

#[tokio::test]
async fn unknown_events_are_left_out_and_counted() {
    let server = Server::start().await;
    let counted = || server.unknown_events();
    // As the vendor's browser client sends them: a page view before the product view, in one
    // request.
    let about = json!({ "eventId": "ev_1", "profileId": "p", "sessionId": "s", "pageId": "pg" });
    let with = |more: Value| changed(about.clone(), more);
    let body = json!({ "track": [
        { "name": "Session start", "type": "session", "payload": [with(json!({ "eventId": "ev_0" }))] },
        { "name": "View Page", "type": "page", "payload": [with(json!({ "data": { "url": "/" } }))] },
        { "name": "Product viewed", "type": "product",
          "payload": [with(json!({ "eventId": "ev_2", "data": { "productId": "7" } }))] },
        { "name": "Signed up", "payload": [with(json!({ "eventId": 3 })), with(json!({ "eventId": 4 }))] },
        { "name": "product viewed", "payload": [] },
        { "name": "no payload" },
    ] });
    let rows = undated(stored(&server, body).await);
    let ids = json!({ "anonymous": hash("p"), "session": hash("s"), "page": hash("pg") });
    assert_eq!(rows, [item("click", "7", ids.clone())]);
    assert_eq!(counted().await, 5);
    // A group is an `Identify` without a user. Nothing of it is stored.
    let group = with(json!({ "accountId": "firm", "accountAttributes": { "size": 5 } }));
    assert!(stored(&server, one("Identify", group)).await.is_empty());
    assert_eq!(counted().await, 6);
    // The name of an `identify` can be the shop's own.
    let named = json!({ "track": [{ "name": "Logged in", "type": "identify",
        "payload": [with(json!({ "userId": "u", "userAttributes": { "email": "secret@a.example" } }))] }] });
    let login = changed(json!({ "type": "login", "user": hash("u") }), ids);
    assert_eq!(undated(stored(&server, named).await), [login]);
    // An invalid event of a known name still refuses the request.
    let wrong = json!({ "track": [
        { "name": "View Page", "payload": [about] },
        { "name": "Product viewed", "payload": [{ "eventId": "e", "profileId": "p" }] },
    ] });
    assert_eq!(post(&server, &wrong).await.status, 400);
    assert_eq!(counted().await, 6);
}

#[tokio::test]
async fn configured_event_names_are_accepted_in_addition_to_intempts() {
    let toml =
        "[intempt]\nnames = { click = \"Viewed\", buy = \"Product viewed\", login = \"Joined\" }\n";
    let server = Server::with(toml).await;
    let named = |name: &str, id: &str, more: Value| {
        let payload = changed(json!({ "eventId": id, "userId": "u", "profileId": "p" }), more);
        json!({ "name": name, "payload": [payload] })
    };
    let product = |id: &str| json!({ "data": { "productId": id, "quantity": 2 } });
    let body = json!({ "track": [
        named("Viewed", "e1", json!({ "data": { "productId": "1" } })),
        named("Product viewed", "e2", product("2")),
        named("Added to cart", "e3", product("3")),
        named("Joined", "e4", json!({})),
        named("viewed", "e5", product("5")),
    ] });
    let rows = stored(&server, body).await;
    let types: Vec<_> = rows.iter().map(|row| (&row["type"], &row["itemId"])).collect();
    let (one, two, three) = (json!("1"), json!("2"), json!("3"));
    let kinds = ["click", "buy", "basket", "login"].map(|kind| json!(kind));
    let [click, buy, basket, login] = &kinds;
    assert_eq!(types, [(click, &one), (buy, &two), (basket, &three), (login, &Value::Null)]);
    assert_eq!(server.unknown_events().await, 1);
}

#[tokio::test]
async fn each_order_line_counts_once() {
    let server = Server::start().await;
    let shared = id(1);
    for event_id in ["0192f0c1-7a58-4f4e-9d0b-2f3a4b5c6d7e", shared.as_str()] {
        let line = |product: &str, quantity: u64| {
            json!({ "eventId": event_id, "userId": "u", "timestamp": 1_760_000_000_000u64,
                    "data": { "productId": product, "quantity": quantity } })
        };
        let order =
            |lines: &[Value]| json!({ "track": [{ "name": "Product ordered", "payload": lines }] });
        let lines = [line("SKU_1", 2), line("SKU_2", 1), line("SKU_1", 2), line("SKU_1", 1)];
        let rows = stored(&server, order(&lines)).await;
        let told: Vec<_> = rows.iter().map(|row| (&row["itemId"], &row["quantity"])).collect();
        let expected = [("SKU_1", 2), ("SKU_2", 1), ("SKU_1", 2), ("SKU_1", 1)]
            .map(|(a, b)| (json!(a), json!(b)));
        assert_eq!(told, expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
        let unique: std::collections::HashSet<_> =
            rows.iter().map(|row| row["id"].to_string()).collect();
        assert_eq!(unique.len(), 4);
        assert_eq!(stored(&server, order(&lines)).await.len(), 0, "the same request again");
    }
    // The rest of an order in a second request, as after a 413.
    let line = |product: &str| json!({ "eventId": "order-2", "userId": "u", "data": { "productId": product } });
    for product in ["a", "b", "c"] {
        assert_eq!(stored(&server, one("Product ordered", line(product))).await.len(), 1);
        assert_eq!(stored(&server, one("Product ordered", line(product))).await.len(), 0);
    }
    // Two different events with the same id.
    assert_eq!(stored(&server, one("Added to cart", line("a"))).await.len(), 1);
}

#[tokio::test]
async fn unknown_data_fields_are_stored_unchanged() {
    let server = Server::start().await;
    let more = json!({
        "price": 9.990001, "currency": "EUR", "title": "A \"B\"", "tags": ["x", { "deep": [[[[[[1]]]]]] }],
        "big": 9_007_199_254_740_993u64, "nothing": null,
    });
    let data = changed(json!({ "productId": "7", "quantity": 3 }), json!({}));
    let mut given = more.clone();
    given.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    let rows = stored(&server, one("Added to cart", view(json!({ "data": given })))).await;
    assert_eq!((&rows[0]["data"], &rows[0]["quantity"]), (&more, &json!(3)));
    let rows = stored(&server, one("Product viewed", view(json!({ "eventId": "f" })))).await;
    assert_eq!(rows[0].get("data"), None);
    // The same for an `Identify`.
    let login =
        json!({ "eventId": "g", "userId": "u", "profileId": "p", "data": { "plan": "gold" } });
    assert_eq!(stored(&server, one("Identify", login)).await[0]["data"], json!({ "plan": "gold" }));
}
