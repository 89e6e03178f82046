//! `/report`: who may read it, its headers, its limits, and the views that have the same figures.
//!
//! `tests/e2e/report.test.mjs` compares every figure with a second computation.

use crate::common::database;
use crate::common::{Answer, Server, batch, click, send};
use futures_util::future::join_all;
use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

const TOKEN: &str = "a-token-of-32-characters-or-more";

async fn with_token() -> Server {
    Server::with(&format!("admin_token = \"{TOKEN}\"\n")).await
}

async fn post(server: &Server, target: &str, headers: &str, body: &str) -> Answer {
    let headers = format!("Content-Type: application/x-www-form-urlencoded\r\n{headers}");
    send(server.admin, "POST", target, &headers, body.as_bytes()).await
}

/// Signs in and returns the header with the session's cookie.
async fn session(server: &Server) -> String {
    let answer = post(server, "/report", "", &format!("token={TOKEN}")).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer.header("set-cookie").unwrap();
    format!("Cookie: other=1; {}\r\n", cookie.split(';').next().unwrap())
}

#[tokio::test]
async fn a_session_reads_the_report_and_nothing_else() {
    let server = with_token().await;
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    let wrong = "Authorization: Bearer no\r\n";
    let cookie = session(&server).await;
    for target in ["/report", "/report/report.json", "/report/days.csv"] {
        for headers in [right.clone(), cookie.clone(), format!("{cookie}Sec-Fetch-Site: none\r\n")]
        {
            assert_eq!(server.read(target, &headers).await.status, 200, "{target} {headers}");
        }
        for headers in [
            String::new(),
            wrong.to_owned(),
            format!("{cookie}{wrong}"),
            "Cookie: reco_report=\r\n".to_owned(),
            cookie.replace("reco_report=", "reco_report=0"),
            cookie.replace("reco_report=", "x_reco_report="),
            // Pages of other origins, also of another port of the same host.
            format!("{cookie}Sec-Fetch-Site: cross-site\r\n"),
            format!("{cookie}Sec-Fetch-Site: same-site\r\n"),
            format!("{cookie}Origin: http://127.0.0.1:1\r\n"),
        ] {
            let answer = server.read(target, &headers).await;
            assert_eq!(answer.status, 401, "{target} {headers}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
    for target in ["/v1/events", "/v1/batches", "/v1/orders", "/v1/status", "/metrics", "/reports"]
    {
        assert_eq!(server.read(target, &cookie).await.status, 401, "{target}");
    }
    assert_eq!(post(&server, "/v1/orders", &cookie, "{\"orders\":[]}").await.status, 401);
    // The event listener has no report.
    assert_eq!(server.send("GET", "/report", &cookie, b"").await.status, 404);
    // A restart ends the sessions.
    let server = server.again(&format!("admin_token = \"{TOKEN}\"\n")).await;
    assert_eq!(server.read("/report", &cookie).await.status, 401);
}

#[tokio::test]
async fn only_the_form_of_the_page_with_the_token_begins_a_session() {
    let server = with_token().await;
    let right = format!("token={TOKEN}");
    let host = server.admin;
    for (headers, body, status) in [
        (String::new(), right.as_str(), 303),
        (format!("Origin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n"), &right, 303),
        (format!("Origin: http://{host}\r\n"), &right, 303),
        // A proxy with another Host.
        (
            "Origin: https://stats.shop.example\r\nSec-Fetch-Site: same-origin\r\n".to_owned(),
            &right,
            303,
        ),
        ("Sec-Fetch-Site: cross-site\r\n".to_owned(), &right, 403),
        ("Sec-Fetch-Site: same-site\r\n".to_owned(), &right, 403),
        (format!("Sec-Fetch-Site: cross-site\r\nOrigin: http://{host}\r\n"), &right, 403),
        ("Origin: https://attacker.example\r\n".to_owned(), &right, 403),
        ("Origin: null\r\n".to_owned(), &right, 403),
        (format!("Origin: http://{host}\r\nOrigin: http://{host}\r\n"), &right, 403),
        (String::new(), "token=wrong-token-of-32-characters", 401),
        (String::new(), "token=", 401),
        (String::new(), "", 401),
        (String::new(), "token", 401),
        (String::new(), "token=%FF", 400),
    ] {
        let answer = post(&server, "/report", &headers, body).await;
        assert_eq!(answer.status, status, "{headers} {body}: {}", answer.text());
        let cookie = answer.header("set-cookie");
        assert_eq!(cookie.is_some(), status == 303, "{headers} {body}");
        let is_https = headers.contains("https://stats");
        let ending = if is_https { "; SameSite=Strict; Secure" } else { "; SameSite=Strict" };
        if let Some(cookie) = cookie {
            assert!(cookie.contains("; Path=/report; Max-Age=43200; HttpOnly"), "{cookie}");
            assert!(cookie.ends_with(ending), "{cookie}");
        }
        assert!(!answer.text().contains(TOKEN));
    }
    // The question of the page stays, and a token in the address is refused.
    let answer = post(&server, "/report?from=2026-01-05", "", &right).await;
    assert_eq!(answer.header("location"), Some("/report?from=2026-01-05"));
    assert_eq!(post(&server, &format!("/report?{right}"), "", "").await.status, 400);
    assert_eq!(server.read(&format!("/report?{right}"), "").await.status, 401);
    // More sessions end the first.
    let first = session(&server).await;
    for _ in 0..64 {
        session(&server).await;
    }
    assert_eq!(server.read("/report", &first).await.status, 401);
    let last = session(&server).await;
    assert_eq!(post(&server, "/report", &last, "end=1").await.status, 303);
    assert_eq!(server.read("/report", &last).await.status, 401);
}

#[tokio::test]
async fn without_a_token_the_report_follows_the_rules_of_the_admin_listener() {
    let server = Server::start().await;
    for target in ["/report", "/report/report.json", "/report/items.csv"] {
        assert_eq!(server.read(target, "").await.status, 200);
        for headers in
            ["Host: attacker.example\r\n", "Via: 1.1 proxy\r\n", "Sec-Fetch-Site: same-site\r\n"]
        {
            assert_eq!(server.read(target, headers).await.status, 403, "{target} {headers}");
        }
    }
    let answer = post(&server, "/report", "", "token=x").await;
    assert_eq!((answer.status, answer.text().as_str()), (403, "no admin_token is configured\n"));
}

#[tokio::test]
async fn the_page_allows_its_style_sheet_and_nothing_else() {
    let server = with_token().await;
    let cookie = session(&server).await;
    for headers in [cookie.as_str(), ""] {
        let answer = server.read("/report", headers).await;
        let page = answer.text();
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = recobeacon_engine::base64::base64(&Sha256::digest(style.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        assert_eq!(answer.header("content-security-policy"), Some(&*policy));
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        assert!(!page.contains("style=") && !page.contains("<script"));
    }
}

#[tokio::test]
async fn a_wrong_question_is_refused_with_the_name_of_the_parameter() {
    let server = Server::start().await;
    for (target, status, sentence) in [
        ("/report?from=x", 400, "from: must be a date like 2026-11-28\n"),
        ("/report?to=2026-13-01", 400, "to: must be a date like 2026-11-28\n"),
        ("/report?from=2026-01-02&to=2026-01-01", 400, "from: must not be after to\n"),
        (
            "/report/days.csv?from=2020-01-01&to=2026-01-01",
            400,
            "from: a report has at most 400 days\n",
        ),
        (
            "/report?days=3",
            400,
            "\"days\" is no parameter; the parameters here are from, to, customer\n",
        ),
        ("/report/nothing.csv", 404, "there is nothing here\n"),
        ("/report/days.json", 404, "there is nothing here\n"),
    ] {
        let answer = server.read(target, "").await;
        assert_eq!((answer.status, answer.text().as_str()), (status, sentence), "{target}");
    }
    assert_eq!(
        send(server.admin, "PUT", "/report", "", b"").await.header("allow"),
        Some("GET, HEAD, POST")
    );
}

/// 2026-11-10T00:00:00Z.
const DAY: i64 = 1_794_268_800_000;
const MONTH: &str = "from=2026-11-01&to=2026-11-30";

async fn json(server: &Server, query: &str) -> Value {
    let answer = server.read(&format!("/report/report.json?{query}"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

/// Fills the database with clicks and purchases of a few visitors and items, always the same ones.
fn fill(server: &Server) {
    let mut state = 7u64;
    let mut next = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut sql = "BEGIN;".to_owned();
    for n in 0..3000 {
        let kind = ["click", "rendered", "clickRecommended", "clickRecommended", "basket", "buy"]
            [next(6) as usize];
        let received = DAY + next(20 * 86_400_000) as i64;
        let sent = received + [0, 3_600_000, -90_000_000][next(3) as usize];
        let at = sent - [5, 60_000, 400_000_000, 700_000_000, -1][next(5) as usize];
        let item = format!("\"itemType\":\"{}\",\"itemId\":\"{}\"", next(2), next(6));
        let scenario = [",\"scenario\":\"a\"", ",\"scenario\":\"b\"", ""][next(3) as usize];
        let price =
            ["12.45EUR", "0.1EUR", "7USD", "8999999999.999999CHF", "3.333333EUR"][next(5) as usize];
        let fields = match kind {
            "buy" => format!(
                "{{{item},\"price\":\"{price}\",\"quantity\":{}}}",
                ["1", "0.5", "0.333333", "1000"][next(4) as usize]
            ),
            "rendered" | "clickRecommended" => format!("{{{item}{scenario}}}"),
            _ => format!("{{{item}}}"),
        };
        let visitor = format!("v{}", next(8));
        let (anonymous, user) =
            [(Some(&visitor), None), (None, Some(&visitor)), (None, None)][next(3) as usize];
        let customer = [None, Some("shop")][next(2) as usize];
        let text = |value: Option<&str>| value.map_or("NULL".to_owned(), |it| format!("'{it}'"));
        let (customer, anonymous) = (text(customer), text(anonymous.map(String::as_str)));
        let user = text(user.map(String::as_str));
        sql.push_str(&format!(
            "INSERT INTO events (id, type, at, received_at, sent_at, source, customer, anonymous,
                                 user, fields)
             VALUES ('id{n}', '{kind}', {at}, {received}, {sent}, 'batch', {customer}, {anonymous},
                     {user}, '{fields}');"
        ));
    }
    sql.push_str("INSERT INTO refused_requests VALUES ('2026-11-02', 'batch', 'invalid', 3),
                 ('2026-11-03', 'batch', 'invalid', 4), ('2026-12-01', 'batch', 'invalid', 5); COMMIT");
    database::run(&server.place(), &sql);
}

/// The SQL blocks of the documentation. Each begins with the name of its table.
fn documented() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```sql\n-- ").skip(1);
    let block = |block: &str| {
        let (name, rest) = block.split_once('\n').unwrap();
        (name.to_owned(), rest.split_once("```").unwrap().0.to_owned())
    };
    blocks.map(block).collect()
}

/// The expression of the documented queries that PostgreSQL has another one for, and that one.
fn days() -> [String; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, line) = text.split_once("In PostgreSQL, write ").unwrap();
    let codes: Vec<&str> = line.split('`').collect();
    [codes[3].to_owned(), codes[1].to_owned()]
}

type Cells = BTreeMap<String, Value>;

/// The rows of a query, by the names of its columns.
fn rows(server: &Server, sql: &str) -> Vec<Cells> {
    if !database::is_postgres() {
        return sqlite_rows(&Connection::open(server.database()).unwrap(), sql);
    }
    let [of_sqlite, of_postgres] = days();
    let sql = sql.trim().trim_end_matches(';').replace(&of_sqlite, &of_postgres);
    let sql = format!("SELECT CAST(row_to_json(found) AS TEXT) FROM ({sql}) AS found");
    let rows = database::texts(&server.place(), &sql);
    rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
}

fn sqlite_rows(connection: &Connection, sql: &str) -> Vec<Cells> {
    let mut statement = connection.prepare(sql).unwrap();
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let value = |cell| match cell {
        Cell::Text(text) => text.into(),
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Null | Cell::Blob(_) => Value::Null,
    };
    let read = statement.query_map([], |row| {
        let cell = |name: &String| Ok((name.clone(), value(row.get(name.as_str())?)));
        names.iter().map(cell).collect()
    });
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Whether a cell of SQL equals a value of the report.
fn is_equal(cell: &Value, value: &Value, currency: Option<&str>) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6_f64.max(a.abs() * 1e-12);
    match (cell, value) {
        (Value::String(text), Value::String(value)) => text == value,
        (Value::Number(number), Value::Number(value)) => {
            near(number.as_f64().unwrap(), value.as_f64().unwrap())
        }
        (Value::Null, Value::Array(amounts)) => amounts.is_empty(),
        (Value::Number(number), Value::Array(amounts)) => amounts.iter().any(|amount| {
            amount["currency"].as_str() == currency
                && near(
                    number.as_f64().unwrap(),
                    amount["amount"].as_str().unwrap().parse().unwrap(),
                )
        }),
        _ => false,
    }
}

#[tokio::test]
async fn the_documented_queries_return_the_figures_of_the_report() {
    let server = Server::start().await;
    fill(&server);
    let report = json(&server, MONTH).await;
    let documented = documented();
    assert_eq!(documented.len(), 6);
    for (name, sql) in documented {
        let found = rows(&server, &sql);
        assert!(!found.is_empty(), "{name}");
        for row in found {
            let currency = row.get("currency").and_then(Value::as_str);
            let table = report[&name].as_array().unwrap();
            let is_same = |shown: &&Value| {
                let has = |key: &String| !shown[key].is_null();
                row.iter()
                    .filter(|(key, _)| has(key))
                    .all(|(key, cell)| is_equal(cell, &shown[key], currency))
            };
            let same: Vec<_> = table.iter().filter(is_same).collect();
            assert_eq!(same.len(), 1, "{name}: {row:?} is not in {table:?}");
        }
    }
}

/// The page computes them in one pass, and the view compares each purchase with all clicks.
#[tokio::test]
async fn the_view_of_purchases_after_a_click_has_the_lines_of_the_page() {
    let server = Server::start().await;
    fill(&server);
    let day = 86_400_000;
    for (query, first, end) in [
        (MONTH, DAY - 9 * day, DAY + 21 * day),
        ("from=2026-11-17&to=2026-11-18", DAY + 7 * day, DAY + 9 * day),
    ] {
        let sql = format!(
            "SELECT scenario, CAST(count(*) AS TEXT) FROM report_scenario_purchases
             WHERE time >= {first} AND time < {end} GROUP BY 1 ORDER BY 1"
        );
        let of_view: Vec<String> = database::rows(&server.place(), 2, &sql)
            .into_iter()
            .map(|row| row.into_iter().map(Option::unwrap).collect::<Vec<_>>().join(" "))
            .collect();
        let report = json(&server, query).await;
        let scenarios = report["scenarios"].as_array().unwrap();
        let mut of_page: Vec<String> = scenarios
            .iter()
            .filter(|row| row["purchases"] != 0)
            .map(|row| format!("{} {}", row["scenario"].as_str().unwrap(), row["purchases"]))
            .collect();
        of_page.sort();
        assert_eq!(of_view, of_page);
        assert_eq!(of_page.len(), 3);
    }
}

#[tokio::test]
async fn ten_thousand_scenarios_are_shown_and_the_rest_is_counted() {
    let server = Server::start().await;
    let value = |n: i64| {
        format!("('id{n}', 'rendered', {DAY}, {DAY}, 'batch', 'v', '{{\"scenario\":\"s{n:05}\"}}')")
    };
    let sql = format!(
        "INSERT INTO events (id, type, at, received_at, source, anonymous, fields) VALUES {}",
        (1..=10_050).map(value).collect::<Vec<_>>().join(", ")
    );
    database::run(&server.place(), &sql);
    let report = json(&server, MONTH).await;
    let scenarios = report["scenarios"].as_array().unwrap();
    assert_eq!((scenarios.len(), &scenarios[9999]["scenario"]), (10_000, &"s10000".into()));
    let page = server.read(&format!("/report?{MONTH}"), "").await.text();
    assert!(page.contains("10,000 more rows are not shown."), "{}", page.len());
    assert!(page.len() < 100_000, "{}", page.len());
}

#[tokio::test]
async fn refused_requests_are_counted_at_once_and_after_a_restart() {
    let server = Server::start().await;
    let refused = async |server: &Server| json(server, "").await["refused"].to_string();
    assert_eq!(refused(&server).await, "[]");
    let wrong = batch("s", 0, &[serde_json::json!({ "type": "click" })]);
    assert_eq!(server.post(&wrong).await.status, 400);
    // Requests without events do not count: files, and the admin listener.
    assert_eq!(server.get("/nothing").await.status, 404);
    assert_eq!(server.read("/v1/nothing", "").await.status, 404);
    let one = r#"[{"interface":"batch","reason":"invalid","requests":1}]"#;
    assert_eq!(refused(&server).await, one);
    assert_eq!(server.post(&wrong).await.status, 400);
    let server = server.again("").await;
    assert_eq!(refused(&server).await, one.replace(":1}", ":2}"));
}

/// A report reads in one transaction, and leaves the connection usable.
#[tokio::test]
async fn events_are_stored_while_reports_are_made() {
    let server = Server::start().await;
    fill(&server);
    let reports = (0..6).map(|_| json(&server, MONTH));
    let events = async {
        for n in 0..20 {
            assert_eq!(server.post(batch("s", n, &[click(n)])).await.status, 204);
        }
    };
    let (reports, ()) = tokio::join!(join_all(reports), events);
    assert_eq!(reports.len(), 6);
    assert_eq!(server.events().await.len(), 3020);
}
