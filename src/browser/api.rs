//! What JavaScript sees of the module. Conversions, and nothing else.
//!
//! Functions with a tracker's number, and no class: a tracker lives as long as its page, so there
//! is nothing to free, and the glue of a class is for nothing but that.

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

/// Starts a tracker with the one setting object in `args`, and gives its number. `sink` is called
/// with a type (`sent`, `acknowledged`, `dropped`, `warning`, `settled`) and a plain object.
///
/// `tell` has to call [`happened`] with this number and the list that it is given itself.
///
/// `undefined` where there is none: `sink` was told what makes the configuration unusable.
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

/// Takes what happened in the page: a list, as messages.js says.
#[wasm_bindgen]
pub fn happened(number: u32, happening: JsValue) {
    if let Some(shell) = Shell::of(number) {
        shell.happened(whole_list(&happening));
    }
}

/// Calls a method: its arguments and, last, its name; and when it was called (ms since the epoch).
/// Whenever nothing is under way any more, `sink` is called with `settled`.
#[wasm_bindgen]
pub fn call(number: u32, args: JsValue, at: f64) {
    if let Some(shell) = Shell::of(number) {
        let mut args = list(&args);
        if let Some(Value::Text(verb)) = args.pop() {
            shell.feed(Input::from_call(&verb, args, at as u64));
        }
    }
}

/// What there is to ask, as JSON: who the visitor is, the counters, and how far this timer is.
/// `session`: the session too, which is used by that.
///
/// One text instead of a function for each: with its conversions each is a quarter of a kilobyte.
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
