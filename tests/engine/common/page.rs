//! A page with a made clock and made dice around one engine, in the manner of quinn's `Pair`.
//!
//! It does what the shell does (src/browser/shell.rs), remembers everything, and holds the engine
//! to its invariants after every single input: the counters add up, and every batch can be read
//! back by the rules that the collector applies.

use super::envelope;
use recobeacon_engine::config::Config;
use recobeacon_engine::effect::{DeliveryReport, Effect, Outcome, Send, Via};
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

/// More wake-ups than this in one `advance` are a loop that gets nowhere,
const WAKES: usize = 20_000;
/// and so are more answers than this that follow from one input.
const ANSWERS: usize = 5_000;

/// A request, and when it was handed to the browser (monotonic clock).
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub at: u64,
    pub send: Send,
}

/// What the page's browser makes of a request; `None`: nothing yet, the test settles it later.
type Network = Box<dyn FnMut(&Send) -> Option<Outcome>>;

/// The page.
pub struct Page {
    pub engine: Engine,
    pub wall: u64,
    pub mono: u64,
    /// Set, every input gets these random bits; else each gets others.
    pub entropy: Option<[u8; 16]>,
    pub wake: Option<u64>,
    pub sends: Vec<Sent>,
    pub warnings: Vec<Error>,
    pub notices: Vec<DeliveryReport>,
    /// The cookies as they stand: value and days.
    pub jar: BTreeMap<String, (String, u64)>,
    /// The names of the cookies that were written, in order.
    pub cookies_written: Vec<String>,
    /// The texts as they stand.
    pub kept: BTreeMap<String, String>,
    /// Everything that was ever to be put on the device, cookie or text.
    pub stored_writes: usize,
    /// The outboxes whose locks it holds: the last one is its own.
    pub owned: Vec<String>,
    /// The status that Resource Timing tells of a batch's beacon that was taken, at once; none: nothing is told.
    pub timing: Rc<Cell<Option<u16>>>,
    /// What the browser sends should the page's process die.
    pub tails: BTreeMap<String, Rc<Request>>,
    pub(super) later: bool,
    /// So many effects more until the process of a page of this browser ends; none: it does not.
    pub ends: Rc<Cell<Option<usize>>>,
    /// The most that `localStorage` takes.
    pub room: usize,
    /// Without it the invariants are not looked at: for many thousand inputs.
    pub checks: bool,
    /// What `localStorage` was before each write, and when that was.
    pub(super) past: Vec<(u64, String, Option<String>)>,
    pub(super) erased: bool,
    network: Network,
    /// Throws so far, of all pages of one browser.
    pub(super) dice: Rc<Cell<u64>>,
    pub(super) cookie_name: String,
}

/// A seen page with a network and no signals.
pub fn calm() -> Signals {
    Signals { online: true, visible: true, seed: [[7; 16], [9; 16]], ..Signals::default() }
}

/// The browser's own answers: a beacon is taken, a readable request answered 204.
fn willing(send: &Send) -> Option<Outcome> {
    match (send.via, send.request.no_cors) {
        (Via::Fetch, false) => answered(204),
        (Via::Fetch, true) | (Via::Beacon, _) => Some(Outcome::Taken),
    }
}

/// An answer with this status.
pub fn answered(status: u16) -> Option<Outcome> {
    retry_after(status, 0)
}

/// An answer that asks for patience.
pub fn retry_after(status: u16, seconds: u32) -> Option<Outcome> {
    Some(Outcome::Answered { status, retry_after_s: seconds })
}

impl Page {
    /// A new visitor's page.
    pub fn open(config: Json) -> Self {
        Self::start(&config, &Stored::default(), calm())
    }

    /// A page of a browser that keeps something already.
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
            tails: BTreeMap::new(),
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

    /// From now on this becomes of requests; `None` leaves them under way.
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

    /// The same with what no JSON can say: NaN, Infinity.
    pub fn call_values(&mut self, verb: &str, args: Vec<Value>) {
        let at = self.wall;
        self.feed(Input::from_call(verb, args, at));
    }

    pub fn click(&mut self, id: impl Into<Json>) {
        self.call("click", super::json!({ "itemId": id.into(), "categoryPath": "A" }));
    }

    pub fn feed(&mut self, input: Input) {
        self.drain(VecDeque::from([input]));
    }

    /// The engine is told what became of a request that was left under way.
    pub fn settle(&mut self, id: u32, outcome: Option<Outcome>) {
        self.feed(Input::Outcome(id, outcome.expect("an outcome")));
    }

    /// Another tab may have changed what the browser keeps.
    pub fn shown(&mut self) {
        let stored = self.stored();
        self.feed(Input::Shown(stored));
    }

    /// Time goes by; the engine is woken exactly when it asked for it.
    pub fn advance(&mut self, ms: u64) {
        let end = self.mono + ms;
        let mut wakes = 0;
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            wakes += 1;
            assert!(wakes < WAKES, "the engine asks for wake-ups without end");
            let step = at.saturating_sub(self.mono);
            self.mono += step;
            self.wall += step;
            self.wake = None;
            self.feed(Input::Wake);
        }
        self.wall += end - self.mono;
        self.mono = end;
    }

    /// Time goes by while the browser's timers stand still (a throttled tab, a laptop that sleeps).
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
            assert!(answers < ANSWERS, "the engine sends again and again without a pause");
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
                    self.erased |= key == "reco_o_";
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

    /// `accepted = queued + sent + acknowledged + merged + dropped`, in all and for each.
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

    /// The bodies of the batches that were sent, in the order of sending.
    pub fn batches(&self) -> Vec<Json> {
        let bodies = self.sends.iter().filter_map(|sent| sent.send.request.body.as_deref());
        bodies.map(|body| serde_json::from_str(body).unwrap()).collect()
    }

    /// The events in them.
    pub fn events(&self) -> Vec<Json> {
        let batches = self.batches();
        batches.iter().flat_map(|batch| batch["events"].as_array().unwrap().clone()).collect()
    }

    /// The item ids of these events.
    pub fn item_ids(&self) -> Vec<String> {
        let ids = self.events();
        ids.iter().map(|event| event["itemId"].as_str().unwrap_or("").to_owned()).collect()
    }

    /// The addresses that were asked for.
    pub fn urls(&self) -> Vec<&str> {
        self.sends.iter().map(|sent| sent.send.request.url.as_str()).collect()
    }

    /// The warnings as the page tells them apart.
    pub fn told(&self) -> Vec<(&'static str, &str)> {
        super::told(&self.warnings)
    }
}

/// The next throw.
pub(super) fn throw(dice_so_far: &Cell<u64>) -> [u8; 16] {
    dice_so_far.set(dice_so_far.get() + 1);
    dice(dice_so_far.get())
}

/// Bits that differ from throw to throw (SplitMix64's finaliser).
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
