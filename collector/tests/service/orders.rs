//! Each line of an order is one row, whichever device, page or shop system reports it.

use crate::common::database;
use crate::common::desk::buy;
use crate::common::process::run;
use crate::common::{Answer, SECRET, Server, batch, changed, send};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn confirm(server: &Server, body: &Value) -> Answer {
    send(server.admin, "POST", "/v1/orders", "", body.to_string().as_bytes()).await
}

async fn orders(server: &Server, query: &str) -> Vec<Value> {
    let answer = server.read(&format!("/v1/orders?limit=10000{query}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json: Value = serde_json::from_slice(&answer.body).unwrap();
    json["orders"].as_array().unwrap().clone()
}

/// Each row as order, item and quantity.
async fn rows(server: &Server) -> Vec<String> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let row = |row: &Value| {
        format!(
            "{} {} {} {}",
            text(row, "source"),
            text(row, "orderId"),
            text(row, "itemId"),
            row["quantity"]
        )
    };
    server.events().await.iter().map(row).collect()
}

#[tokio::test]
async fn an_order_counts_once_on_all_devices_and_the_first_facts_stay() {
    let server = Server::start().await;
    let changed_price = changed(buy(2, "A-1", "x"), json!({ "quantity": 5, "price": "1.00EUR" }));
    for (stream, event) in
        [("a", buy(1, "A-1", "x")), ("b", changed_price), ("c", buy(3, "A-2", "x"))]
    {
        assert_eq!(server.post(batch(stream, 0, &[event])).await.status, 204);
    }
    assert_eq!(rows(&server).await, ["batch A-1 x 1", "batch A-2 x 1"]);
    let listed = orders(&server, "").await;
    let expected = json!({
        "row": 1, "orderId": "A-1", "reported": "page", "lines": 1, "pageLines": 1, "shopLines": 0,
        "copies": 1, "firstAt": listed[0]["firstAt"], "pageAt": listed[0]["firstAt"],
    });
    assert_eq!(listed[0], expected);
    assert_eq!(listed[1]["copies"], 0);
    // The batches show that the copy was received, and not stored.
    let stored: Vec<_> = server.batches().await.iter().map(|row| row["stored"].clone()).collect();
    assert_eq!(stored, [1, 0, 1]);
}

/// Two sizes of a product may share an id. The engine sends both lines of one call.
#[tokio::test]
async fn equal_lines_of_one_call_are_all_stored_also_in_two_batches() {
    let server = Server::start().await;
    let lines = [buy(1, "A-1", "x"), buy(2, "A-1", "x"), buy(3, "A-1", "y")];
    assert_eq!(server.post(batch("a", 0, &lines[..1])).await.status, 204);
    assert_eq!(server.post(batch("a", 1, &lines[1..])).await.status, 204);
    // The same batch again, the same page's events in another batch, and another device.
    assert_eq!(server.post(batch("a", 0, &lines[..1])).await.status, 204);
    assert_eq!(server.post(batch("a", 9, &lines)).await.status, 204);
    let other = [buy(11, "A-1", "x"), buy(12, "A-1", "x"), buy(13, "A-1", "y")];
    assert_eq!(server.post(batch("b", 0, &other)).await.status, 204);
    assert_eq!(server.post(batch("b", 1, &other)).await.status, 204);
    assert_eq!(server.events().await.len(), 3);
    let listed = orders(&server, "").await;
    assert_eq!((&listed[0]["lines"], &listed[0]["copies"]), (&3.into(), &3.into()));
    // A device with one line more adds that line only.
    let more = [buy(21, "A-1", "x"), buy(22, "A-1", "x"), buy(23, "A-1", "x")];
    assert_eq!(server.post(batch("c", 0, &more)).await.status, 204);
    assert_eq!(server.events().await.len(), 4);
}

/// A client of its own may use one stream for everything. The time tells its calls apart.
#[tokio::test]
async fn a_later_call_in_the_same_stream_is_a_copy() {
    let server = Server::start().await;
    server.post(batch("a", 0, &[buy(1, "A-1", "x")])).await;
    let later = changed(buy(2, "A-1", "x"), json!({ "at": 1_763_683_200_000u64 }));
    server.post(batch("a", 1, &[later])).await;
    assert_eq!(server.events().await.len(), 1);
}

#[tokio::test]
async fn purchases_without_an_order_are_all_stored() {
    let server = Server::start().await;
    let plain = |n| changed(buy(n, "", "x"), json!({ "orderId": null }));
    for n in 1..=3 {
        assert_eq!(server.post(batch("a", n, &[plain(n)])).await.status, 204);
    }
    assert_eq!(server.events().await.len(), 3);
    assert_eq!(orders(&server, "").await.len(), 0);
}

/// Calls that a page's stub sends before the tracker has loaded.
#[tokio::test]
async fn an_order_of_raw_calls_counts_once_with_that_of_another_device() {
    let server = Server::start().await;
    let call = json!([["buy", [{ "itemId": "x", "orderId": "A-1" }], 1_763_683_199_000u64]]);
    let raw = crate::common::raw::raw(call);
    assert_eq!(crate::common::raw::post(&server, "", &raw).await.status, 204);
    assert_eq!(server.events().await.len(), 1);
    server.post(batch("b", 0, &[buy(1, "A-1", "x")])).await;
    assert_eq!(server.events().await.len(), 1);
    assert_eq!(orders(&server, "").await[0]["copies"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_orders_reloaded_on_three_devices_count_once() {
    const ORDERS: u64 = 1000;
    let server = Server::with("[limits]\naddress_requests = 100000\n").await;
    let address = server.address;
    // Each device sends the orders in an order of its own, each as a batch of two lines. A third of
    // the batches is sent twice.
    let device = |device: u64| async move {
        let (step, mut place) = ([7, 13, 17][device as usize], device);
        for n in 0..ORDERS {
            place = (place + step) % ORDERS;
            let first = device * ORDERS * 2 + place * 2;
            let order = format!("A-{place}");
            let lines = [buy(first, &order, "x"), buy(first + 1, &order, "x")];
            let body = batch(&format!("s{device}-{place}"), 0, &lines).to_string();
            for _ in 0..1 + u64::from(n % 3 == 0) {
                let answer = send(address, "POST", "/v1/events", "", body.as_bytes()).await;
                assert_eq!(answer.status, 204);
            }
        }
    };
    let devices: Vec<_> = (0..3).map(|n| tokio::spawn(device(n))).collect();
    for device in devices {
        device.await.unwrap();
    }
    let mut count = BTreeMap::new();
    for row in server.events().await {
        *count.entry(row["orderId"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(count.len() as u64, ORDERS);
    assert!(count.values().all(|lines| *lines == 2), "{count:?}");
    let listed = orders(&server, "").await;
    assert_eq!(listed.len() as u64, ORDERS);
    assert!(listed.iter().all(|order| order["copies"] == 4));
}

#[tokio::test]
async fn the_shops_orders_are_added_once_and_marked() {
    let server = Server::start().await;
    server.post(batch("a", 0, &[buy(1, "both", "x"), buy(2, "page", "x")])).await;
    let shop = json!({ "orders": [
        { "orderId": "both", "items": [{ "itemId": "x", "quantity": 2 }, { "itemId": "missed" }] },
        { "orderId": "shop", "at": 1_763_683_000_000u64, "user": "johndoe", "items": [
            { "itemId": "y", "quantity": 3, "price": "12.45EUR" }, { "itemId": "y", "quantity": 1 },
        ] },
    ] });
    for _ in 0..3 {
        let answer = confirm(&server, &shop).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"orders":2,"lines":4}"#));
    }
    let expected = [
        "batch both x 1",
        "batch page x 1",
        "shop both missed null",
        "shop shop y 3",
        "shop shop y 1",
    ];
    assert_eq!(rows(&server).await, expected);
    let row = &server.events().await[3];
    assert_eq!(
        (&row["at"], &row["user"]),
        (&1_763_683_000_000u64.into(), &crate::common::JOHNDOE.into())
    );
    // A page that reports the order later adds nothing.
    server.post(batch("b", 0, &[buy(5, "shop", "y"), buy(6, "shop", "y")])).await;
    assert_eq!(server.events().await.len(), 5);
    let names = async |query: &str| -> Vec<String> {
        let listed = orders(&server, query).await;
        listed
            .iter()
            .map(|order| format!("{} {}", order["orderId"].as_str().unwrap(), order["reported"]))
            .collect()
    };
    assert_eq!(names("").await, ["both \"both\"", "page \"page\"", "shop \"both\""]);
    assert_eq!(names("&reported=page").await, ["page \"page\""]);
    assert_eq!(names("&reported=both").await, ["both \"both\"", "shop \"both\""]);
    confirm(&server, &json!({ "orders": [{ "orderId": "new", "items": [{ "itemId": "z" }] }] }))
        .await;
    assert_eq!(names("&reported=shop").await, ["new \"shop\""]);
    let both = &orders(&server, "").await[0];
    assert_eq!(
        (&both["lines"], &both["pageLines"], &both["shopLines"]),
        (&2.into(), &1.into(), &2.into())
    );
    // A page's first report of a shop's order is no copy.
    assert_eq!(server.post(batch("n", 0, &[buy(90, "new", "z")])).await.status, 204);
    assert_eq!(orders(&server, "&after=3").await[0]["copies"], 0);
    // Rows are numbered without gaps, so paging shows each order once.
    assert_eq!(names("&after=3").await, ["new \"both\""]);
    assert_eq!(server.read("/v1/orders?reported=none", "").await.status, 400);
}

#[tokio::test]
async fn orders_of_two_customers_are_different() {
    let entry = |name| format!("[[customers]]\ninterface = \"ibexa\"\nname = \"{name}\"\n");
    let server = Server::with(&["a", "b", "o/p/s"].map(entry).concat()).await;
    for customer in ["", "a", "b", "o/p/s"] {
        let order = json!({ "orderId": "A-1", "items": [{ "itemId": "x" }] });
        let answer = confirm(&server, &json!({ "customer": customer, "orders": [order] })).await;
        let expected = if customer.is_empty() { 400 } else { 200 };
        assert_eq!(answer.status, expected, "{customer} {}", answer.text());
    }
    // The page's order has no customer.
    assert_eq!(server.post(batch("a", 0, &[buy(1, "A-1", "x")])).await.status, 204);
    assert_eq!(server.events().await.len(), 4);
    let listed = orders(&server, "").await;
    let told: Vec<_> = listed
        .iter()
        .map(|order| format!("{} {} {}", order["customer"], order["reported"], order["lines"]))
        .collect();
    let expected =
        ["\"a\" \"shop\" 1", "\"b\" \"shop\" 1", "\"o/p/s\" \"shop\" 1", "null \"page\" 1"];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_wrong_order_is_refused_with_the_path_and_nothing_is_stored() {
    let server = Server::start().await;
    let item = json!({ "itemId": "x" });
    for (body, sentence) in [
        (json!([]), "the body is not a JSON object with a list `orders`"),
        (json!({}), "orders: must be a list of at least one order"),
        (json!({ "orders": [], "customer": "a" }), "orders: must be a list"),
        (json!({ "orders": [1] }), "orders[0]: must be an object"),
        (json!({ "orders": [{ "items": [item] }] }), "orders[0].orderId: is required"),
        (json!({ "orders": [{ "orderId": "a\\b", "items": [item] }] }), "orders[0].orderId: "),
        (json!({ "orders": [{ "orderId": "a" }] }), "orders[0].items: must be a list"),
        (
            json!({ "orders": [{ "orderId": "a", "items": [item, 1] }] }),
            "orders[0].items[1]: must be an object",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "items": [{ "itemId": "" }] }] }),
            "orders[0].items[0].itemId: ",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "items": [{ "itemId": "x", "price": "1" }] }] }),
            "orders[0].items[0].price: ",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "items": [{ "itemId": "x", "quantity": -1 }] }] }),
            "orders[0].items[0].quantity: ",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "items": [{ "itemId": "x", "amount": 1 }] }] }),
            "orders[0].items[0].amount: ",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "items": [{ "itemId": "x", "orderId": "b" }] }] }),
            "orders[0].items[0].orderId: ",
        ),
        (json!({ "orders": [{ "orderId": "a", "at": "now", "items": [item] }] }), "orders[0].at: "),
        (
            json!({ "orders": [{ "orderId": "a", "at": 1_763_683_199, "items": [item] }] }),
            "orders[0].at: is before March 1973: it must be in milliseconds",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "user": {}, "items": [item] }] }),
            "orders[0].user: ",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "user": "jane@shop.example", "items": [item] }] }),
            "orders[0].user: must be a pseudonym, not an e-mail address",
        ),
        (
            json!({ "orders": [{ "orderId": "a", "total": 1, "items": [item] }] }),
            "orders[0].total: ",
        ),
        (
            json!({ "customer": 1, "orders": [{ "orderId": "a", "items": [item] }] }),
            "customer: must be text",
        ),
    ] {
        let answer = confirm(&server, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text().contains(sentence), "{body}: {}", answer.text());
    }
    let many: Vec<_> = (0..1001).map(|_| item.clone()).collect();
    let answer = confirm(&server, &json!({ "orders": [{ "orderId": "a", "items": many }] })).await;
    assert_eq!(answer.status, 413);
    assert_eq!((server.events().await.len(), orders(&server, "").await.len()), (0, 0));
    // The event listener has no such address.
    assert_eq!(server.send("POST", "/v1/orders", "", b"{}").await.status, 404);
}

