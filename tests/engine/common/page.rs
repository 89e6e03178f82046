//! A page with a simulated clock and random source around one engine, in the manner of quinn's
//! `Pair`.
//!
//! It acts like the shell (src/browser/shell.rs) and records everything. After every input it
//! checks the engine's invariants: the counters add up, and the collector's rules accept every
//! batch.

use super::envelope;
use recobeacon_engine::config::Config;
use recobeacon_engine::effect::{ALL_KEYS, DeliveryReport, Effect, Outcome, Send, Via};
use recobeacon_engine::error::Error;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use recobeacon_engine::request::Request;
use recobeacon_engine::time::Now;
use recobeacon_engine::value::Value;
use recobeacon_engine::{Engine, Signals};
use serde_json::Value as Json;
use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// The wall clock at the start: 2025-11-21, 00:00 UTC.
pub const START: u64 = 1_763_683_200_000;

/// More wake-ups in one `advance` mean an endless loop.
const WAKES: usize = 20_000;
/// More outcomes after one input mean an endless loop.
const ANSWERS: usize = 5_000;

/// A request, and the time of sending (monotonic clock).
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub at: u64,
    pub send: Send,
}

/// The browser's outcome of a request. `None`: not yet, the test reports it later.
type Network = Box<dyn FnMut(&Send) -> Option<Outcome>>;

/// The page.
pub struct Page {
    pub engine: Engine,
    pub wall: u64,
    pub mono: u64,
    /// If set, every input gets these random bits. Otherwise each input gets different ones.
    pub entropy: Option<[u8; 16]>,
    pub wake: Option<u64>,
    pub sends: Vec<Sent>,
    pub warnings: Vec<Error>,
    pub notices: Vec<DeliveryReport>,
    /// The present cookies: value and days.
    pub jar: BTreeMap<String, (String, u64)>,
    /// The names of the written cookies, in order.
    pub cookies_written: Vec<String>,
    /// The present texts in localStorage.
    pub kept: BTreeMap<String, String>,
    /// The number of all writes of cookies and texts.
    pub stored_writes: usize,
    /// The outboxes whose locks it holds. The last one is its own.
    pub owned: Vec<String>,
    /// The status in the Resource Timing entry of each taken beacon. `None`: there is no entry.
    pub timing: Rc<Cell<Option<u16>>>,
    /// The requests that the browser sends when the page's process ends.
    pub later_requests: BTreeMap<String, Rc<Request>>,
    pub(super) later: bool,
    /// The number of further effects until the process of a page of this browser ends. `None`: it
    /// does not end.
    pub ends: Rc<Cell<Option<usize>>>,
    /// The size limit of `localStorage`.
    pub room: usize,
    /// Whether the invariants are checked. Switched off for many thousands of inputs.
    pub checks: bool,
    /// The previous content of `localStorage` before each write, with its time.
    pub(super) past: Vec<(u64, String, Option<String>)>,
    pub(super) erased: bool,
    network: Network,
    /// The number of random values so far, for all pages of a browser.
    pub(super) dice: Rc<Cell<u64>>,
    pub(super) cookie_name: String,
}

/// A visible page with a network and without privacy signals.
pub fn calm() -> Signals {
    Signals { online: true, visible: true, seed: [[7; 16], [9; 16]], ..Signals::default() }
}

/// The default network: beacons are taken, and readable requests are answered with 204.
fn willing(send: &Send) -> Option<Outcome> {
    match (send.via, send.request.no_cors) {
        (Via::Fetch, false) => answered(204),
        (Via::Fetch, true) | (Via::Beacon, _) => Some(Outcome::Taken),
    }
}

/// A response with this status.
pub fn answered(status: u16) -> Option<Outcome> {
    retry_after(status, 0)
}

/// A response with `Retry-After`.
pub fn retry_after(status: u16, seconds: u32) -> Option<Outcome> {
    Some(Outcome::Answered { status, retry_after_s: seconds })
}

impl Page {
    /// Opens a page for a new visitor.
    pub fn open(config: Json) -> Self {
        Self::start(&config, &Stored::default(), calm())
    }

    /// Opens a page in a browser with stored values.
    pub fn open_with(config: Json, stored: &Stored) -> Self {
        Self::start(&config, stored, calm())
    }

    pub fn start(config: &Json, stored: &Stored, signals: Signals) -> Self {
        Self::start_at(config, stored, signals, START)
    }

