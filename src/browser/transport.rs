//! The browser's two ways to send a request that outlives the page.

use super::host::NAVIGATOR;
use crate::engine::effect::Outcome;
use crate::engine::protocol::{Method, Request};
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Response, ResponseType};

#[wasm_bindgen]
extern "C" {
    /// A promise, without the clothes that `js_sys::Promise` would bring.
    type Thenable;

    #[wasm_bindgen(method)]
    fn then(this: &Thenable, fulfilled: &JsValue, rejected: &JsValue);

    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &JsValue) -> Result<Thenable, JsValue>;
}

/// `navigator.sendBeacon`. A POST always; without a body it has none.
/// <https://w3c.github.io/beacon/#sendbeacon-method>
pub fn beacon(request: &Request) -> Outcome {
    let body = request.body.as_deref();
    // It throws where it was removed (Firefox's `beacon.enabled=false`) or the URL is none.
    let taken = NAVIGATOR.with(|navigator| navigator.send_beacon_with_opt_str(&request.url, body));
    if taken == Ok(true) { Outcome::Taken } else { Outcome::Refused }
}

/// `fetch` with `keepalive`. `settled` is called once, later.
pub fn keepalive(request: &Request, settled: impl FnOnce(Outcome) + 'static) {
    let init = Object::new();
    let set = |key: &str, value: JsValue| {
        let _ = Reflect::set(&init, &JsValue::from_str(key), &value);
    };
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
    };
    set("method", JsValue::from_str(method));
    set("keepalive", JsValue::TRUE);
    if let Some(body) = &request.body {
        // A string is sent as text/plain, for which no browser asks the server first.
        set("body", JsValue::from_str(body));
    }
    if request.no_cors {
        set("mode", JsValue::from_str("no-cors"));
        set("credentials", JsValue::from_str("omit"));
    } else {
        // The collector's cookies: its acknowledgement, and the identity that it renews.
        set("credentials", JsValue::from_str("include"));
        // A redirect would turn the POST into a GET without its body.
        set("redirect", JsValue::from_str("manual"));
    }
    // One function for both ends of the promise: it frees itself when it is called.
    let settled: Box<dyn FnOnce(JsValue)> = Box::new(|value| settled(outcome(value)));
    let callback = Closure::once_into_js(settled);
    if let Ok(promise) = fetch(&request.url, &init) {
        promise.then(&callback, &callback);
    } else {
        let function: &js_sys::Function = callback.unchecked_ref();
        let _ = function.call0(&JsValue::UNDEFINED);
    }
}

fn outcome(value: JsValue) -> Outcome {
    let Ok(response) = value.dyn_into::<Response>() else { return Outcome::Failed };
    // An opaque answer has status 0 and says nothing; a redirect that was not followed has 0 too.
    if response.type_() == ResponseType::Opaque {
        return Outcome::Taken;
    }
    let retry_after = response.headers().get("Retry-After").ok().flatten();
    let retry_after_s = retry_after.and_then(|seconds| seconds.parse().ok());
    Outcome::Answered { status: response.status(), retry_after_s }
}
