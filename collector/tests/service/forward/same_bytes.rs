//! The collector sends the bytes that the tracker sends for the same calls.

use super::vendor::{Seen, Vendor};
use super::{empty, now};
use crate::common::Server;
use crate::tracker::Page;
use crate::tracker::calm;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::request::{Method, Request};
use serde_json::{Map, Value as Json, json};

/// A tracker's destination as a table of the collector, with the options in snake case.
fn table(destination: &Json) -> String {
    let snake = |name: &str| {
        let mut out = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    };
    let mut toml = "[[forward]]\nname = \"vendor\"\n".to_owned();
    for (name, value) in destination.as_object().unwrap() {
        match value {
            Json::Object(fields) => {
                let pairs: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                toml.push_str(&format!("{} = {{ {} }}\n", snake(name), pairs.join(", ")));
            }
            value => toml.push_str(&format!("{} = {value}\n", snake(name))),
        }
    }
    toml
}

/// The part of a request that must be equal.
type Bytes = (String, String, Option<String>, Option<String>, String);

fn told(seen: &Seen) -> Bytes {
    let key = seen.header("x-ff-api-key").or(seen.header("authorization"));
    let form = seen.header("content-type").map(str::to_owned);
    (seen.method.clone(), seen.target.clone(), form, key.map(str::to_owned), seen.body.clone())
}

/// The tracker's request, with the headers that a browser sends (`send` in fetch.js).
fn wanted(request: &Request, vendor: &str) -> Bytes {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let form = match (&request.key, &request.body) {
        (Some(_), _) => Some("application/json"),
        (None, Some(_)) => Some("text/plain;charset=UTF-8"),
        (None, None) => None,
    };
    let target = request.url.strip_prefix(vendor).unwrap().to_owned();
    let key = request.key.as_ref().map(|(_, key)| key.clone());
    (
        method.to_owned(),
        target,
        form.map(str::to_owned),
        key,
        request.body.clone().unwrap_or_default(),
    )
}

/// Makes the calls in a page that sends to the vendor and to the collector, and compares the
/// collector's requests with the page's. Returns their number.
async fn check(config: &Json, calls: &[Json]) -> usize {
    let vendor = Vendor::willing().await;
    let address = format!("http://{}", vendor.address);
    let mut config = config.clone();
    let destination = &mut config["destinations"];
    if let Json::Array(list) = destination {
        *destination = list.remove(0);
    }
    let path = destination["endpoint"].as_str().and_then(|url| url.split('/').nth(3));
    let endpoint = path.map_or(address.clone(), |path| format!("{address}/{path}"));
    destination["endpoint"] = json!(endpoint);
    destination.as_object_mut().unwrap().remove("transport");
    let server = Server::with(&table(destination)).await;
    let batch = json!({ "protocol": "batch", "endpoint": "/batch" });
    config["destinations"] = json!([destination, batch]);

    // The tracker's clock, so that no event is old.
    let mut page = Page::start_at(&config, &Stored::default(), calm(), now());
    for call in calls {
        let (verb, args) = call.as_array().unwrap().split_first().unwrap();
        if verb == "wait" {
            page.advance(10_000);
            continue;
        }
        page.call(verb.as_str().unwrap(), Json::Array(args.to_vec()));
    }
    page.advance(60_000);
    let mut sent = Vec::new();
    for send in &page.sends {
        let request = &send.send.request;
        if !request.url.starts_with("/batch") {
            sent.push(wanted(request, &address));
            continue;
        }
        let mut body: Json = serde_json::from_str(request.body.as_deref().unwrap()).unwrap();
        // Beside FACT-Finder, where nothing else is configured, the page's session is the tracker's.
        body.as_object_mut().unwrap_or(&mut Map::new()).remove("ack");
        let answer = server.post(&body).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        // As the page does, one request after the other.
        empty(&server, "vendor").await;
    }
    let figures = empty(&server, "vendor").await;
    assert_eq!(figures["deadLetters"], 0, "{figures}");
    let arrived: Vec<Bytes> = vendor.seen().iter().map(told).collect();
    assert_eq!(arrived, sent, "{config} {calls:?}");
    server.collector.stop().await;
    sent.len()
}

async fn check_vectors(vectors: &str) {
    let vectors: Vec<Json> = serde_json::from_str(vectors).unwrap();
    for vector in vectors {
        // A vendor's ready-made link is an address of the vendor and no event, so no batch has it.
        if vector["calls"].as_array().unwrap().iter().any(|call| call[0] == "followLink") {
            continue;
        }
        let requests = check(&vector["config"], vector["calls"].as_array().unwrap()).await;
        assert_eq!(requests, vector["expected"].as_array().unwrap().len(), "{vector}");
    }
}

#[tokio::test]
async fn ibexa() {
    check_vectors(include_str!("../../../../tests/vectors/ibexa.json")).await;
}

#[tokio::test]
async fn yoochoose() {
    check_vectors(include_str!("../../../../tests/vectors/yoochoose.json")).await;
}

#[tokio::test]
async fn factfinder() {
    check_vectors(include_str!("../../../../tests/vectors/factfinder.json")).await;
}