#[tokio::test]
async fn the_token_and_the_inspectors_limits_apply_to_orders() {
    let body = json!({ "orders": [{ "orderId": "a", "items": [{ "itemId": "x" }] }] }).to_string();
    let server = Server::with("admin_token = \"0123456789abcdef\"\n").await;
    let status = async |headers: &str| {
        send(server.admin, "POST", "/v1/orders", headers, body.as_bytes()).await.status
    };
    assert_eq!(status("").await, 401);
    assert_eq!(status("Authorization: Bearer 0123456789abcdeg\r\n").await, 401);
    assert_eq!(status("Authorization: Bearer 0123456789abcdef\r\n").await, 200);
    let server = Server::with("inspector = true\n").await;
    let page = "Origin: http://localhost:3000\r\nSec-Fetch-Site: cross-site\r\n";
    let status = async |headers: &str| {
        send(server.admin, "POST", "/v1/orders", headers, body.as_bytes()).await.status
    };
    assert_eq!(status(page).await, 403);
    assert_eq!(status("Origin: https://evil.example\r\n").await, 403);
    assert_eq!(server.read("/v1/orders", page).await.status, 200);
    assert_eq!(status("").await, 200);
}

#[derive(Clone, Copy, Debug)]
enum Reporter {
    /// A page, with its stream.
    Page(u8),
    Shop,
    File,
}

