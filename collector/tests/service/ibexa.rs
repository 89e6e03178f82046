//! Ibexa's interface: the vendor's own examples, and the requests of other clients.

use crate::common::{JOHNDOE, Server, VISITOR, raw};
use serde_json::{Value, json};

/// The user journey in the vendor's documentation: each request, and its neutral event.
fn journey() -> Vec<(&'static str, Value)> {
    let by_visitor = |mut event: Value| {
        event["user"] = VISITOR.into();
        event
    };
    let by_account = |mut event: Value| {
        event["user"] = JOHNDOE.into();
        event
    };
    let items = |ids: &[&str]| -> Value {
        ids.iter().map(|id| json!({ "itemId": id, "itemType": "1" })).collect()
    };
    vec![
        (
            "/api/00000/click/Js79009234YU7/1/123?categorypath=%2FShoes%2FChildren",
            by_visitor(
                json!({ "type": "click", "itemType": "1", "itemId": "123", "categoryPath": "Shoes/Children" }),
            ),
        ),
        (
            "/api/00000/rendered/Js79009234YU7/1/128,129,155",
            by_visitor(
                json!({ "type": "rendered", "itemType": "1", "items": items(&["128", "129", "155"]) }),
            ),
        ),
        (
            "/api/00000/clickrecommended/Js79009234YU7/1/155?scenario=also_bought",
            by_visitor(
                json!({ "type": "clickRecommended", "itemType": "1", "itemId": "155", "scenario": "also_bought" }),
            ),
        ),
        (
            "/api/00000/consume/Js79009234YU7/3/452?percentage=60",
            by_visitor(
                json!({ "type": "consume", "itemType": "3", "itemId": "452", "percentage": 60 }),
            ),
        ),
        (
            "/api/00000/basket/Js79009234YU7/1/128",
            by_visitor(json!({ "type": "basket", "itemType": "1", "itemId": "128" })),
        ),
        (
            "/api/00000/deletefrombasket/Js79009234YU7/1/128",
            by_visitor(json!({ "type": "deleteFromBasket", "itemType": "1", "itemId": "128" })),
        ),
        (
            "/api/00000/wishlist/Js79009234YU7/1/128?price=2.50EUR",
            by_visitor(
                json!({ "type": "wishlist", "itemType": "1", "itemId": "128", "price": "2.50EUR" }),
            ),
        ),
        (
            "/api/00000/login/Js79009234YU7/johndoe",
            json!({ "type": "login", "anonymous": VISITOR, "user": JOHNDOE }),
        ),
        (
            "/api/00000/buy/johndoe/1/129?quantity=2&fullprice=4.44EUR",
            by_account(
                json!({ "type": "buy", "itemType": "1", "itemId": "129", "quantity": 2, "price": "4.44EUR" }),
            ),
        ),
        (
            "/api/00000/rate/johndoe/1/133?rating=5",
            by_account(json!({ "type": "rate", "itemType": "1", "itemId": "133", "rating": 5 })),
        ),
        (
            "/api/00000/triggeropened/johndoe?triggername=action_trigger_ref_code",
            by_account(
                json!({ "type": "triggerOpened", "triggerName": "action_trigger_ref_code" }),
            ),
        ),
        (
            "/api/00000/clicktriggered/johndoe/46/959?triggername=action_trigger_ref_code",
            by_account(
                json!({ "type": "clickTriggered", "itemType": "46", "itemId": "959", "triggerName": "action_trigger_ref_code" }),
            ),
        ),
    ]
}

fn neutral(row: Value) -> Value {
    crate::common::neutral(row, "ibexa", "00000")
}

#[tokio::test]
async fn the_vendors_examples_become_neutral_events_by_get_and_by_post() {
    let server = Server::start().await;
    for method in ["GET", "POST"] {
        for (target, _) in journey() {
            let answer = server.send(method, target, "", b"").await;
            assert_eq!(
                (answer.status, answer.body.len()),
                (204, 0),
                "{method} {target}: {}",
                answer.text()
            );
        }
    }
    let rows = server.events().await;
    let expected: Vec<_> = journey().into_iter().chain(journey()).collect();
    assert_eq!(rows.len(), expected.len());
    for (row, (target, event)) in rows.into_iter().zip(expected) {
        assert_eq!(neutral(row), event, "{target}");
    }
    let ids: std::collections::HashSet<_> =
        server.events().await.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), 24, "each request gives a separate event");
}