#[tokio::test]
async fn intempt() {
    check_vectors(include_str!("../../../../tests/vectors/intempt.json")).await;
}

/// One destination of each vendor.
fn destinations() -> [Json; 5] {
    [
        json!({ "protocol": "ibexa", "customerId": "1" }),
        json!({ "protocol": "yoochoose", "customerId": "1" }),
        json!({ "protocol": "factfinder", "channel": "de", "apiKey": "k", "endpoint": "http://x/f" }),
        json!({ "protocol": "factfinder", "channel": "de", "version": "7", "endpoint": "http://x/f" }),
        json!({ "protocol": "intempt", "organization": "o", "project": "p", "source": "1",
                "apiKey": "a.b" }),
    ]
}

#[tokio::test]
async fn logins_accounts_purchasers_sessions_and_several_events_are_the_same() {
    let item = |n: u64| json!({ "itemId": n, "price": "1.50EUR", "search": { "query": "a", "position": 1, "page": 1 } });
    let calls = [
        json!(["click", item(1)]),
        json!(["click", item(2)]),
        // The tracker sends all waiting clicks in one request, also those after a purchase. The
        // collector keeps the order, so the test separates them.
        json!(["wait"]),
        json!(["login", "jürgen/a b"]),
        json!(["basket", item(3)]),
        json!(["buy", [item(3), item(4)]]),
        json!(["wait"]),
        json!(["click", item(5)]),
        json!(["logout"]),
        json!(["click", item(6)]),
    ];
    for destination in destinations() {
        for consent in ["granted", "anonymous"] {
            let config = json!({
                "destinations": destination,
                "consent": consent,
                "identity": { "accountId": "company", "purchaserId": "buyer" },
            });
            let requests = check(&config, &calls).await;
            let refused = consent == "anonymous" && destination["protocol"] == "intempt";
            assert_eq!(requests > 0, !refused, "{config}");
        }
    }
}

#[tokio::test]
async fn a_rendered_that_is_too_long_is_split_alike() {
    let items: Vec<u64> = (1_000_000..1_000_700).collect();
    let call = json!(["rendered", { "items": items, "scenario": "s" }]);
    let requests = check(&json!({ "destinations": destinations()[0] }), &[call]).await;
    assert!(requests > 2, "{requests}");
}

#[tokio::test]
async fn a_page_with_batch_alone_passes_its_own_session_account_and_purchaser() {
    let vendor = Vendor::willing().await;
    let server = Server::with(&format!(
        "[[forward]]\nname = \"vendor\"\nprotocol = \"factfinder\"\nchannel = \"de\"\n\
         endpoint = \"http://{}\"\n",
        vendor.address
    ))
    .await;
    let session = "abcdefghijABCDEFGHIJ0123456789";
    let post = async |stream: &str, identity: Json, consent: &str| {
        let config = json!({
            "destinations": { "protocol": "batch", "endpoint": "/batch" },
            "identity": identity, "consent": consent,
        });
        let mut page = Page::start_at(&config, &Stored::default(), calm(), now());
        page.call("basket", json!([{ "itemId": 1 }]));
        page.call("basket", json!([{ "itemId": 2 }]));
        page.advance(60_000);
        let before = vendor.seen().len();
        for send in &page.sends {
            let body = send.send.request.body.as_deref().unwrap();
            let mut body: Json = serde_json::from_str(body).unwrap();
            body["stream"] = json!(stream);
            assert_eq!(server.post(body).await.status, 204);
        }
        empty(&server, "vendor").await;
        let sent = vendor.seen().split_off(before);
        let bodies = sent.iter().map(|seen| serde_json::from_str::<Vec<Json>>(&seen.body).unwrap());
        bodies.flatten().collect::<Vec<Json>>()
    };
    let sid = |event: &Json| event["sid"].as_str().unwrap().to_owned();
    let own = post("page-1", json!({ "sessionId": session, "purchaserId": "p" }), "granted").await;
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|event| event["sid"] == session && event["purchaserId"] == "p"));
    // Without an own session the collector makes one of the visitor and the day.
    let known = json!({ "anonymousId": "visitor-1" });
    let made = post("page-2", known.clone(), "granted").await;
    assert_eq!((sid(&made[0]).len(), sid(&made[0])), (30, sid(&made[1])));
    assert_eq!(sid(&post("page-3", known, "granted").await[0]), sid(&made[0]));
    assert_ne!(
        sid(&post("page-4", json!({ "anonymousId": "visitor-2" }), "granted").await[0]),
        sid(&made[0])
    );
    // Without consent to an identity there are neither the session nor the purchaser.
    let own = json!({ "sessionId": session, "purchaserId": "p", "anonymousId": "visitor-1" });
    for event in post("page-7", own, "anonymous").await {
        assert!(event["sid"] != session && event.get("purchaserId").is_none(), "{event}");
    }
    // The session ends with the page then.
    let first = post("page-8", json!({}), "anonymous").await;
    let second = post("page-9", json!({}), "anonymous").await;
    assert_eq!(sid(&first[0]), sid(&first[1]));
    assert_ne!(sid(&first[0]), sid(&second[0]));
}
