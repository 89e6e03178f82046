//! FACT-Finder's `Tracking.ff`: all events, the vendor's own examples, several events in one
//! request, and the refusals.

use crate::common::{Server, changed, hash, neutral};
use serde_json::{Value, json};

const CHANNELS: &str = "[[factfinder.channels]]\nname = \"de\"\ncurrency = \"EUR\"\n";
const DONE: &str = "The event was successfully tracked";

/// The neutral events stored for a query.
async fn stored(server: &Server, method: &str, query: &str) -> Vec<Value> {
    let before = server.events().await.len();
    let answer = server.send(method, &format!("/Tracking.ff?{query}"), "", b"").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, DONE), "{method} {query}");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let rows = server.events().await;
    rows.into_iter().skip(before).map(|row| neutral(row, "factfinder", "de")).collect()
}

fn by(sid: &str, more: Value) -> Value {
    changed(json!({ "anonymous": hash(sid) }), more)
}

#[tokio::test]
async fn the_vendors_examples_are_accepted() {
    let server = Server::with(CHANNELS).await;
    let sid = "43caf1f33317971f2ee795af4";
    for method in ["GET", "POST"] {
        assert_eq!(
            stored(
                &server,
                method,
                "channel=de&event=checkout&id=shoe1234&count=1&price=39.99&sid=43caf1f33317971f2ee795af4"
            )
            .await,
            [by(
                sid,
                json!({
                    "type": "buy", "itemType": "1", "itemId": "shoe1234", "quantity": 1,
                    "price": "39.99EUR",
                })
            )]
        );
        assert_eq!(
            stored(
                &server,
                method,
                "channel=de&event=login&userId=userXf4H3fF&sid=43caf1f33317971f2ee795af4"
            )
            .await,
            [by(sid, json!({ "type": "login", "user": hash("userXf4H3fF") }))]
        );
    }
}

/// The stored form of `filterBrand=KEEN~~~A%20B&filterSize=7`.
fn filters() -> Value {
    let values = |of: &[&str]| -> Value {
        of.iter().map(|of| json!({ "exclude": false, "type": "or", "value": of })).collect()
    };
    json!([
        { "name": "Brand", "substring": false, "values": values(&["KEEN", "A B"]) },
        { "name": "Size", "substring": false, "values": values(&["7"]) },
    ])
}

#[tokio::test]
async fn every_event_becomes_a_neutral_one() {
    let server = Server::with(CHANNELS).await;
    let item = json!({
        "itemType": "1", "itemId": "1", "masterId": "m", "title": "A & B", "user": hash("u"),
    });
    let ids = json!({ "purchaser": hash("p"), "cookie": hash("c") });
    let came_from = json!({
        "quantity": 3, "price": "12.50EUR", "query": "bag", "campaign": "sale", "filters": filters(),
    });
    let origin = "query=bag&campaign=sale&filterBrand=KEEN~~~A%20B&filterSize=7";
    let common = "channel=de&sid=s&userId=u&cookieId=c&purchaserid=p";
    let about = "id=1&masterId=m&title=A+%26%20B";
    for (query, expected) in [
        (
            format!(
                "event=click&{about}&query=b%C3%A4g&pos=2&origPos=3&page=1&pageSize=12&origPageSize=24&simi=100.0&campaign=sale&instoreAds=1"
            ),
            changed(
                item.clone(),
                json!({
                    "type": "click",
                    "search": {
                        "query": "bäg", "position": 2, "originalPosition": 3, "page": 1,
                        "pageSize": 12, "originalPageSize": 24, "score": 100, "campaign": "sale",
                    },
                }),
            ),
        ),
        (
            format!("event=cart&{about}&count=3&price=12.50&{origin}"),
            changed(changed(item.clone(), came_from.clone()), json!({ "type": "basket" })),
        ),
        (
            format!("event=checkout&{about}&count=3&price=12.50&{origin}"),
            changed(changed(item.clone(), came_from.clone()), json!({ "type": "buy" })),
        ),
        (
            format!("event=recommendationClick&{about}&mainId=7"),
            changed(item, json!({ "type": "clickRecommended", "mainId": "7" })),
        ),
        ("event=login".to_owned(), json!({ "type": "login", "user": hash("u") })),
        (
            "event=feedback&query=bag&positive=false&message=no".to_owned(),
            json!({
                "type": "feedback", "user": hash("u"), "query": "bag", "positive": false,
                "message": "no",
            }),
        ),
        (
            "event=log&query=bag&page=1&pageSize=12&hitCount=34&searchTime=12&bestSimi=100.0&minSimi=60.5\
             &filterBrand=KEEN~~~A%20B&filterSize=7&searchField=title&customSorting=true&additionalInfo=x&id=9\
             &masterId=8&title=T"
                .to_owned(),
            json!({
                "type": "cacheHit", "user": hash("u"), "query": "bag", "page": 1, "pageSize": 12,
                "hitCount": 34, "searchTimeMs": 12, "minScore": 60.5, "maxScore": 100,
                "searchField": "title", "customSorting": true, "additionalInfo": "x", "itemId": "9",
                "masterId": "8", "title": "T",
                "filters": filters(),
            }),
        ),
    ] {
        for query in [format!("{common}&{query}"), format!("{query}&{common}")] {
            let expected = by("s", changed(expected.clone(), ids.clone()));
            assert_eq!(stored(&server, "GET", &query).await, [expected], "{query}");
        }
    }
}

