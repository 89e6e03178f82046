//! The browser functions that the shell needs. The files in `host/` explain them.

use super::codes::{Signal, Status};
use js_sys::Function;
use recobeacon_engine::Signals;
use recobeacon_engine::effect::Outcome;
use recobeacon_engine::request::{Method, Request};
use recobeacon_engine::time::Now;
use wasm_bindgen::prelude::*;
use web_sys::Navigator;

#[wasm_bindgen]
extern "C" {
    // Declared directly, because `web_sys::window()` costs a kilobyte for its search of the global
    // object.
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Navigator;
}

// The files of `host/` as one module. `module = "/src/..."` would copy each file by itself, and the
// server of the browser tests drops requests if many files are loaded at once. scripts/build.mjs
// maps this name to the files, and bundles them to this path for the tests.
#[wasm_bindgen(raw_module = "/target/host.js")]
extern "C" {
    #[wasm_bindgen(js_name = signals)]
    fn signal_bits() -> u32;

    #[wasm_bindgen(js_name = now)]
    fn moment() -> Vec<f64>;

    pub fn flatten(value: &JsValue, depth: u8, width: u32, longest: u32) -> Vec<f64>;

    #[wasm_bindgen(js_name = setCookie)]
    pub fn set_cookie(name: &str, value: Option<&str>, days: u32, domain: &str);

    pub fn stored(cookies: &str, keys: &str) -> Vec<f64>;

    pub fn keep(key: &str, value: &str, most: u32) -> bool;

    pub fn forget(key: &str);

    pub fn claim(tell: &Function, instance: &str);

    pub fn listen(tell: &Function, page: bool, acts: bool, batches: bool);

    pub fn woken(tell: &Function);

    #[wasm_bindgen(js_name = scheduleFetchLater)]
    fn schedule(name: &str, url: Option<&str>, body: Option<&str>);

    fn note(url: &str, tell: &Function, id: u32);

    #[allow(clippy::too_many_arguments)]
    // The arguments of `fetch`, and the callback.
    fn send(
        url: &str,
        method: &str,
        body: Option<&str>,
        to_vendor: bool,
        no_cors: bool,
        header: &str,
        key: Option<&str>,
        tell: &Function,
        id: u32,
    );

    pub fn settled(sink: &Function);

    pub fn warn(sink: &Function, code: &str, field: &str, detail: &str);

    pub fn notify(
        sink: &Function,
        news: &str,
        destination: &str,
        events: u32,
        how: &str,
        url: Option<&str>,
        bytes: u32,
    );
}

/// The present moment.
pub fn now() -> Now {
    let mut numbers = moment().into_iter();
    let mut next = || numbers.next().unwrap_or_default() as u64;
    let (wall_ms, mono_ms) = (next(), next());
    let mut entropy = [0; 16];
    for byte in &mut entropy {
        *byte = next() as u8;
    }
    Now { wall_ms, mono_ms, entropy }
}

/// The browser's signals when the tracker starts.
pub fn signals() -> Signals {
    let bits = signal_bits();
    let is_set = |signal: Signal| bits & signal.code() as u32 != 0;
    Signals {
        gpc: is_set(Signal::Gpc),
        dnt: is_set(Signal::Dnt),
        online: is_set(Signal::Online),
        visible: is_set(Signal::Visible),
        later: is_set(Signal::FetchLater),
        seed: [now().entropy, now().entropy],
    }
}

/// `navigator.sendBeacon`, which always sends a POST, with or without a body.
/// <https://w3c.github.io/beacon/#sendbeacon-method>
pub fn beacon(Request { url, body, .. }: &Request, id: u32, tell: &Function) -> Outcome {
    note(url, tell, id);
    // It throws if the function was removed (Firefox's `beacon.enabled=false`) or if the URL is
    // invalid. A string is sent as text/plain, which needs no preflight.
    let taken =
        NAVIGATOR.with(|navigator| navigator.send_beacon_with_opt_str(url, body.as_deref()));
    if taken == Ok(true) { Outcome::Taken } else { Outcome::Refused }
}

/// Schedules a request by `fetchLater`, in place of the one that was scheduled under this name.
pub fn schedule_fetch_later(name: &str, request: Option<&Request>) {
    let body = request.and_then(|request| request.body.as_deref());
    schedule(name, request.map(|request| &*request.url), body);
}

/// `fetch` with `keepalive`. `tell` is called later with its [`answer`].
pub fn fetch(request: &Request, id: u32, tell: &Function) {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let Request { url, body, key, to_vendor, no_cors, .. } = request;
    let (header, key) = key.as_ref().map_or(("", None), |(name, value)| (*name, Some(&**value)));
    send(url, method, body.as_deref(), *to_vendor, *no_cors, header, key, tell, id);
}

/// The outcome of a `fetch`.
pub fn answer(status: i32, retry_after_s: u32) -> Outcome {
    match Status::from_code(status) {
        Some(Status::Forbidden) => Outcome::Blocked,
        Some(Status::None) => Outcome::Failed,
        Some(Status::Opaque) => Outcome::Taken,
        // An HTTP status. Any other number outside the table counts as no response.
        None => u16::try_from(status)
            .map_or(Outcome::Failed, |status| Outcome::Answered { status, retry_after_s }),
    }
}
