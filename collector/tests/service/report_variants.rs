//! The comparison of variants in `/report`. `tests/e2e/report.test.mjs` compares its figures with a
//! second computation.

use crate::common::database;
use crate::common::{Server, batch, changed, click};
use serde_json::{Value, json};

async fn get(server: &Server, target: &str) -> String {
    let answer = server.read(target, "").await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.text()
}

async fn rows(server: &Server, query: &str) -> Vec<Value> {
    let json: Value =
        serde_json::from_str(&get(server, &format!("/report/report.json{query}")).await).unwrap();
    json["variants"].as_array().unwrap().clone()
}

/// Visitors who see a variant of a scenario, a year ago.
fn insert(server: &Server, customer: Option<&str>, scenario: &str, numbers: &[(&str, u64)]) {
    for (variant, visitors) in numbers {
        let name = customer.map_or("NULL".to_owned(), |name| format!("'{name}'"));
        let of = format!("{customer:?}{scenario}{variant}").replace('"', "");
        let value = |n: u64| {
            format!(
                "('{of}{n}', 'rendered', 1760000000000, 1760000000000, 'batch', {name}, '{of}{n}',
                  '{{\"scenario\":\"{scenario}\",\"variant\":\"{variant}\"}}')"
            )
        };
        let values: Vec<_> = (0..*visitors).map(value).collect();
        let sql = format!(
            "INSERT INTO events (id, type, at, received_at, source, customer, anonymous, fields)
             VALUES {}",
            values.join(", ")
        );
        database::run(&server.place(), &sql);
    }
}

#[tokio::test]
async fn without_variants_the_report_has_no_section_of_them() {
    let server = Server::start().await;
    let plain = changed(
        click(1),
        json!({ "type": "clickRecommended", "scenario": "\"variant\"", "title": "\"variant\":1" }),
    );
    assert_eq!(server.post(batch("s", 0, &[plain])).await.status, 204);
    let page = get(&server, "/report").await;
    assert!(page.contains("<h2>Recommendations</h2>") && !page.contains("Variants"));
    assert_eq!(rows(&server, "").await, Vec::<Value>::new());
    assert_eq!(get(&server, "/report/variants.csv").await.lines().count(), 1);
}

#[tokio::test]
async fn all_stored_time_is_compared_and_the_customer_of_the_page() {
    let server = Server::start().await;
    insert(&server, None, "top", &[("A", 300), ("B", 100)]);
    insert(&server, Some("shop"), "top", &[("A", 20), ("higher", 20)]);
    // The events are older than the period of the page.
    let page = get(&server, "/report").await;
    assert!(page.contains("<h2>Variants</h2>") && page.contains("Over all stored time"));
    let heads: Vec<&str> = page.split("<h3>").skip(1).collect();
    assert!(heads[0].starts_with("top</h3>") && heads[1].starts_with("top (shop)</h3>"));
    let warning = "The split is wrong, so the rates cannot be compared: A has 75.00 % instead of \
                   50.00 %, B has 25.00 % instead of 50.00 % of the visitors.";
    assert_eq!(page.matches(warning).count(), 1);
    // A name is no verdict.
    assert!(page.contains("<span>higher</span>") && !page.contains("Higher than the reference"));
    assert_eq!(page.matches("/report/variants.csv?").count(), 1);
    for (query, customers) in [
        ("", &["", "", "", "", "shop", "shop", "shop", "shop"][..]),
        ("?customer=shop", &["shop"; 4]),
        ("?customer=/", &[""; 4]),
        ("?customer=other", &[]),
    ] {
        let rows = rows(&server, query).await;
        let found: Vec<&str> = rows.iter().map(|row| row["customer"].as_str().unwrap()).collect();
        assert_eq!(found, customers, "{query}");
    }
    let page = get(&server, "/report?customer=other").await;
    assert!(!page.contains("Variants"));
}

#[tokio::test]
async fn of_too_many_variants_those_with_the_most_visitors_stay() {
    let server = Server::start().await;
    insert(&server, None, "top", &[("A", 30), ("B", 30)]);
    let value = |n: u64| {
        format!(
            "('id{n}', 'rendered', 1760000000000, 1760000000000, 'batch', 'v{n}',
              '{{\"scenario\":\"s{n}\",\"variant\":\"x\"}}')"
        )
    };
    let values: Vec<_> = (1..=10_050).map(value).collect();
    let sql = format!(
        "INSERT INTO events (id, type, at, received_at, source, anonymous, fields) VALUES {}",
        values.join(", ")
    );
    database::run(&server.place(), &sql);
    let answer: Value = serde_json::from_str(&get(&server, "/v1/variants").await).unwrap();
    let comparisons = answer["comparisons"].as_array().unwrap();
    assert_eq!(answer["leftOut"], 52);
    assert_eq!(comparisons.last().unwrap()["scenario"], "top");
    assert_eq!(rows(&server, "").await.len(), 20_000);
    let page = get(&server, "/report").await;
    assert!(page.split("<h3>").nth(1).unwrap().starts_with("top</h3>"));
    assert!(
        page.contains("9,979 more scenarios are in the CSV file. 52 variants of the scenarios")
    );
    assert!(page.len() < 200_000, "{}", page.len());
}