#[tokio::test]
async fn absent_fields_of_a_click_are_left_out() {
    let server = Server::with(CHANNELS).await;
    let click = by("s", json!({ "type": "click", "itemType": "1", "itemId": "1" }));
    for query in ["", "&query=bag", "&pos=1", "&query=bag&pos=", "&page=1&title=", "&query=&title="]
    {
        let query = format!("channel=de&event=click&id=1&sid=s{query}");
        assert_eq!(stored(&server, "GET", &query).await, std::slice::from_ref(&click), "{query}");
    }
    // The result list of a navigation has an empty query.
    let row = stored(&server, "GET", "channel=de&event=click&id=1&sid=s&query=&pos=4").await;
    assert_eq!(row[0]["search"], json!({ "query": "", "position": 4 }));
    let cart = by("s", json!({ "type": "basket", "itemType": "1", "itemId": "1" }));
    for more in ["", "&query=&title=&campaign="] {
        let query = format!("channel=de&event=cart&id=1&sid=s{more}");
        assert_eq!(stored(&server, "GET", &query).await, std::slice::from_ref(&cart));
    }
    let half = stored(&server, "GET", "channel=de&event=cart&id=1&sid=s&count=0.5").await;
    assert_eq!(half, [changed(cart, json!({ "quantity": 0.5 }))]);
}

#[tokio::test]
async fn repeated_parameters_give_several_events() {
    let server = Server::with(CHANNELS).await;
    let line = |id: &str, more: Value| {
        by("s", changed(json!({ "type": "buy", "itemType": "1", "itemId": id }), more))
    };
    let two = [
        line("1", json!({ "quantity": 2, "price": "9.99EUR" })),
        line("3", json!({ "quantity": 4, "price": "5EUR" })),
    ];
    for query in [
        // Concatenated queries.
        "channel=de&event=checkout&id=1&count=2&price=9.99&sid=s&channel=de&event=checkout&id=3&count=4&price=5&sid=s",
        "channel=de&event=checkout&sid=s&id=1&count=2&price=9.99&id=3&count=4&price=5",
        "id=1&count=2&price=9.99&id=3&count=4&price=5&sid=s&channel=de&event=checkout",
        // Lists.
        "channel=de&event=checkout&sid=s&id=1&id=3&count=2&count=4&price=9.99&price=5",
        "id=1&id=3&price=9.99&price=5&channel=de&event=checkout&sid=s&count=2&count=4",
    ] {
        assert_eq!(stored(&server, "GET", query).await, two, "{query}");
    }
    // The second event does not inherit the first one's parameters.
    assert_eq!(
        stored(
            &server,
            "GET",
            "channel=de&event=checkout&sid=s&id=1&count=2&price=9.99&title=A&id=3&count=4"
        )
        .await,
        [
            line("1", json!({ "quantity": 2, "price": "9.99EUR", "title": "A" })),
            line("3", json!({ "quantity": 4 })),
        ]
    );
    // In lists, a parameter that appears once applies to every event.
    let titled = json!({ "title": "T" });
    assert_eq!(
        stored(
            &server,
            "GET",
            "channel=de&event=checkout&sid=s&title=T&id=1&id=3&id=5&count=2&count=2&count=2"
        )
        .await,
        ["1", "3", "5"].map(|id| line(id, changed(titled.clone(), json!({ "quantity": 2 }))))
    );
}

#[tokio::test]
async fn a_form_is_accepted() {
    let server = Server::with(CHANNELS).await;
    let form = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n";
    let body = b"event=login&userId=u%2F1&sid=s";
    let answer = server.send("POST", "/Tracking.ff?channel=de", form, body).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, DONE));
    let row = neutral(server.events().await.pop().unwrap(), "factfinder", "de");
    assert_eq!(row, by("s", json!({ "type": "login", "user": hash("u/1") })));
    for (headers, body, status) in [
        (form, &b"event=login&sid=s&userId=\xff"[..], 400),
        (form, "x".repeat(8193).as_bytes(), 413),
        ("Content-Type: text/plain\r\n", b"event=login&userId=u&sid=s", 400),
    ] {
        let answer = server.send("POST", "/Tracking.ff?channel=de", headers, body).await;
        assert_eq!(answer.status, status, "{headers}");
    }
    assert_eq!(server.events().await.len(), 1);
}