/// A report: its reporter, an order, and its items.
#[derive(Clone, Debug)]
struct Report {
    reporter: Reporter,
    order: String,
    items: Vec<(String, String)>,
}

/// Ids that differ in a way that a careless key would not see.
fn nasty() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "1",
        "01",
        "1.0",
        "1 ",
        " 1",
        "a",
        "A",
        "ä",
        "a\u{308}",
        "a/b",
        "a/",
        "/b",
        "a|b",
        "a,b",
        "a\u{200b}",
        "%61",
        "'",
        "\"",
        "NULL",
        "a'--",
        "\u{1f600}",
        "1/1",
        "1|1",
    ])
    .prop_map(str::to_owned)
}

fn report() -> impl Strategy<Value = Report> {
    let items = prop::collection::vec(
        (prop::sample::select(vec!["1", "2", "11"]).prop_map(str::to_owned), nasty()),
        1..5,
    );
    let reporter =
        prop_oneof![(0..4u8).prop_map(Reporter::Page), Just(Reporter::Shop), Just(Reporter::File)];
    (reporter, nasty(), items).prop_map(|(reporter, order, items)| Report {
        reporter,
        order,
        items,
    })
}

/// Imports these events with the command.
fn import(server: &Server, events: &[Value]) {
    let file = server.folder.path().join("report.jsonl");
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    std::fs::write(&file, lines).unwrap();
    let config = server.folder.path().join("c.toml");
    std::fs::write(&config, format!("[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n")).unwrap();
    let database = database::address(server.folder.path());
    let [file, config] = [&file, &config].map(|path| path.to_str().unwrap());
    let done = run(&["import", file, "--config", config, "--database", &database]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// An order has as many lines of an item as the report with most of them. So two different
    /// orders or items are never merged, and no line counts twice.
    #[test]
    fn lines_are_the_maximum_of_all_reports(reports in prop::collection::vec(report(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (stored, expected, listed, ids) = runtime.block_on(async {
            let server = Server::start().await;
            let mut expected: BTreeMap<(String, String, String), usize> = BTreeMap::new();
            let mut id = 0;
            for (place, Report { reporter, order, items }) in reports.iter().enumerate() {
                let mut count: BTreeMap<(String, String, String), usize> = BTreeMap::new();
                for (of, item) in items {
                    *count.entry((order.clone(), of.clone(), item.clone())).or_default() += 1;
                }
                for (line, lines) in count {
                    let most = expected.entry(line).or_default();
                    *most = lines.max(*most);
                }
                let lines: Vec<_> = items.iter().map(|(of, item)| {
                    id += 1;
                    let at = 1_763_683_199_000u64 + place as u64;
                    changed(buy(id, order, item), json!({ "itemType": of, "at": at }))
                }).collect();
                let answer = match reporter {
                    Reporter::Page(stream) => {
                        server.post(batch(&format!("s{stream}"), place as u64, &lines)).await
                    }
                    Reporter::Shop => {
                        let items: Vec<_> = items.iter()
                            .map(|(of, item)| json!({ "itemType": of, "itemId": item })).collect();
                        confirm(&server, &json!({ "orders": [{ "orderId": order, "items": items }] })).await
                    }
                    Reporter::File => {
                        import(&server, &lines);
                        continue;
                    }
                };
                assert!(matches!(answer.status, 200 | 204), "{}", answer.text());
            }
            let mut stored: BTreeMap<(String, String, String), usize> = BTreeMap::new();
            let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
            for row in server.events().await {
                let line = (text(&row, "orderId"), text(&row, "itemType"), text(&row, "itemId"));
                *stored.entry(line).or_default() += 1;
            }
            let listed = orders(&server, "").await.len();
            let mut ids: Vec<_> = expected.keys().map(|(order, ..)| order.clone()).collect();
            ids.dedup();
            (stored, expected, listed, ids.len())
        });
        prop_assert_eq!(stored, expected);
        prop_assert_eq!(listed, ids);
    }
}
