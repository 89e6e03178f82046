//! What JavaScript sees of the module. Conversions, and nothing else.

use super::convert::value;
use super::host;
use super::shell::Shell;
use crate::engine::config::Config;
use crate::engine::input::Input;
use js_sys::{Array, Function};
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
    /// Nothing: `sink` was told what makes the configuration unusable, and there is no tracker.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, sink: Function) -> Result<Core, JsValue> {
        let mut unknown = Vec::new();
        match Config::parse(&value(&config), &mut unknown) {
            Ok(config) => Ok(Self { shell: Shell::start(config, unknown, sink) }),
            Err(error) => {
                host::warn(&sink, error.code.name(), &error.field, error.detail);
                Err(JsValue::UNDEFINED)
            }
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

    /// The account that is logged in, or else the anonymous id, where consent allows one.
    pub fn id(&self, account: bool) -> Option<String> {
        self.shell.ask(|engine| {
            let id = if account { engine.user_id() } else { engine.anonymous_id() };
            id.map(str::to_owned)
        })
    }

    /// The counters, as JSON.
    pub fn stats(&self) -> JsValue {
        self.shell.ask(|engine| serde_wasm_bindgen::to_value(&engine.stats()).unwrap_or_default())
    }
}