/// The neutral event stored for a request.
async fn stored(server: &Server, target: &str) -> Value {
    let answer = server.get(target).await;
    assert_eq!(answer.status, 204, "{target}: {}", answer.text());
    neutral(server.events().await.pop().unwrap())
}

#[tokio::test]
async fn the_remaining_events_become_neutral_events() {
    let server = Server::start().await;
    for (word, kind) in
        [("deletefromwishlist", "deleteFromWishlist"), ("blacklist", "blacklist"), ("owns", "owns")]
    {
        let row = stored(&server, &format!("/api/00000/{word}/johndoe/1/7")).await;
        assert_eq!(row, json!({ "type": kind, "user": JOHNDOE, "itemType": "1", "itemId": "7" }));
    }
    let row = stored(&server, "/api/00000/transfer/Js79009234YU7/johndoe").await;
    assert_eq!(row, json!({ "type": "login", "anonymous": VISITOR, "user": JOHNDOE }));
    let row = stored(&server, "/api/00000/consume/johndoe/1/7").await;
    assert_eq!(row, json!({ "type": "consume", "user": JOHNDOE, "itemType": "1", "itemId": "7" }));
    for model in ["modelid", "modelId"] {
        let row = stored(
            &server,
            &format!("/api/00000/clickrecommended/johndoe/1/7?{model}=37&scenario=a%20b&variant=B"),
        )
        .await;
        assert_eq!((&row["modelId"], &row["scenario"]), (&"37".into(), &"a b".into()));
        assert_eq!(row["variant"], "B");
    }
    for model in ["modelid", "modelId"] {
        let row =
            stored(&server, &format!("/api/00000/rendered/johndoe/1/7?scenario=s&{model}=1")).await;
        assert_eq!(
            (&row["items"], &row["scenario"], &row["modelId"]),
            (&json!([{ "itemId": "7", "itemType": "1" }]), &"s".into(), &"1".into())
        );
    }
    let row = stored(
        &server,
        "/api/00000/clicktriggered/johndoe/1/7?triggername=t&scenario=a%22b&modelid=5",
    )
    .await;
    assert_eq!((&row["scenario"], &row["modelId"]), (&"a\"b".into(), &"5".into()));
    let row = stored(&server, "/api/00000/rendered/johndoe/1/7?variant=B").await;
    assert_eq!(row["variant"], "B");
    let row = stored(&server, "/api/00000/rendered/johndoe/1/7").await;
    assert_eq!((row.get("scenario"), row.get("modelId")), (None, None));
    let row = stored(&server, "/api/00000/basket/johndoe/1/7?categorypath=Shoes").await;
    assert_eq!(row["categoryPath"], "Shoes");
}

#[tokio::test]
async fn the_path_is_split_before_it_is_decoded() {
    let server = Server::start().await;
    let row = stored(&server, "/api/00000/rendered/johndoe/1/a%2Cb,c%2fd,%C3%A4").await;
    let ids: Vec<_> = row["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["itemId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["a,b", "c/d", "ä"]);
    // The vendor's own script encodes the commas in a list of numbers.
    for (items, expected) in [
        ("128%2C129", &["128", "129"] as &[&str]),
        ("128%2c129,155", &["128", "129", "155"]),
        ("128%2C129%2C128", &["128", "129"]),
        ("128%2CA", &["128,A"]),
        ("128%2C", &["128,"]),
        ("a%2Cb,1%2C2", &["a,b", "1", "2"]),
    ] {
        let row = stored(&server, &format!("/api/00000/rendered/johndoe/1/{items}")).await;
        let ids: Vec<_> =
            row["items"].as_array().unwrap().iter().map(|one| &one["itemId"]).collect();
        assert_eq!(ids, expected.iter().collect::<Vec<_>>(), "{items}");
    }
    // Other events have one item.
    assert_eq!(stored(&server, "/api/00000/click/johndoe/1/128%2C129").await["itemId"], "128,129");
    let row = stored(&server, "/api/00000/click/johndoe/1/a%2Fb%3Fc%23d%25e%26").await;
    assert_eq!(row["itemId"], "a/b?c#d%e&");
    // Computed by Python's hmac for `Jürgen/Müller, 漢字 😀`, `user@ibexa.co` and `a+b`.
    for (user, hash) in [
        (
            "J%C3%BCrgen%2FM%C3%BCller%2C%20%E6%BC%A2%E5%AD%97%20%F0%9F%98%80",
            "3279f7f7ae5ee9afc4e54d3e1f605b02",
        ),
        ("Jürgen%2fMüller,%20漢字%20😀", "3279f7f7ae5ee9afc4e54d3e1f605b02"),
        ("user%40ibexa.co", "5e69380e1868ce3f22e53bd4ea15b884"),
        ("user@ibexa.co", "5e69380e1868ce3f22e53bd4ea15b884"),
        ("a+b", "fc1e0eb29a018e0322de823b93969083"),
        ("a%2Bb", "fc1e0eb29a018e0322de823b93969083"),
    ] {
        assert_eq!(
            stored(&server, &format!("/api/00000/click/{user}/1/1")).await["user"],
            hash,
            "{user}"
        );
    }
}

