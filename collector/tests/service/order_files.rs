//! Purchases with an order's number in history files: a line counts once, however often and however
//! corrected it is imported.

use crate::common::desk::{Desk, buy};
use crate::common::{batch, changed, id, send};
use serde_json::{Value, json};

const COLUMNS: &str = "type,at,user,orderId,itemId,price,quantity\n";
const AT: &str = "2026-01-05T09:12:44Z";

/// Imports lines of CSV. Returns the number of new events.
fn import(desk: &Desk, content: &str) -> usize {
    let file = desk.path("orders.csv");
    std::fs::write(&file, content).unwrap();
    import_file(desk, file.to_str().unwrap())
}

fn import_file(desk: &Desk, file: &str) -> usize {
    let done = desk.run(&["import", file], "");
    assert_eq!(done.code, Some(0), "{}", done.log);
    done.out.split(' ').next().unwrap().parse().unwrap()
}

/// A file with two lines of one item and one of another.
fn file(at: &str, user: &str, price: &str) -> String {
    let line = |item: &str, price: &str| format!("buy,{at},{user},Q-1,{item},{price},1\n");
    [COLUMNS, &line("1000", price), &line("1000", "9.00EUR"), &line("2000", price)].concat()
}

#[test]
fn a_corrected_file_adds_no_line() {
    let desk = Desk::new();
    assert_eq!(import(&desk, &file(AT, "erika", "5.00EUR")), 3);
    for (at, user, price) in [
        (AT, "erika", "5.00EUR"),
        (AT, "erika", "6.00EUR"),
        (AT, "", "6.00EUR"),
        (AT, "max", "7.00EUR"),
        ("2026-01-06T09:12:44Z", "max", "8.00EUR"),
    ] {
        assert_eq!(import(&desk, &file(at, user, price)), 0, "{at} {user} {price}");
    }
    let with_ids = |n: u64| {
        format!(
            "id,type,at,orderId,itemId\n{},buy,{AT},Q-1,1000\n{},buy,{AT},Q-1,1000\n",
            id(n),
            id(n + 1)
        )
    };
    assert_eq!((import(&desk, &with_ids(1)), import(&desk, &with_ids(3))), (0, 0));
    assert_eq!(desk.number("SELECT count(*) FROM events"), 3);
    assert_eq!(desk.number("SELECT count(*) FROM order_lines"), 3);
    // A file with one line more adds that line only.
    let more = format!("{}buy,{AT},erika,Q-1,1000,3.00EUR,1\n", file(AT, "erika", "5.00EUR"));
    assert_eq!((import(&desk, &more), import(&desk, &more)), (1, 0));
    assert_eq!(desk.number("SELECT sum(copies) FROM orders"), 0);
}

#[test]
fn after_a_new_key_a_file_adds_nothing() {
    let desk = Desk::without_key("");
    let click =
        format!("type,at,user,anonymous,itemId\nclick,{AT},erika,device,x\nclick,{AT},,,x\n");
    let both = || (import(&desk, &file(AT, "erika", "5.00EUR")), import(&desk, &click));
    assert_eq!(both(), (3, 2));
    for _ in 0..2 {
        assert_eq!(desk.run(&["rotate-key"], "").code, Some(0));
        assert_eq!(both(), (0, 0));
    }
    // New events have the new key.
    assert_eq!(import(&desk, &click.replace(",x", ",y")), 2);
    assert_eq!(desk.number("SELECT max(key) FROM events"), 3);
    assert_eq!(both(), (0, 0));
}

/// Another tracker's file may have the reloads of a confirmation page.
#[test]
fn an_order_at_two_times_of_one_file_counts_once() {
    let desk = Desk::new();
    let twice = format!(
        "{}{}",
        file(AT, "erika", "5.00EUR"),
        file("2026-01-06T09:12:44Z", "erika", "5.00EUR").strip_prefix(COLUMNS).unwrap()
    );
    assert_eq!(import(&desk, &twice), 3);
}

#[test]
fn an_event_with_a_known_id_is_no_line_of_another_order() {
    let desk = Desk::new();
    let line = |order: &str, item: &str| {
        format!("id,type,at,orderId,itemId\n{},buy,{AT},{order},{item}\n", id(1))
    };
    assert_eq!(import(&desk, &line("Q-1", "x")), 1);
    assert_eq!((import(&desk, &line("Q-2", "x")), import(&desk, &line("Q-1", "y"))), (0, 0));
    assert_eq!(desk.texts("SELECT order_id FROM orders"), ["Q-1"]);
    assert_eq!(desk.number("SELECT count(*) FROM order_lines"), 1);
}

#[tokio::test]
async fn imported_orders_are_those_of_the_shop_and_a_pages_rows_stay_a_pages() {
    let desk = Desk::new();
    let collector = desk.start();
    let post = async |stream: &str, events: &[Value]| {
        let body = batch(stream, 0, events).to_string();
        let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
        assert_eq!(answer.status, 204);
    };
    let reported = async |collector: &crate::common::process::Process| -> Vec<String> {
        let answer = send(collector.admin, "GET", "/v1/orders", "", b"").await;
        let json: Value = serde_json::from_slice(&answer.body).unwrap();
        let order = |order: &Value| {
            let [id, by] = ["orderId", "reported"].map(|name| order[name].as_str().unwrap());
            format!("{id} {by} {} {} {}", order["lines"], order["pageLines"], order["shopLines"])
        };
        json["orders"].as_array().unwrap().iter().map(order).collect()
    };
    import(&desk, &file(AT, "erika", "5.00EUR"));
    assert_eq!(reported(&collector).await, ["Q-1 shop 3 0 3"]);
    // Two pages report one order, the second one with two further lines.
    post("a", &[buy(1, "P-1", "x")]).await;
    let later = |n| changed(buy(n, "P-1", "x"), json!({ "at": 1_763_683_299_000u64 }));
    post("b", &[later(2), later(3), later(4)]).await;
    post("c", &[changed(buy(5, "Q-1", "1000"), json!({ "quantity": 7 }))]).await;
    let all = ["Q-1 both 3 1 3", "P-1 page 3 3 0"];
    assert_eq!(reported(&collector).await, all);
    // An export has each line once, so each is a line of its own.
    let file = desk.path("export.jsonl");
    let file = file.to_str().unwrap();
    assert_eq!(desk.run(&["export", "--output", file], "").code, Some(0));
    assert_eq!(import_file(&desk, file), 0);
    assert_eq!(reported(&collector).await, all);
    let empty = Desk::new();
    assert_eq!(import_file(&empty, file), 6);
    let collector = empty.start();
    assert_eq!(reported(&collector).await, ["Q-1 shop 3 0 3", "P-1 page 3 3 0"]);
    assert_eq!(import_file(&empty, file), 0);
}
