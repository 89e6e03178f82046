//! The module's functions for JavaScript. They only convert values.
//!
//! The functions take a tracker's number instead of being methods of a class. A tracker lives as
//! long as its page, so nothing is freed, and the glue code of a class would have no other use.

use super::convert::{list, whole_list};
use super::host;
use super::shell::Shell;
use js_sys::Function;
use recobeacon_engine::config::Config;
use recobeacon_engine::input::Input;
use recobeacon_engine::json::Object;
use recobeacon_engine::value::Value;
use serde_wasm_bindgen::to_value;
use wasm_bindgen::prelude::*;

/// Starts a tracker with the settings object in `args`, and returns its number. `sink` is called
/// with a type (`sent`, `acknowledged`, `dropped`, `warning`, `settled`) and a plain object.
///
/// `tell` must call [`happened`] with this number and the list that it gets.
///
/// Returns `undefined` if the configuration is invalid. `sink` has got the warning then.
#[wasm_bindgen]
pub fn start(args: JsValue, sink: Function, tell: Function) -> Option<u32> {
    let mut unknown = Vec::new();
    match Config::parse(&list(&args).pop().unwrap_or(Value::Null), &mut unknown) {
        Ok(config) => Some(Shell::start(config, unknown, sink, tell)),
        Err(error) => {
            host::warn(&sink, error.code.name(), &error.field, error.detail);
            None
        }
    }
}

/// Passes an event of the page: a list as described in codes.rs.
#[wasm_bindgen]
pub fn happened(number: u32, happening: JsValue) {
    if let Some(shell) = Shell::of(number) {
        shell.happened(whole_list(&happening));
    }
}

/// Calls a method. The last argument is the method's name; `at` is the time of the call (ms since
/// the epoch). `sink` is called with `settled` whenever no request is pending any more.
#[wasm_bindgen]
pub fn call(number: u32, args: JsValue, at: f64) {
    if let Some(shell) = Shell::of(number) {
        let mut args = list(&args);
        if let Some(Value::Text(verb)) = args.pop() {
            // Another tab may have sent the order or the login, or stored the visitor's id.
            if matches!(&*verb, "buy" | "login" | "consent" | "dataLayer") {
                shell.reread();
            }
            shell.feed(Input::from_call(&verb, args, at as u64));
        }
    }
}

/// Returns the visitor's ids, the counters and the percentage of this timer, as JSON. With
/// `session` also the session id, which counts as a use of the session.
///
/// A single text replaces a function for each value, because each function with its conversions
/// costs a quarter of a kilobyte.
#[wasm_bindgen]
pub fn state(number: u32, timer: u32, session: bool) -> JsValue {
    let now = host::now();
    let mut out = String::new();
    if let Some(shell) = Shell::of(number) {
        shell.ask(|engine| {
            let session = if session { engine.session_id(&now) } else { None };
            let percentage = engine.timer_percentage(timer, &now);
            let mut state = Object::new(&mut out);
            state
                .some_text("userId", engine.user_id())
                .some_text("anonymousId", engine.anonymous_id())
                .some_text("sessionId", session.as_deref().map(String::as_str))
                .some_whole("percentage", percentage.map(u64::from))
                .raw("stats", &engine.stats().json());
            state.end();
        });
    }
    to_value(&out).unwrap_or_default()
}