    pub fn start_at(config: &Json, stored: &Stored, signals: Signals, wall: u64) -> Self {
        let cookie_name = config["identity"]["cookieName"].as_str().unwrap_or("reco_id").to_owned();
        let mut unknown = Vec::new();
        let parsed = Config::parse(&super::value(config.clone()), &mut unknown).expect("a config");
        let mono = 1_000;
        let now = Now { wall_ms: wall, mono_ms: mono, entropy: dice(0) };
        let (engine, effects) = Engine::new(parsed, stored, signals, &now);
        let mut page = Self {
            engine,
            wall,
            mono,
            entropy: None,
            wake: None,
            sends: Vec::new(),
            warnings: unknown,
            notices: Vec::new(),
            jar: BTreeMap::new(),
            cookies_written: Vec::new(),
            kept: BTreeMap::new(),
            stored_writes: 0,
            owned: Vec::new(),
            timing: Rc::new(Cell::new(Some(204))),
            ends: Rc::default(),
            room: usize::MAX,
            checks: true,
            past: Vec::new(),
            later_requests: BTreeMap::new(),
            later: signals.later,
            erased: false,
            network: Box::new(willing),
            dice: Rc::default(),
            cookie_name,
        };
        page.restore(stored);
        let mut inputs = VecDeque::new();
        page.perform(effects, &mut inputs);
        page.drain(inputs);
        page
    }

    /// Sets the outcome of further requests. `None` leaves them in flight.
    pub fn network(&mut self, answer: impl FnMut(&Send) -> Option<Outcome> + 'static) {
        self.network = Box::new(answer);
    }

    /// The page calls a method.
    pub fn call(&mut self, verb: &str, args: Json) {
        let args = match args {
            Json::Array(args) => args,
            one => vec![one],
        };
        self.call_values(verb, args.into_iter().map(super::value).collect());
    }

    /// Calls a method with values that JSON cannot express: NaN, Infinity.
    pub fn call_values(&mut self, verb: &str, args: Vec<Value>) {
        let at = self.wall;
        // As the shell does.
        if matches!(verb, "buy" | "login" | "consent") {
            let stored = self.stored();
            self.feed(Input::Reread(stored));
        }
        self.feed(Input::from_call(verb, args, at));
    }

    pub fn click(&mut self, id: impl Into<Json>) {
        self.call("click", super::json!({ "itemId": id.into(), "categoryPath": "A" }));
    }

    pub fn feed(&mut self, input: Input) {
        self.drain(VecDeque::from([input]));
    }

    /// Reports the outcome of a request that was in flight.
    pub fn settle(&mut self, id: u32, outcome: Option<Outcome>) {
        self.feed(Input::Outcome(id, outcome.expect("an outcome")));
    }

    /// The page is visible again. Another tab may have changed the stored values.
    pub fn shown(&mut self) {
        let stored = self.stored();
        self.feed(Input::Shown(stored));
    }