#[tokio::test]
async fn invalid_requests_get_400_with_a_sentence() {
    let server = Server::with("[limits]\nbatch_events = 2\n").await;
    let log = "event=log&query=b&page=1&pageSize=1&hitCount=0&searchTime=0&bestSimi=0&minSimi=0";
    for (query, sentence) in [
        ("", "The parameter [channel] is required"),
        ("event=login&userId=u&sid=s", "The parameter [channel] is required"),
        ("channel=&event=login&userId=u&sid=s", "The parameter [channel] is required"),
        ("channel=a%2Fb&event=login&userId=u&sid=s", "the channel must have"),
        ("channel=de&id=1&sid=s", "The parameter [event] is required"),
        ("channel=de&event=buy&id=1&sid=s", "The parameter [event] is not a known event"),
        (
            "channel=de&event=landingPageClick&id=1&sid=s",
            "The parameter [event] is not a known event",
        ),
        (
            "channel=de&event=predbasketClick&id=1&sid=s&userId=u",
            "The parameter [event] is not a known event",
        ),
        ("channel=de&event=click&sid=s", "The parameter [id] is required"),
        ("channel=de&event=cart&sid=s", "The parameter [id] is required"),
        ("channel=de&event=checkout&sid=s", "The parameter [id] is required"),
        ("channel=de&event=checkout&id=&sid=s", "The parameter [id] must not be empty"),
        ("channel=de&event=checkout&id=1", "The parameter [sid] is required"),
        ("channel=de&event=recommendationClick&id=1&sid=s", "The parameter [mainId] is required"),
        ("channel=de&event=login&sid=s", "The parameter [userId] is required"),
        ("channel=de&event=feedback&positive=true&sid=s", "The parameter [query] is required"),
        ("channel=de&event=feedback&query=b&sid=s", "The parameter [positive] is required"),
        (
            "channel=de&event=feedback&query=b&positive=1&sid=s",
            "The parameter [positive] must be true",
        ),
        (
            "channel=de&event=cart&id=1&sid=s&count=0",
            "The parameter [count] must be above 0 and at most 1000000",
        ),
        ("channel=de&event=cart&id=1&sid=s&count=1e1", "The parameter [count] must be a number"),
        ("channel=de&event=cart&id=1&sid=s&price=1,5", "The parameter [price] must be a number"),
        (
            "channel=de&event=click&id=1&sid=s&query=b&pos=0",
            "The parameter [pos] is outside its range",
        ),
        ("channel=de&event=click&id=%FF&sid=s", "the address must be percent-encoded UTF-8"),
        // One invalid event refuses all events of the request.
        (
            "channel=de&event=cart&sid=s&id=1&count=1&id=2&count=0",
            "The parameter [count] must be above 0",
        ),
        ("channel=de&event=cart&sid=s&id=1&id=", "The parameter [id] must not be empty"),
        (
            "channel=de&sid=s&event=cart&id=1&event=checkout&id=2",
            "The parameter [event] must be the same for all events",
        ),
        (
            "sid=s&channel=de&event=cart&id=1&channel=at&event=cart&id=2",
            "The parameter [channel] must be the same for all events",
        ),
    ] {
        let answer = server.get(&format!("/Tracking.ff?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.text().starts_with(sentence), "{query}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    for name in ["query", "page", "pageSize", "hitCount", "searchTime", "bestSimi", "minSimi"] {
        let query = log.replace(&format!("{name}="), "x=");
        let answer = server.get(&format!("/Tracking.ff?channel=de&sid=s&{query}")).await;
        assert_eq!(answer.text(), format!("The parameter [{name}] is required\n"));
    }
    let three = "/Tracking.ff?channel=de&event=cart&sid=s&id=1&id=2&id=3";
    assert_eq!(server.get(three).await.status, 413);
    assert!(server.events().await.is_empty());
    // Only some of three events have a count, so it is ambiguous.
    let server = Server::start().await;
    let uneven = "/Tracking.ff?channel=de&event=cart&sid=s&id=1&id=2&id=3&count=1&count=2";
    let answer = server.get(uneven).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().starts_with("The parameter [count] must appear once"));
    // A name of the client's own may be the id of a person.
    let foreign = uneven.replace("count", "jane%40shop.example%0Asecond-line");
    let answer = server.get(&foreign).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().starts_with("The parameter [of another name] must appear once"));
    let answer = server.send("HEAD", three, "", b"").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST, OPTIONS")));
    assert!(server.events().await.is_empty());
}

#[tokio::test]
async fn two_spellings_of_the_purchaser_give_one_field() {
    let server = Server::start().await;
    let query = "channel=de&event=cart&sid=s&id=1&count=1&purchaserid=b&purchaserId=a";
    assert_eq!(server.get(&format!("/Tracking.ff?{query}")).await.status, 200);
    assert_eq!(server.events().await[0]["purchaser"], hash("a"));
    let text = server.read("/v1/events", "").await.text();
    assert_eq!(text.matches("\"purchaser\":").count(), 1, "{text}");
}
