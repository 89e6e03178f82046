//! What happens after each outcome of a request.

use super::three;
use super::vendor::{Reply, Vendor, status};
use super::{click, empty, figures, ibexa, intempt, item, until};
use crate::common::database;
use crate::common::{Server, batch, changed, id};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

async fn post(server: &Server, seq: u64, events: &[Value]) {
    assert_eq!(server.post(batch("s1", seq, events)).await.status, 204);
}

/// The dead letters as (event, reason, message).
fn letters(server: &Server) -> Vec<(String, String, Option<String>)> {
    let sql = "SELECT event, reason, message FROM forward WHERE state = 'dead' ORDER BY row";
    database::rows(&server.place(), 3, sql).into_iter().map(three).collect()
}

#[tokio::test]
async fn a_refused_event_is_a_dead_letter_with_the_vendors_message_and_without_ids() {
    let vendor = Vendor::start(|seen, _| match item(&seen.target) {
        2 => {
            let text =
                format!("<p>no item 2\r\n for user johndoe/1 (johndoe%2F1) in {}", seen.target);
            Reply::Status(400, "", text)
        }
        _ => status(200),
    })
    .await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let events = [click(1, "johndoe/1"), click(2, "johndoe/1"), click(3, "johndoe/1")];
    post(&server, 0, &events).await;
    let figures = empty(&server, "a").await;
    assert_eq!((&figures["delivered"], &figures["deadLetters"]), (&json!(2), &json!(1)));
    assert_eq!(figures["pausedSeconds"], 0);
    let [(event, reason, message)] = &letters(&server)[..] else { panic!() };
    assert_eq!((event, reason.as_str()), (&id(2), "refused"));
    assert_eq!(
        message.as_deref(),
        Some("400 <p>no item 2 for user *** (***) in /api/00000/click/***/1/2")
    );
    assert_eq!(figures["lastError"].as_str(), message.as_deref());
    assert_eq!(vendor.targets().iter().map(|target| item(target)).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn a_key_that_the_vendor_quotes_is_in_no_message() {
    let vendor = Vendor::start(|seen, _| {
        let header = seen.header("authorization").unwrap().to_owned();
        let text = format!(
            "bad key: identifier.SECRETKEY123 identifier:SECRETKEY123 {header} SECRETKEY123 \
             identifier%3ASECRETKEY123 U0VDUkVUS0VZMTIz"
        );
        Reply::Status(400, "", text)
    })
    .await;
    let config = intempt("a", &vendor, "");
    let config = config.replace("identifier.secret", "identifier.SECRETKEY123");
    let server = Server::with(&config).await;
    post(&server, 0, &[click(1, "v-long-id")]).await;
    let figures = empty(&server, "a").await;
    let [(_, _, message)] = &letters(&server)[..] else { panic!("{figures}") };
    assert_eq!(message.as_deref(), Some("400 bad key: *** *** Basic *** *** *** ***"));
    assert_eq!(figures["lastError"].as_str(), message.as_deref());
}

#[tokio::test]
async fn a_success_counts_whatever_the_body_says() {
    let vendor = Vendor::start(|_, _| Reply::Status(200, "", r#"{"error":"no such item"}"#.into()));
    let vendor = vendor.await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    post(&server, 0, &[click(1, "v")]).await;
    let figures = empty(&server, "a").await;
    assert_eq!((&figures["delivered"], &figures["deadLetters"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn an_answer_before_acceptance_is_repeated_in_order_after_retry_after() {
    for code in [408, 429, 431, 503] {
        let times = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&times);
        let vendor = Vendor::start(move |_, number| {
            requests.lock().unwrap().push(Instant::now());
            match number {
                0 => Reply::Status(code, "Retry-After: 1\r\n", String::new()),
                _ => status(200),
            }
        })
        .await;
        let server = Server::with(&ibexa("a", &vendor, "")).await;
        post(&server, 0, &[click(1, "v"), click(2, "v"), click(3, "v")]).await;
        let figures = empty(&server, "a").await;
        assert_eq!(
            (&figures["delivered"], &figures["retried"], &figures["deadLetters"]),
            (&json!(3), &json!(1), &json!(0)),
            "{code}"
        );
        let times = times.lock().unwrap().clone();
        assert!(times[1] - times[0] >= Duration::from_secs(1), "{code}: {times:?}");
        let items: Vec<u64> = vendor.targets().iter().map(|target| item(target)).collect();
        assert_eq!(items, [1, 1, 2, 3], "{code}");
    }
}

#[tokio::test]
async fn an_event_whose_outcome_is_unknown_is_not_repeated() {
    let slow = Reply::After(Duration::from_secs(60), Box::new(status(200)));
    for (reply, said) in [
        (Reply::Reset, "no answer"),
        (slow, "no answer in time"),
        (status(500), "500"),
        (status(502), "502"),
        (status(302), "302"),
        (status(401), "401"),
    ] {
        let first = reply.clone();
        let vendor = Vendor::start(move |_, number| match number {
            0 => first.clone(),
            _ => status(200),
        })
        .await;
        let server = Server::with(&ibexa("a", &vendor, "timeout_seconds = 1")).await;
        post(&server, 0, &[click(1, "v"), click(2, "v")]).await;
        let figures = empty(&server, "a").await;
        assert_eq!(figures["delivered"], 1, "{reply:?}");
        let items: Vec<u64> = vendor.targets().iter().map(|target| item(target)).collect();
        assert_eq!(items, [1, 2], "{reply:?}");
        let [(event, reason, message)] = &letters(&server)[..] else { panic!("{reply:?}") };
        let expected = if said.starts_with("no answer") { "unknown" } else { "refused" };
        assert_eq!((event, reason.as_str()), (&id(1), expected), "{reply:?}");
        assert!(message.as_deref().unwrap().starts_with(said), "{message:?}");
    }
}

#[tokio::test]
async fn a_consume_is_repeated_once() {
    for (answers, requests, dead) in
        [(vec![500, 200], 2, 0), (vec![500, 500, 200], 2, 1), (vec![503, 500, 200], 2, 1)]
    {
        let given = answers.clone();
        let vendor =
            Vendor::start(move |_, number| status(given.get(number).copied().unwrap_or(200))).await;
        let server = Server::with(&ibexa("a", &vendor, "")).await;
        let consume = changed(click(1, "v"), json!({ "type": "consume", "percentage": 40 }));
        post(&server, 0, &[consume]).await;
        let figures = empty(&server, "a").await;
        assert_eq!(figures["deadLetters"], dead, "{answers:?}");
        assert_eq!(vendor.seen().len(), requests, "{answers:?}");
    }
}

#[tokio::test]
async fn an_idempotent_destination_gets_an_event_until_it_is_answered() {
    let vendor = Vendor::start(|_, number| match number {
        0 => Reply::Reset,
        1 => status(500),
        2 => Reply::After(Duration::from_secs(60), Box::new(status(200))),
        _ => status(201),
    })
    .await;
    let server = Server::with(&intempt("a", &vendor, "timeout_seconds = 1")).await;
    post(&server, 0, &[click(1, "v"), click(2, "v")]).await;
    let figures = empty(&server, "a").await;
    assert_eq!((&figures["delivered"], &figures["deadLetters"]), (&json!(2), &json!(0)));
    let seen = vendor.seen();
    assert_eq!(seen.len(), 4);
    // Both events in one request, and the same bytes each time.
    assert!(seen.iter().all(|one| one.body == seen[0].body));
    assert!(seen[0].body.contains(&id(1)) && seen[0].body.contains(&id(2)));
    assert_eq!(seen[0].header("authorization"), Some("Basic aWRlbnRpZmllcjpzZWNyZXQ="));
}

#[tokio::test]
async fn a_wrong_configuration_of_an_idempotent_destination_keeps_the_events() {
    let vendor = Vendor::start(|_, _| Reply::Status(401, "", "no identifier:secret".into())).await;
    let server = Server::with(&intempt("a", &vendor, "")).await;
    post(&server, 0, &[click(1, "v")]).await;
    let figures =
        until(&server, "a", |figures| figures["pausedSeconds"].as_u64() > Some(500)).await;
    assert_eq!((&figures["waiting"], &figures["deadLetters"]), (&json!(1), &json!(0)));
    assert_eq!(vendor.seen().len(), 1);
}

#[tokio::test]
async fn a_request_that_is_too_large_is_sent_in_halves() {
    let vendor = Vendor::start(|seen, _| {
        status(if seen.body.matches("eventId").count() > 2 { 413 } else { 200 })
    })
    .await;
    let server = Server::with(&intempt("a", &vendor, "")).await;
    let events: Vec<Value> = (1..=7).map(|n| click(n, "v")).collect();
    post(&server, 0, &events).await;
    assert_eq!(empty(&server, "a").await["delivered"], 7);
    let taken: Vec<String> = vendor
        .seen()
        .iter()
        .filter(|seen| seen.body.matches("eventId").count() <= 2)
        .map(|seen| seen.body.clone())
        .collect();
    let order: Vec<usize> =
        (1..=7).map(|n| taken.iter().position(|body| body.contains(&id(n))).unwrap()).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[tokio::test]
async fn a_server_that_is_down_costs_no_event_and_disturbs_no_other_destination() {
    // A port that nobody listens on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let other = Vendor::willing().await;
    let down = format!(
        "[[forward]]\nname = \"down\"\nprotocol = \"ibexa\"\ncustomer_id = \"1\"\n\
         endpoint = \"http://{address}\"\n"
    );
    let server = Server::with(&format!("{down}{}", ibexa("up", &other, ""))).await;
    let events: Vec<Value> = (1..=30).map(|n| click(n, "v")).collect();
    post(&server, 0, &events).await;
    assert_eq!(empty(&server, "up").await["delivered"], 30);
    let waiting = until(&server, "down", |figures| figures["lastError"].is_string()).await;
    assert_eq!((&waiting["waiting"], &waiting["deadLetters"]), (&json!(30), &json!(0)));
    assert!(waiting["lastError"].as_str().unwrap().starts_with("no connection"), "{waiting}");
    // When it is there again, everything arrives in order.
    let vendor = Vendor::at(address, |_, _| status(204)).await;
    assert_eq!(empty(&server, "down").await["delivered"], 30);
    let items: Vec<u64> = vendor.targets().iter().map(|target| item(target)).collect();
    assert_eq!(items, (1..=30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_connection_that_the_server_has_closed_loses_no_event() {
    // The server ends each connection after its answer without saying so.
    let vendor = Vendor::start(|_, _| status(200)).await;
    let server = Server::with(&ibexa("a", &vendor, "")).await;
    let address = vendor.address;
    let mut vendor = Some(vendor);
    for n in 1..=10 {
        post(&server, n, &[click(n, "v")]).await;
        vendor.as_ref().unwrap().until(1).await;
        empty(&server, "a").await;
        vendor.take().unwrap().end().await;
        vendor = Some(Vendor::at(address, |_, _| status(200)).await);
    }
    let figures = figures(&server, "a").await;
    assert_eq!((&figures["delivered"], &figures["deadLetters"]), (&json!(10), &json!(0)));
}