    /// Time passes. The engine is woken exactly when it asked for it.
    pub fn advance(&mut self, ms: u64) {
        let end = self.mono + ms;
        let mut wakes = 0;
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            wakes += 1;
            assert!(wakes < WAKES, "the engine requests wake-ups endlessly");
            let step = at.saturating_sub(self.mono);
            self.mono += step;
            self.wall += step;
            self.wake = None;
            self.feed(Input::Wake);
        }
        self.wall += end - self.mono;
        self.mono = end;
    }

    /// Time passes without browser timers (a throttled tab, a suspended laptop).
    pub fn sleep(&mut self, ms: u64) {
        self.mono += ms;
        self.wall += ms;
    }

    pub fn now(&mut self) -> Now {
        let entropy = self.entropy.unwrap_or_else(|| throw(&self.dice));
        Now { wall_ms: self.wall, mono_ms: self.mono, entropy }
    }

    fn drain(&mut self, mut inputs: VecDeque<Input>) {
        let mut answers = 0;
        while let Some(input) = inputs.pop_front() {
            answers += 1;
            assert!(answers < ANSWERS, "the engine repeats requests endlessly without a pause");
            let now = self.now();
            let effects = self.engine.handle(input, &now);
            self.perform(effects, &mut inputs);
            if self.checks {
                self.check();
            }
        }
    }

    fn perform(&mut self, effects: Vec<Effect>, inputs: &mut VecDeque<Input>) {
        for effect in effects {
            if let Some(left) = self.ends.get() {
                if left == 0 {
                    return;
                }
                self.ends.set(Some(left - 1));
            }
            match effect {
                Effect::Send(send) => {
                    envelope::check(&send.request);
                    if let Some(outcome) = (self.network)(&send) {
                        inputs.push_back(Input::Outcome(send.id, outcome));
                        if let (Via::Beacon, Outcome::Taken, Some(status), Some((_, batch))) = (
                            send.via,
                            outcome,
                            self.timing.get(),
                            send.request.url.split_once("b="),
                        ) {
                            inputs.push_back(Input::RequestFinished(batch.to_owned(), status));
                        }
                    }
                    self.sends.push(Sent { at: self.mono, send });
                }
                Effect::ScheduleFetchLater(name, request) => self.hold(&name, request),
                Effect::WakeAt(at) => self.wake = at,
                Effect::SetCookie { name, value, days } => {
                    self.stored_writes += 1;
                    self.cookies_written.push(name.clone());
                    self.jar.insert(name, (value, days));
                }
                Effect::DeleteCookie(name) => {
                    self.jar.remove(&name);
                }
                Effect::Store(key, text) => {
                    self.stored_writes += 1;
                    if !self.write(key.clone(), Some(text)) && key.starts_with("reco_o_") {
                        inputs.push_back(Input::WriteFailed(key));
                    }
                }
                Effect::Remove(key) => {
                    let same = |other: &&String| {
                        **other == key || key.ends_with('_') && other.starts_with(&key)
                    };
                    let keys: Vec<String> = self.kept.keys().filter(same).cloned().collect();
                    for key in keys {
                        self.write(key, None);
                    }
                    self.erased |= key == ALL_KEYS;
                }
                Effect::ClaimOutbox(instance) => self.owned.push(instance),
                Effect::Warn(error) => self.warnings.push(error),
                Effect::Notify(notice) => self.notices.push(notice),
            }
        }
    }

    /// The counters of all destinations.
    pub fn stats(&self) -> Json {
        serde_json::from_str(&self.engine.stats().json()).unwrap()
    }

    /// One of the counters.
    pub fn count(&self, name: &str) -> u64 {
        self.stats()[name].as_u64().expect(name)
    }

    /// Checks `accepted = queued + sent + acknowledged + merged + dropped`, in total and for each
    /// destination.
    fn check(&self) {
        let stats = self.stats();
        let number = |of: &Json, name: &str| of[name].as_u64().expect(name);
        let ends = ["queued", "sent", "acknowledged", "merged", "dropped"];
        let destinations = stats["destinations"].as_object().unwrap();
        for one in destinations.values().chain([&stats]) {
            let sum: u64 = ends.iter().map(|name| number(one, name)).sum();
            assert_eq!(number(one, "accepted"), sum, "{one}");
        }
        let accepted: u64 = destinations.values().map(|one| number(one, "accepted")).sum();
        assert_eq!(number(&stats, "accepted"), accepted, "{stats}");
    }

    /// The bodies of the sent batches, in the order of sending.
    pub fn batches(&self) -> Vec<Json> {
        let bodies = self.sends.iter().filter_map(|sent| sent.send.request.body.as_deref());
        bodies.map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// The events in these batches.
    pub fn events(&self) -> Vec<Json> {
        let batches = self.batches();
        batches.iter().flat_map(|batch| batch["events"].as_array().unwrap().clone()).collect()
    }

    /// The item ids of these events.
    pub fn item_ids(&self) -> Vec<String> {
        let ids = self.events();
        ids.iter().map(|event| event["itemId"].as_str().unwrap_or("").to_owned()).collect()
    }

    /// The URLs of the requests.
    pub fn urls(&self) -> Vec<&str> {
        self.sends.iter().map(|sent| sent.send.request.url.as_str()).collect()
    }

    /// Code and path of each warning.
    pub fn told(&self) -> Vec<(&'static str, &str)> {
        super::told(&self.warnings)
    }
}

/// The next random value.
pub(super) fn throw(dice_so_far: &Cell<u64>) -> [u8; 16] {
    dice_so_far.set(dice_so_far.get() + 1);
    dice(dice_so_far.get())
}

/// Bits that differ for each number (SplitMix64's finaliser).
fn dice(throw: u64) -> [u8; 16] {
    let mix = |n: u64| {
        let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ n >> 31
    };
    let halves = [mix(throw * 2 + 1), mix(throw * 2 + 2)];
    let mut bits = [0; 16];
    for (place, byte) in halves.iter().flat_map(|half| half.to_be_bytes()).enumerate() {
        bits[place] = byte;
    }
    bits
}
