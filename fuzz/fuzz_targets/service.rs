//! Requests to both listeners of the collector, from the request line to the response. The event listener reads out no
//! stored event, the admin listener only with the token, and each answer is one of the documented ones.
#![no_main]

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::response::Response;
use libfuzzer_sys::fuzz_target;
use recobeacon_collector::config::{Config, Overrides};
use recobeacon_collector::fuzzing::Service;
use recobeacon_collector::limits::Limits;
use recobeacon_fuzz::first;
use std::cell::RefCell;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// The title of an event that is stored before all others.
const STORED: &str = "7itle-0f-the-5tored-event";
/// Largest response: the configured limits keep rows few.
const RESPONSE_BYTES: usize = 64 * 1024 * 1024;
/// Requests after which the databases begin anew.
const REQUESTS: usize = 20_000;

/// The collectors with and without a token, and the requests so far.
struct State {
    runtime: Runtime,
    services: [Service; 2],
    requests: usize,
    _folder: TempDir,
}

thread_local!(static STATE: RefCell<Option<State>> = const { RefCell::new(None) });

impl State {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let services = ["admin_token", "site"].map(|with| {
            let database = folder.path().join(format!("{with}.sqlite"));
            let site = folder.path().join("site");
            std::fs::create_dir_all(&site).expect("a folder");
            std::fs::write(site.join("index.html"), "<title>x</title>").expect("a file");
            let value = if with == "site" { format!("{:?}", site.display().to_string()) } else { format!("{TOKEN:?}") };
            let text = format!("{with} = {value}\n[feeds]\n[[keys]]\nnumber = 1\nsecret = {:?}\n", "07".repeat(32));
            let flags = Overrides { database: Some(database), ..Overrides::default() };
            let config = Config::from_toml(&text, flags).expect("a configuration");
            runtime.block_on(async {
                let service = Service::open(config).expect("a database");
                let body = format!(
                    r#"{{"v":1,"stream":"s","seq":0,"events":[{{"id":"019ad9c9-9c60-7000-aa05-476c5235d6ce","type":"click","at":1,"itemId":"1","title":"{STORED}"}}]}}"#
                );
                let request = Request::post("/v1/events").header(HOST, "localhost").body(Body::from(body));
                let response = service.answer(false, request.expect("a request")).await;
                assert_eq!(response.status(), StatusCode::NO_CONTENT);
                service
            })
        });
        Self { runtime, services, requests: 0, _folder: folder }
    }
}

/// The request of a text with a request line, headers, an empty line and a body.
fn request(text: &[u8]) -> Option<Request> {
    let end = text.windows(2).position(|two| two == b"\n\n");
    let (head, body) = end.map_or((text, &[][..]), |end| (&text[..end], &text[end + 2..]));
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request =
        Request::builder().method(method).uri(path).body(Body::from(body.to_vec())).ok()?;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name: axum::http::HeaderName = name.parse().ok()?;
        request.headers_mut().append(name, value.trim().parse().ok()?);
    }
    Some(request)
}

fuzz_target!(|data: &[u8]| {
    let (flags, text) = first(data);
    let Some(request) = request(text) else { return };
    let (admin, place) = (flags & 1 != 0, usize::from(flags >> 1 & 1));
    let mut given = request
        .headers()
        .get_all(AUTHORIZATION)
        .into_iter()
        .map(|value| value.as_bytes().to_ascii_lowercase());
    let has_token =
        given.next() == Some(format!("bearer {TOKEN}").into_bytes()) && given.next().is_none();
    let may_read = admin
        && if place == 0 { has_token } else { !request.headers().contains_key(AUTHORIZATION) };
    STATE.with_borrow_mut(|state| {
        if state.as_ref().is_none_or(|state| state.requests >= REQUESTS) {
            *state = None;
        }
        let State { runtime, services, requests, .. } = state.get_or_insert_with(State::new);
        *requests += 1;
        runtime.block_on(async {
            let response = services[place].answer(admin, request).await;
            check(response, may_read).await;
        });
    });
});

async fn check(response: Response, may_read: bool) {
    let status = response.status();
    assert!(!status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
    assert_eq!(
        response.headers().get("x-content-type-options").map(|value| value.as_bytes()),
        Some(&b"nosniff"[..])
    );
    let is_stream = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    if is_stream {
        assert!(may_read, "a stream of events for everybody");
        return;
    }
    let is_page = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let body =
        axum::body::to_bytes(response.into_body(), RESPONSE_BYTES).await.expect("a short body");
    if !may_read {
        let found = body.windows(STORED.len()).any(|part| part == STORED.as_bytes());
        assert!(!found, "a stored event is read out");
    }
    // The form for the token is a whole page.
    if status.is_client_error() && !is_page {
        // JSON writes a quotation mark in two bytes.
        let most = 2 * Limits::SENTENCE_BYTES + 100;
        assert!(body.len() <= most, "a refusal of {} bytes", body.len());
    }
}
