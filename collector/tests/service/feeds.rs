//! `GET /v1/recommendations/{scenario}`: the model follows the stored events, and a visitor's own
//! items are answered for the visitor's own id only.

use crate::common::desk::Desk;
use crate::common::{Answer, PATIENCE, SECRET, Server, batch, changed, click, send};
use recobeacon_collector::Collector;
use recobeacon_collector::config::{Config, Overrides};
use serde_json::{Value, json};
use std::time::Duration;

const FEEDS: &str = "[feeds]\n";
const VISITOR: &str = "4Zr8kPq1xYw0uVb7Tn3cLs";
const OTHER: &str = "5f0a9c3e-1b2d-4c5e-8f90-a1b2c3d4e5f6";

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64
}

/// An event of a visitor with an item, which happened shortly before `now`.
fn event(now: u64, n: u64, kind: &str, visitor: &str, item: &str) -> Value {
    let at = now - 60_000 + n;
    changed(click(n), json!({ "type": kind, "at": at, "itemId": item, "anonymous": visitor }))
}

/// Events in the form `type visitor item`.
fn events(first: u64, all: &[&str]) -> Vec<Value> {
    // The same for all, because a purchase counts more the later it is.
    let now = now();
    let read = |(n, line): (u64, &&str)| {
        let [kind, visitor, item] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        event(now, n, kind, visitor, item)
    };
    (first..).zip(all).map(read).collect()
}

