//! The browser, as far as the shell needs it: see host.js for what each of these does and why.

use crate::engine::Signals;
use crate::engine::effect::Outcome;
use crate::engine::protocol::{Method, Request};
use crate::engine::time::Now;
use js_sys::{Date, Function, Math};
use wasm_bindgen::prelude::*;
use web_sys::Navigator;

#[wasm_bindgen(module = "/src/browser/host.js")]
extern "C" {
    pub fn cookie(name: &str) -> Option<String>;

    #[wasm_bindgen(js_name = setCookie)]
    pub fn set_cookie(name: &str, value: &str, days: u32, domain: &str);

    #[wasm_bindgen(js_name = deleteCookie)]
    pub fn delete_cookie(name: &str);

    #[wasm_bindgen(js_name = clearAcknowledgements)]
    pub fn clear_acknowledgements();

    pub fn kept(key: &str) -> Option<String>;

    pub fn keep(key: &str, value: &str);

    pub fn forget(key: &str);

    #[wasm_bindgen(js_name = signals)]
    fn signal_bits() -> u32;

    pub fn listen(tell: &Closure<dyn FnMut(u32)>) -> Function;

    #[wasm_bindgen(js_name = listenToActs)]
    pub fn listen_to_acts(tell: &Closure<dyn FnMut(u32)>) -> Function;

    pub fn warn(sink: &Function, code: &str, field: &str, detail: &str);

    pub fn delivered(
        sink: &Function,
        news: &str,
        destination: &str,
        events: u32,
        url: &str,
        bytes: u32,
        transport: &str,
    );

    pub fn dropped(sink: &Function, destination: &str, events: u32, code: &str);

    fn send(url: &str, method: &str, body: Option<&str>, no_cors: bool, settled: JsValue);
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Navigator;

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(array: &mut [u8]) -> Result<(), JsValue>;
}

/// This moment.
pub fn now() -> Now {
    Now { wall_ms: Date::now() as u64, mono_ms: performance_now() as u64, entropy: random() }
}

/// 128 random bits.
fn random() -> [u8; 16] {
    let mut bits = [0; 16];
    if get_random_values(&mut bits).is_err() {
        // A browser that blocks `crypto` still has visitors that have to be told apart.
        for byte in &mut bits {
            *byte = (Math::random() * 256.0) as u8;
        }
    }
    bits
}

/// What the browser says when the tracker starts.
pub fn signals() -> Signals {
    let bits = signal_bits();
    Signals {
        gpc: bits & 1 != 0,
        dnt: bits & 2 != 0,
        online: bits & 4 != 0,
        visible: bits & 8 != 0,
        seed: [random(), random()],
    }
}

/// `navigator.sendBeacon`: a POST always; without a body it has none.
/// <https://w3c.github.io/beacon/#sendbeacon-method>
pub fn beacon(request: &Request) -> Outcome {
    let body = request.body.as_deref();
    // It throws where it was removed (Firefox's `beacon.enabled=false`) or the URL is none.
    let taken = NAVIGATOR.with(|navigator| navigator.send_beacon_with_opt_str(&request.url, body));
    if taken == Ok(true) { Outcome::Taken } else { Outcome::Refused }
}

/// `fetch` with `keepalive`. `settled` is called once, later.
pub fn fetch(request: &Request, settled: impl FnOnce(Outcome) + 'static) {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    let settled = Closure::once_into_js(move |status: i32, retry_after_s: u32| {
        settled(match status {
            -2 => Outcome::Failed,
            -1 => Outcome::Taken,
            _ => Outcome::Answered { status: status as u16, retry_after_s },
        });
    });
    send(&request.url, method, request.body.as_deref(), request.no_cors, settled);
}