#[tokio::test]
async fn the_user_not_defined_is_stored_without_a_user() {
    let server = Server::start().await;
    let row = stored(&server, "/api/00000/click/not_defined/1/7").await;
    assert_eq!(row, json!({ "type": "click", "itemType": "1", "itemId": "7" }));
    let row = stored(&server, "/api/00000/login/not_defined/johndoe").await;
    assert_eq!(row, json!({ "type": "login", "user": JOHNDOE }));
    assert_eq!(server.get("/api/00000/login/johndoe/not_defined").await.status, 400);
}

#[tokio::test]
async fn the_query_is_parsed_like_in_the_vendors_service() {
    let server = Server::start().await;
    for (query, path) in [
        ("categorypath=%2FShoes%2FChildren%2F", "Shoes/Children"),
        ("categorypath=Shoes/Children", "Shoes/Children"),
        ("categorypath=/Foto%26Kameras/Compact%20Cameras/", "Foto&Kameras/Compact Cameras"),
        ("categorypath=Compact+Cameras%2BMore", "Compact Cameras+More"),
        ("lang=de&storeViewId=1&categorypath=A&title=x&price=12", "A"),
        ("&&categorypath=A&categorypath=B&x", "A"),
        ("categorypath=a=b", "a=b"),
        ("categorypath=", ""),
        ("categorypath=%2F", ""),
    ] {
        let row = stored(&server, &format!("/api/00000/click/johndoe/1/7?{query}")).await;
        let expected = if path.is_empty() { Value::Null } else { path.into() };
        assert_eq!(row["categoryPath"], expected, "{query}");
        assert_eq!(row.get("price"), None);
    }
}

