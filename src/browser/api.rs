//! What JavaScript sees of the module. Conversions, and nothing else.

use super::convert::value;
use super::host;
use super::shell::{Shell, describe};
use crate::engine::config::Config;
use crate::engine::input::Input;
use js_sys::{Array, Function, JSON};
use wasm_bindgen::prelude::*;

/// One tracker.
#[wasm_bindgen]
pub struct Core {
    shell: &'static Shell,
}

#[wasm_bindgen]
impl Core {
    /// Starts a tracker. `sink` is called with a type (`sent`, `acknowledged`, `dropped`,
    /// `warning`) and a plain object.
    ///
    /// # Errors
    /// A plain object with `code`, `field` and `message`, when the configuration is unusable.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, sink: Function) -> Result<Core, JsValue> {
        let mut unknown = Vec::new();
        match Config::parse(&value(&config), &mut unknown) {
            Ok(config) => Ok(Self { shell: Shell::start(config, unknown, sink) }),
            Err(error) => Err(JSON::parse(&describe(&error)).unwrap_or(JsValue::UNDEFINED)),
        }
    }

    /// Calls a method: its name, its arguments, and when it was called (ms since the epoch).
    pub fn call(&self, verb: &str, args: &Array, at: f64) {
        let args = args.iter().map(|arg| value(&arg)).collect();
        self.shell.feed(Input::from_call(verb, args, at as u64));
    }

    /// Sends everything that waits; `done` is called when it was answered.
    pub fn flush(&self, done: Function) {
        self.shell.feed(Input::Flush);
        self.shell.when_settled(done);
    }

    /// How far a consume timer is; undefined when there is none of that number.
    pub fn percentage(&self, timer: u32) -> Option<u8> {
        let now = host::now();
        self.shell.ask(|engine| engine.timer_percentage(timer, &now))
    }

    /// The account that is logged in.
    #[wasm_bindgen(getter = userId)]
    pub fn user_id(&self) -> Option<String> {
        self.shell.ask(|engine| engine.user_id().map(str::to_owned))
    }

    /// The anonymous id, where consent allows one.
    #[wasm_bindgen(getter = anonymousId)]
    pub fn anonymous_id(&self) -> Option<String> {
        self.shell.ask(|engine| engine.anonymous_id().map(str::to_owned))
    }

    /// The counters, as JSON.
    pub fn stats(&self) -> String {
        self.shell.ask(|engine| engine.stats())
    }
}
