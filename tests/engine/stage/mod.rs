//! A tracker in a browser whose APIs are observed and replaced (stage.js).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// Each test uses only a part of this.
#![allow(dead_code)]

use gloo_timers::callback::Timeout;
use js_sys::{Array, Date, Function, JSON};
use recobeacon::browser::api;
use serde_json::{Value as Json, json};
use std::cell::{Cell, OnceCell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/engine/stage/stage.js")]
extern "C" {
    pub fn reset();
    pub fn requests() -> String;
    pub fn beacons(answer: &str);
    pub fn fetches(answer: &str, retry_after: Option<&str>);
    #[wasm_bindgen(js_name = watchListeners)]
    pub fn watch_listeners();
    pub fn listeners() -> String;
    pub fn becomes(state: &str);
    pub fn fire(kind: &str);
    #[wasm_bindgen(js_name = watchEnds)]
    pub fn watch_ends();
    pub fn end(name: &str, kind: &str, status: Option<u32>, redirect_start: f64) -> u32;
    pub fn forbid(url: &str, directive: &str, disposition: &str);
    pub fn here(url: &str) -> String;
    pub fn outbox() -> u32;
    #[wasm_bindgen(js_name = blockStorage)]
    pub fn block_storage();
    #[wasm_bindgen(js_name = ignoreCookies)]
    pub fn ignore_cookies();
    pub fn cookies() -> String;
    #[wasm_bindgen(js_name = setCookie)]
    pub fn set_cookie(cookie: &str);
    pub fn keeps(key: &str) -> Option<String>;
    #[wasm_bindgen(js_name = thrownBy)]
    pub fn thrown_by(callback: &Closure<dyn FnMut()>) -> String;
    pub fn odd(name: &str) -> JsValue;
    #[wasm_bindgen(js_name = loneSurrogate)]
    pub fn lone_surrogate() -> JsValue;
    pub fn instance() -> JsValue;
}

/// The module's functions for one tracker.
pub struct Core {
    number: u32,
    /// The callers that wait for the end of a flush.
    settled: Rc<RefCell<Vec<Function>>>,
}

impl Core {
    /// Starts a tracker. Returns `None` if the configuration is invalid.
    pub fn start(config: &Json, mut sink: Told) -> Option<Self> {
        let settled = Rc::new(RefCell::new(Vec::<Function>::new()));
        let waiting = settled.clone();
        let sink: Told = Box::new(move |name, detail| {
            if name != "settled" {
                return sink(name, detail);
            }
            for done in waiting.take() {
                done.call0(&JsValue::UNDEFINED).unwrap();
            }
        });
        let sink = Closure::wrap(sink).into_js_value().unchecked_into::<Function>();
        let of = Rc::new(Cell::new(None));
        let own = of.clone();
        let tell: Happened = Box::new(move |happening| {
            if let Some(number) = own.get() {
                api::happened(number, happening);
            }
        });
        let tell = Closure::wrap(tell).into_js_value().unchecked_into::<Function>();
        let number = api::start(Array::of1(&js(config)).into(), sink, tell)?;
        of.set(Some(number));
        Some(Self { number, settled })
    }

    /// Passes an event as the page's listeners do.
    pub fn happened(&self, happening: &Json) {
        api::happened(self.number, js(happening));
    }

    pub fn call(&self, verb: &str, args: &Array, at: f64) {
        let all = args.concat(&Array::of1(&verb.into()));
        api::call(self.number, all.into(), at);
    }

    pub fn flush(&self, done: Function) {
        self.settled.borrow_mut().push(done);
        self.call("flush", &Array::new(), 0.0);
    }

    pub fn id(&self, account: bool) -> Option<String> {
        self.state(if account { "userId" } else { "anonymousId" }).as_str().map(str::to_owned)
    }

    pub fn stats(&self) -> Json {
        self.state("stats")
    }

    fn state(&self, what: &str) -> Json {
        let text = api::state(self.number, 0, true).as_string().unwrap();
        let state: Json = serde_json::from_str(&text).unwrap();
        state.get(what).cloned().unwrap_or_default()
    }
}

/// A tracker, and the calls of its listeners: a type and a detail each.
pub struct Tracker {
    pub core: Rc<OnceCell<Core>>,
    pub told: Rc<RefCell<Vec<(String, Json)>>>,
}

/// The callback for the host files.
type Happened = Box<dyn FnMut(JsValue)>;

/// A listener.
pub type Told = Box<dyn FnMut(String, JsValue)>;

/// A value for the module.
pub fn js(json: &Json) -> JsValue {
    JSON::parse(&json.to_string()).unwrap()
}

fn from_js(value: &JsValue) -> Json {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string());
    text.map_or(Json::Null, |text| serde_json::from_str(&text).unwrap())
}