#[tokio::test]
async fn invalid_requests_get_400_with_a_sentence() {
    let server = Server::start().await;
    let long = "u".repeat(513);
    let too_many = vec!["1"; 1001].join(",");
    for (target, sentence) in [
        (
            "/api/00000/click",
            "the path must be /api/{customerid}/click/{userid}/{itemtypeid}/{itemid}",
        ),
        ("/api/00000/click/u", "the path must be"),
        ("/api/00000/click/u/1", "the path must be"),
        ("/api/00000/click/u/1/1/", "the path must be"),
        ("/api/00000/click/a/b/1/1", "the path must be"),
        (
            "/api/00000/login/u",
            "the path must be /api/{customerid}/login/{sourceuserid}/{targetuserid}",
        ),
        ("/api/00000/triggeropened/u/1/1?triggername=t", "the path must be"),
        ("/api/00000/click//1/1", "the user id must not be empty"),
        ("/api/00000/click/u//1", "click.itemType must not be empty"),
        ("/api/00000/click/u/1/", "click.itemId must not be empty"),
        ("/api/00000/rendered/u/1/1,,2", "rendered.items[1] must not be empty"),
        (
            &format!("/api/00000/rendered/u/1/{too_many}"),
            "rendered.items must have 1 to 1000 elements",
        ),
        (&format!("/api/00000/click/{long}/1/1"), "the user id is too long"),
        ("/api/00000/click/u/1/a%5Cb", "the address must have no backslash"),
        ("/api/00000/click/u%5cv/1/1", "the address must have no backslash"),
        ("/api/00000/click/u\\v/1/1", "the address must have no backslash"),
        ("/api/00000/click/u/1/1?categorypath=a%5Cb", "the address must have no backslash"),
        ("/api/00000/click/u/1/1?lang=a%5Cb", "the address must have no backslash"),
        ("/api/00000/click/%FF/1/1", "the address must be percent-encoded UTF-8"),
        ("/api/00000/click/%C3/1/1", "the address must be percent-encoded UTF-8"),
        ("/api/00000/click/%ED%A0%80/1/1", "the address must be percent-encoded UTF-8"),
        ("/api/00000/click/u/1/%4", "the address must be percent-encoded UTF-8"),
        ("/api/00000/click/u/1/100%", "the address must be percent-encoded UTF-8"),
        ("/api/00000/click/u/1/1?categorypath=%C3", "the address must be percent-encoded UTF-8"),
        ("/api/00000/clickrecommended/u/1/1", "scenario is required"),
        ("/api/00000/clickrecommended/u/1/1?scenario=", "scenario is required"),
        ("/api/00000/triggeropened/u", "triggerOpened.triggerName is required"),
        ("/api/00000/clicktriggered/u/1/1?triggername=", "clickTriggered.triggerName is required"),
        ("/api/00000/rate/u/1/1", "rate.rating is required"),
        ("/api/00000/rate/u/1/1?rating=101", "rate.rating is outside its range"),
        ("/api/00000/rate/u/1/1?rating=5.5", "rate.rating must be a whole number"),
        ("/api/00000/consume/u/1/1?percentage=101", "consume.percentage is outside its range"),
        ("/api/00000/consume/u/1/1?percentage=-1", "consume.percentage must be from 0"),
        ("/api/00000/consume/u/1/1?percentage=1e1", "consume.percentage must be a number"),
        ("/api/00000/consume/u/1/1?percentage=inf", "consume.percentage must be a number"),
        ("/api/00000/buy/u/1/1?quantity=0", "buy.quantity must be above 0 and at most 1000000"),
        ("/api/00000/buy/u/1/1?quantity=0.5", "buy.quantity must be a number"),
        ("/api/00000/buy/u/1/1?fullprice=4.44", "buy.price must be like"),
    ] {
        let answer = server.get(target).await;
        assert_eq!(answer.status, 400, "{target}");
        assert!(answer.text().starts_with(sentence), "{target}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    assert!(server.events().await.is_empty());
}

#[tokio::test]
async fn unknown_customers_and_events_get_404() {
    let server = Server::start().await;
    for target in [
        "/api/00000/clicks/u/1/1",
        "/api/00000/Click/u/1/1",
        "/api/00000",
        "/api/0-0/click/u/1/1",
        "/api//click/u/1/1",
        "/api/",
        "/api",
    ] {
        assert_eq!(server.get(target).await.status, 404, "{target}");
    }
    let server = Server::with("[ibexa]\ncustomers = [\"00000\", \"shop1\"]\n").await;
    for (customer, status) in
        [("00000", 204), ("shop1", 204), ("0000", 404), ("SHOP1", 404), ("00001", 404)]
    {
        assert_eq!(
            server.get(&format!("/api/{customer}/click/u/1/1")).await.status,
            status,
            "{customer}"
        );
    }
}

#[tokio::test]
async fn long_addresses_get_414() {
    let server = Server::start().await;
    let with = |size: usize| {
        let start = "/api/00000/click/u/1/1?lang=";
        format!("{start}{}", "x".repeat(size - start.len()))
    };
    assert_eq!(server.get(&with(8192)).await.status, 204);
    assert_eq!(server.get(&with(8193)).await.status, 414);
    assert_eq!(server.get(&with(70_000)).await.status, 414);
}

#[tokio::test]
async fn other_methods_store_nothing() {
    let server = Server::start().await;
    for method in ["HEAD", "PUT", "DELETE", "PATCH"] {
        let request = format!(
            "{method} /api/00000/click/u/1/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let answer = raw(server.address, request.as_bytes(), method == "HEAD").await;
        let allowed = (answer.status, answer.header("allow"));
        assert_eq!(allowed, (405, Some("GET, POST, OPTIONS")), "{method}");
    }
    assert!(server.events().await.is_empty());
    let answer = server
        .send("POST", "/api/00000/click/u/1/1", "Content-Type: text/plain\r\n", b"ignored")
        .await;
    assert_eq!(answer.status, 204);
}