impl Server {
    async fn store(&self, stream: &str, events: &[Value]) {
        let answer = self.post(batch(stream, 0, events)).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    /// Waits until the model has learnt from all rows.
    async fn learnt(&self) {
        let learnt = async {
            loop {
                let last = self.events().await.last().map_or(0, |row| row["row"].as_i64().unwrap());
                let status = self.read("/v1/status", "").await;
                let status: Value = serde_json::from_slice(&status.body).unwrap();
                if status["feeds"]["row"].as_i64().unwrap() >= last {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, learnt).await.unwrap();
    }

    async fn feed(&self, target: &str, headers: &str) -> Answer {
        self.send("GET", &format!("/v1/recommendations/{target}"), headers, b"").await
    }

    async fn ids(&self, target: &str, headers: &str) -> Vec<String> {
        ids(&self.feed(target, headers).await)
    }
}

fn parsed(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

fn ids(answer: &Answer) -> Vec<String> {
    let items = parsed(answer)["recommendationItems"].as_array().unwrap().clone();
    items.iter().map(|item| item["itemId"].to_string().replace('"', "")).collect()
}

fn cookie(id: &str) -> String {
    format!("Cookie: a=b; reco_id={id}\r\n")
}

#[tokio::test]
async fn without_the_table_there_are_no_feeds() {
    let server = Server::start().await;
    assert_eq!(server.feed("bestsellers", "").await.status, 404);
    for target in ["/v1/status", "/metrics"] {
        assert!(!server.read(target, "").await.text().contains("feeds"), "{target}");
    }
}

#[tokio::test]
async fn the_scenarios_of_all_visitors_follow_the_events() {
    let server = Server::with(FEEDS).await;
    assert_eq!(server.ids("bestsellers", "").await, [""; 0]);
    let first =
        events(0, &["click v1 a", "consume v1 b", "click v2 a", "click v2 b", "click v2 c"]);
    server.store("s1", &first).await;
    server.learnt().await;
    let figures = server.read("/metrics", "").await.text();
    assert!(figures.contains("\nrecobeacon_feeds_items 3\n"), "{figures}");
    assert!(figures.contains("\nrecobeacon_feeds_behind_rows 0\n"), "{figures}");
    assert_eq!(server.ids("also_viewed?contextitems=a", "").await, ["b", "c"]);
    assert_eq!(server.ids("also_viewed?contextitems=a,b&numrecs=1", "").await, ["c"]);
    let more = events(10, &["buy v1 a", "buy v1 b", "buy v2 a", "buy v3 d", "rate v3 e"]);
    let more: Vec<Value> = more
        .into_iter()
        .map(|event| {
            let rates = event["type"] == "rate";
            changed(event, if rates { json!({ "rating": 5 }) } else { json!({}) })
        })
        .collect();
    server.store("s2", &more).await;
    server.learnt().await;
    assert_eq!(server.ids("bought_together?contextitems=a", "").await, ["b"]);
    assert_eq!(server.ids("bestsellers", "").await, ["a", "b", "d"]);
    assert_eq!(server.ids("bestsellers?outputtypeid=2", "").await, [""; 0]);
    // The next start learns the same from the database.
    let before = server.feed("also_viewed?contextitems=a,c", "").await.text();
    let server = server.again(FEEDS).await;
    server.learnt().await;
    assert_eq!(server.feed("also_viewed?contextitems=a,c", "").await.text(), before);
    assert_eq!(server.ids("bestsellers", "").await, ["a", "b", "d"]);
}

#[tokio::test]
async fn a_visitor_gets_their_own_items() {
    let server = Server::with(FEEDS).await;
    let all = [
        format!("click {VISITOR} 1"),
        format!("click {VISITOR} 2"),
        format!("click {VISITOR} 3"),
        format!("blacklist {VISITOR} 2"),
        format!("basket {VISITOR} 1"),
        format!("basket {VISITOR} 2"),
        format!("basket {VISITOR} 3"),
        format!("basket {VISITOR} 4"),
        format!("deleteFromBasket {VISITOR} 2"),
        format!("buy {VISITOR} 3"),
        format!("click {OTHER} 9"),
        format!("basket {OTHER} 8"),
    ];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    server.store("s", &events(0, &all)).await;
    // Both are answered from the rows, so nothing has to be learnt before.
    let of = |scenario: &str, id: &str| format!("{scenario}?userid={id}");
    assert_eq!(server.ids(&of("recently_viewed", VISITOR), "").await, ["3", "1"]);
    assert_eq!(server.ids(&of("recently_added_to_cart", VISITOR), "").await, ["4", "1"]);
    assert_eq!(server.ids(&of("recently_viewed", OTHER), "").await, ["9"]);
    assert_eq!(server.ids("recently_viewed", &cookie(VISITOR)).await, ["3", "1"]);
    // The items of the page are left out.
    let target = format!("recently_viewed?userid={VISITOR}&contextitems=3");
    assert_eq!(server.ids(&target, "").await, ["1"]);
    let target = format!("recently_viewed?userid={VISITOR}&numrecs=1");
    assert_eq!(server.ids(&target, "").await, ["3"]);
}

#[tokio::test]
async fn personal_items_need_the_visitors_own_id() {
    let server = Server::with(FEEDS).await;
    let mut all = events(0, &[&format!("click {VISITOR} 1"), "click johndoe 2"]);
    all.push(changed(event(now(), 5, "click", OTHER, "3"), json!({ "user": "1001" })));
    server.store("s", &all).await;
    let target = format!("recently_viewed?userid={VISITOR}");
    assert_eq!(server.ids(&target, "").await, ["1"]);
    for (what, target, headers) in [
        ("no id", "recently_viewed", String::new()),
        ("an id that can be guessed", "recently_viewed?userid=johndoe", String::new()),
        ("an account", "recently_viewed?userid=1001", String::new()),
        ("the same in the cookie", "recently_viewed", cookie("johndoe")),
        ("not tracked", "recently_viewed?userid=not_defined", String::new()),
        ("an id of nobody", "recently_viewed?userid=AAAAAAAAAAAAAAAAAAAAAA", String::new()),
        (
            "a page of another host",
            "recently_viewed",
            cookie(VISITOR) + "Origin: http://a.example\r\n",
        ),
        (
            "a page of another site, without origin",
            "recently_viewed",
            cookie(VISITOR) + "Sec-Fetch-Site: same-site\r\n",
        ),
        (
            "a visitor who refused",
            "recently_viewed",
            "Cookie: reco_off=1; reco_id=".to_owned() + VISITOR + "\r\n",
        ),
        // The parameter takes precedence, so that a page cannot mix two visitors.
        ("another id", "recently_added_to_cart?userid=AAAAAAAAAAAAAAAAAAAAAA", cookie(VISITOR)),
    ] {
        let answer = server.feed(target, &headers).await;
        assert_eq!(ids(&answer), [""; 0], "{what}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
    }
    let own = format!("{}Origin: http://{}\r\n", cookie(VISITOR), server.address);
    assert_eq!(server.ids("recently_viewed", &own).await, ["1"]);
    // With the setting, whoever knows an id may ask for it.
    let server = server.again("[feeds]\nany_id = true\n").await;
    assert_eq!(server.ids("recently_viewed?userid=johndoe", "").await, ["2"]);
    assert_eq!(server.ids("recently_viewed?userid=1001", "").await, ["3"]);
    // The access log and the refusals' log have the route, never the query.
    assert_eq!(server.feed("recently_viewed?userid=%0A", "").await.status, 400);
}

#[tokio::test]
async fn an_erased_visitor_leaves_personal_feeds_at_once_and_the_model_when_it_is_computed_anew() {
    let desk = Desk::new();
    let toml = format!("[feeds]\n[[keys]]\nnumber = 3\nsecret = \"{SECRET}\"\n");
    let flags = Overrides {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        admin_listen: Some("127.0.0.1:0".parse().unwrap()),
        database: Some(desk.place()),
        ..Overrides::default()
    };
    let mut config = Config::from_toml(&toml, flags).unwrap();
    config.feeds.as_mut().unwrap().rebuild = Duration::from_millis(1500);
    let collector = Collector::start(config).await.unwrap();
    let address = collector.address().unwrap();
    let all =
        [format!("click {VISITOR} 1"), format!("click {VISITOR} 2"), format!("buy {VISITOR} 2")];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let body = batch("s", 0, &events(0, &all)).to_string();
    assert_eq!(send(address, "POST", "/v1/events", "", body.as_bytes()).await.status, 204);
    let feed = async |target: &str| {
        ids(&send(address, "GET", &format!("/v1/recommendations/{target}"), "", b"").await)
    };
    let until = async |target: &str, expected: &[&str]| {
        let reached = async {
            while feed(target).await != expected {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect(target);
    };
    until("also_viewed?contextitems=1", &["2"]).await;
    until("bestsellers", &["2"]).await;
    let done = desk.run(&["erase-visitor"], VISITOR);
    assert_eq!(done.code, Some(0), "{}", done.log);
    assert_eq!(feed(&format!("recently_viewed?userid={VISITOR}")).await, [""; 0]);
    until("also_viewed?contextitems=1", &[]).await;
    until("bestsellers", &[]).await;
    // The last row is deleted, so the new model never reads it.
    let figures = async {
        loop {
            let figures = send(collector.admin_address(), "GET", "/metrics", "", b"").await.text();
            let is = |line| figures.lines().any(|one| one == line);
            if is("recobeacon_feeds_items 0") && is("recobeacon_feeds_behind_rows 0") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, figures).await.unwrap();
    collector.stop().await;
}

#[tokio::test]
async fn the_links_of_an_answer_report_its_scenario() {
    let server = Server::with(&format!("[ibexa]\ncustomers = [\"00000\"]\n{FEEDS}")).await;
    for item in ["10", "x%2Fy"] {
        let target = format!("/api/00000/click/{VISITOR}/1/{item}?categorypath=a");
        assert_eq!(server.get(&target).await.status, 204);
    }
    server.learnt().await;
    let target = format!("also_viewed?customerid=00000&contextitems=10&userid={VISITOR}");
    let answer = parsed(&server.feed(&target, "").await);
    let links = &answer["recommendationItems"][0]["links"];
    for name in ["rendered", "clickRecommended"] {
        let link = links[name].as_str().unwrap();
        let path = link.strip_prefix(&format!("//{}", server.address)).expect(link);
        assert_eq!(server.get(path).await.status, 204, "{path}");
    }
    let rows = server.events().await;
    let stored: Vec<(&Value, &Value)> =
        rows.iter().skip(2).map(|row| (&row["type"], &row["scenario"])).collect();
    let scenario = json!("also_viewed");
    assert_eq!(stored, [(&json!("rendered"), &scenario), (&json!("clickRecommended"), &scenario)]);
    assert_eq!(rows[3]["itemId"], "x/y");
    assert_eq!(rows[3]["customer"], "00000");
    // Without an id there is nobody to link to.
    let answer =
        server.feed("also_viewed?customerid=00000&contextitems=10", &cookie(VISITOR)).await;
    assert!(!answer.text().contains("links"), "{}", answer.text());
    // The host of the links can be another one.
    let server = server.again(&format!("{FEEDS}host = \"events.shop.example\"\n")).await;
    server.learnt().await;
    assert!(
        server
            .feed(&target, "")
            .await
            .text()
            .contains("\"//events.shop.example/api/00000/rendered/")
    );
}

#[tokio::test]
async fn an_answer_for_all_visitors_may_be_cached_and_others_may_not() {
    let server = Server::with(FEEDS).await;
    let cached = async |target: &str, headers: &str| {
        server.feed(target, headers).await.header("cache-control").unwrap().to_owned()
    };
    assert_eq!(cached("bestsellers", &cookie(VISITOR)).await, "public, max-age=60");
    assert_eq!(cached(&format!("bestsellers?userid={VISITOR}"), "").await, "private, max-age=60");
    assert_eq!(cached("recently_viewed", "").await, "no-store");
    assert_eq!(cached("bestsellers?numrecs=0", "").await, "no-store");
    let answer = server.feed("bestsellers", "Origin: https://shop.example\r\n").await;
    assert_eq!(answer.header("vary"), Some("Origin"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"));
    // The page's origin tells the customer.
    let customers = "[[customers]]\ninterface = \"batch\"\nname = \"shop-de\"\norigins = [\"https://shop.example\"]\n";
    let server = server.again(&format!("{FEEDS}{customers}")).await;
    // A GET of the same host has no origin.
    let origin = "Origin: https://shop.example\r\n";
    let bought = batch("bought", 0, &[event(now(), 20, "buy", VISITOR, "x")]).to_string();
    let answer = server.send("POST", "/v1/events", origin, bought.as_bytes()).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    server.learnt().await;
    for header in [origin, "Referer: https://shop.example/a\r\n"] {
        let answer = server.feed("bestsellers", header).await;
        assert_eq!(answer.header("cache-control"), Some("private, max-age=60"), "{header}");
        assert_eq!(ids(&answer), ["x"], "{header}");
    }
    assert_eq!(server.ids("bestsellers?customerid=shop-de", "").await, ["x"]);
    assert_eq!(server.feed("bestsellers", "Referer: https://other.example/\r\n").await.status, 403);
}

#[tokio::test]
async fn other_pages_may_not_read_a_customers_feeds() {
    let toml = "[[customers]]\ninterface = \"ibexa\"\nname = \"00000\"\norigins = [\"https://shop.example\"]\n[feeds]\n";
    let server = Server::with(toml).await;
    let target = "bestsellers?customerid=00000";
    assert_eq!(server.feed(target, "Origin: https://shop.example\r\n").await.status, 200);
    let refused = server.feed(target, "Origin: https://other.example\r\n").await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, None));
    let other = server.feed("bestsellers?customerid=1", "Origin: https://other.example\r\n").await;
    assert_eq!(other.status, 200);
    let listed = Server::with("origins = [\"https://shop.example\"]\n[feeds]\n").await;
    assert_eq!(listed.feed("bestsellers", "Origin: https://other.example\r\n").await.status, 403);
    assert_eq!(listed.feed(target, "Origin: https://other.example\r\n").await.status, 403);
    assert_eq!(listed.feed(target, "Origin: https://shop.example\r\n").await.status, 200);
}

#[tokio::test]
async fn requests_that_are_wrong_are_refused() {
    let server = Server::with(FEEDS).await;
    let path = "/v1/recommendations/bestsellers";
    assert_eq!(server.feed("best", "").await.status, 404);
    assert_eq!(server.feed("also_viewed", "").await.status, 400);
    let posted = server.send("POST", path, "", b"").await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(server.send("HEAD", path, "", b"").await.status, 200);
    let preflight = server.send("OPTIONS", path, "Origin: https://shop.example\r\n", b"").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-methods"), Some("GET, HEAD, OPTIONS"));
}