impl Tracker {
    /// Starts a tracker in an unprepared browser.
    pub fn start(config: Json) -> Self {
        let core = Rc::new(OnceCell::new());
        let told = Rc::new(RefCell::new(Vec::new()));
        let heard = told.clone();
        let sink: Told =
            Box::new(move |name, detail| heard.borrow_mut().push((name, from_js(&detail))));
        if let Some(started) = Core::start(&config, sink) {
            assert!(core.set(started).is_ok());
        }
        Self { core, told }
    }

    pub fn core(&self) -> &Core {
        self.core.get().expect("a tracker")
    }

    pub fn call(&self, verb: &str, args: Json) {
        self.call_js(verb, &js(&args));
    }

    pub fn call_js(&self, verb: &str, arg: &JsValue) {
        self.core().call(verb, &Array::of1(arg), Date::now());
    }

    pub fn count(&self, name: &str) -> f64 {
        self.core().stats()[name].as_f64().unwrap()
    }

    /// The details that listeners got under this name.
    pub fn told(&self, name: &str) -> Vec<Json> {
        let told = self.told.borrow();
        told.iter().filter(|(of, _)| of == name).map(|(_, detail)| detail.clone()).collect()
    }
}

/// A tracker left by a test would disturb the next one.
impl Drop for Tracker {
    fn drop(&mut self) {
        if let Some(core) = self.core.get() {
            core.call("dispose", &Array::new(), Date::now());
        }
        reset();
    }
}

/// The configuration of one collector, to which no real request is made.
pub fn batch() -> Json {
    json!({ "destinations": { "protocol": "batch", "endpoint": "/nowhere" } })
}

/// The requests to the browser so far.
pub fn log() -> Vec<Json> {
    serde_json::from_str(&requests()).unwrap()
}

/// Waits for the next task.
pub async fn turn() {
    let done = Rc::new(Cell::new(false));
    let mut timeout = None;
    poll_fn(|context| {
        if done.get() {
            return Poll::Ready(());
        }
        let (done, waker) = (done.clone(), context.waker().clone());
        timeout.get_or_insert_with(|| {
            Timeout::new(0, move || {
                done.set(true);
                waker.wake();
            })
        });
        Poll::Pending
    })
    .await;
}

/// The limit is far above any expected time, because a machine under load may stop the page for seconds.
const LIMIT_S: f64 = 30.0;

/// Waits until the condition holds.
pub async fn until(so: impl Fn() -> bool) {
    let end = Date::now() + LIMIT_S * 1_000.0;
    while !so() && Date::now() < end {
        turn().await;
    }
    assert!(so(), "not within {LIMIT_S} s; requests so far: {}", requests());
}

/// Starts a tracker for a new visitor in a browser that takes all requests.
pub fn start(config: Json) -> Tracker {
    reset();
    start_here(config)
}

/// Starts a tracker in a browser that was prepared before.
pub fn start_here(config: Json) -> Tracker {
    beacons("true");
    fetches("204", None);
    Tracker::start(config)
}
