//! Plans of tests whose scenario no event has, as after a misspelling: `check`, the log and the report
//! tell them.

use crate::common::desk::Desk;
use crate::common::process::Process;
use crate::common::{PATIENCE, Server, batch, changed, click, send};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::sync::mpsc;

/// The scenario of the second one is misspelt.
const PLANS: &str = "[[variants]]\nscenario = \"top\"\nweights = { A = 1, B = 1 }\n\
                     [[variants]]\nscenario = \"also_bougth\"\nweights = { A = 9, B = 1 }\n";
const SENTENCE: &str = "collector.toml: line 5: variants[1].scenario: no stored event with a variant has \
                        the scenario \"also_bougth\", but events have other ones";

fn shown(n: u64, scenario: &str, more: Value) -> Value {
    let fields = json!({ "type": "clickRecommended", "scenario": scenario });
    changed(changed(click(n), fields), more)
}

async fn post(collector: &Process, seq: u64, event: Value) {
    let body = batch("s", seq, &[event]).to_string();
    let answer = send(collector.address, "POST", "/v1/events", "", body.as_bytes()).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
}

/// The lines of `check` before the last one.
fn notes(desk: &Desk) -> Vec<String> {
    let done = desk.run(&["check"], "");
    assert_eq!(done.code, Some(0), "{done:?}");
    let mut lines: Vec<String> = done.out.lines().map(str::to_owned).collect();
    assert_eq!(lines.pop().as_deref(), Some("the configuration is valid"));
    lines
}

fn end(collector: Process) -> String {
    collector.signal("-TERM");
    let (code, _, log) = collector.end();
    assert_eq!(code, Some(0), "{log}");
    log
}

/// The first line of the log with this text.
fn line_with(mut collector: Process, text: &'static str) -> String {
    let log = BufReader::new(collector.child.stderr.take().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = log.lines().map(Result::unwrap);
        lines.find(|line| line.contains(text)).map(|line| tell.send(line))
    });
    told.recv_timeout(PATIENCE).unwrap()
}

#[tokio::test]
async fn check_and_the_start_tell_a_scenario_that_no_event_has() {
    let desk = Desk::with(PLANS);
    assert_eq!(notes(&desk), Vec::<String>::new(), "there is no database");
    let collector = desk.start();
    // Without a variant, the test may not have begun.
    post(&collector, 0, shown(1, "also_bougth", json!({}))).await;
    assert_eq!(notes(&desk), Vec::<String>::new());
    post(&collector, 1, shown(2, "top", json!({ "variant": "A" }))).await;
    post(&collector, 2, shown(3, "also_bought", json!({ "variant": "A" }))).await;
    let told = notes(&desk);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("note: ") && told[0].contains(SENTENCE), "{told:?}");
    let log = end(collector);
    assert!(!log.contains("no stored event"), "{log}");

    let line = line_with(desk.start(), SENTENCE);
    assert!(line.contains("WARN"), "{line}");

    let collector = desk.start();
    post(&collector, 3, shown(4, "also_bougth", json!({ "variant": "B" }))).await;
    assert_eq!(notes(&desk), Vec::<String>::new());
    end(collector);
}

async fn get(server: &Server, target: &str) -> String {
    let answer = server.read(target, "").await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.text()
}

async fn unseen(server: &Server, target: &str, name: &str) -> Value {
    serde_json::from_str::<Value>(&get(server, target).await).unwrap()[name].clone()
}

#[tokio::test]
async fn the_report_tells_a_scenario_that_no_visitor_saw_in_a_variant() {
    let sentence = |name: &str| format!("saw a variant of the scenario &#34;{name}&#34;");
    let server = Server::with(PLANS).await;
    let page = get(&server, "/report").await;
    assert!(page.contains("<h2>Variants</h2>") && page.contains(&sentence("top")), "{page}");
    assert_eq!(
        unseen(&server, "/report/report.json", "unseenScenarios").await,
        json!(["also_bougth", "top"])
    );
    let events = [
        shown(1, "top", json!({ "variant": "A", "anonymous": "v1" })),
        shown(2, "also_bought", json!({ "variant": "A", "anonymous": "v1" })),
    ];
    assert_eq!(server.post(batch("s", 0, &events)).await.status, 204);
    for query in ["", "?customer=other"] {
        let page = get(&server, &format!("/report{query}")).await;
        assert!(page.contains(&sentence("also_bougth")), "{page}");
        assert!(!page.contains(&sentence("top")) && !page.contains(&sentence("also_bought")));
        let json = format!("/report/report.json{query}");
        assert_eq!(unseen(&server, &json, "unseenScenarios").await, json!(["also_bougth"]));
    }
    assert_eq!(unseen(&server, "/v1/variants", "unseen").await, json!(["also_bougth"]));
    let server = server.again("").await;
    assert_eq!(unseen(&server, "/report/report.json", "unseenScenarios").await, Value::Null);
    assert_eq!(unseen(&server, "/v1/variants", "unseen").await, Value::Null);
}
