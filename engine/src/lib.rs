//! The engine of the tracker. It makes all decisions and performs no effect itself.
//!
//! [`Engine::handle`] takes an [`Input`] and returns the [`Effect`]s that the caller performs. The
//! engine reads no clock and no random source: both are arguments ([`Now`]). It cannot fail. A
//! caller is a loop:
//!
//! ```
//! use recobeacon_engine::config::Config;
//! use recobeacon_engine::effect::{Effect, Outcome};
//! use recobeacon_engine::event::Kind;
//! use recobeacon_engine::identity::Stored;
//! use recobeacon_engine::input::Input;
//! use recobeacon_engine::time::Now;
//! use recobeacon_engine::value::Value;
//! use recobeacon_engine::{Engine, Signals};
//!
//! let text = |text: &str| Value::Text(text.to_owned());
//! let map = |fields: &[(&str, Value)]| {
//!     Value::Map(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
//! };
//! let destination = map(&[("protocol", text("batch")), ("endpoint", text("/v1/events"))]);
//! let config = Config::parse(&map(&[("destinations", destination)]), &mut Vec::new()).unwrap();
//! let now = Now { wall_ms: 1_800_000_000_000, mono_ms: 0, entropy: [7; 16] };
//! let signals = Signals { online: true, visible: true, ..Signals::default() };
//! let (mut engine, _effects) = Engine::new(config, &Stored::default(), signals, &now);
//!
//! let click = map(&[("itemId", text("4711")), ("categoryPath", text("shoes"))]);
//! let mut inputs = vec![Input::Track(Kind::Click, click, now.wall_ms), Input::Flush];
//! while let Some(input) = inputs.pop() {
//!     for effect in engine.handle(input, &now) {
//!         // A browser would send the request and answer when it knows what became of it.
//!         if let Effect::Send(send) = effect {
//!             let answer = Outcome::Answered { status: 204, retry_after_s: 0 };
//!             inputs.push(Input::Outcome(send.id, answer));
//!         }
//!     }
//! }
//! ```
#![deny(unsafe_code)]

pub mod amount;
#[cfg(feature = "vendors")]
pub mod base64;
mod calls;
pub mod config;
pub mod consume;
pub mod dedup;
pub mod delivery;
pub mod effect;
pub mod error;
pub mod event;
pub mod fields;
#[cfg(feature = "sources")]
pub mod ga4;
#[cfg(not(feature = "sources"))]
#[path = "ga4_absent.rs"]
pub mod ga4;
pub mod hash;
pub mod id;
pub mod identity;
pub mod input;
pub mod json;
pub mod limits;
pub mod number;
pub mod orders;
pub mod percent;
pub mod personal_data;
pub mod protocol;
pub mod pushed;
pub mod record;
pub mod request;
pub mod rules;
#[cfg(feature = "vendors")]
pub mod session;
#[cfg(not(feature = "vendors"))]
#[path = "session_absent.rs"]
pub mod session;
pub mod stats;
pub mod template;
pub mod text;
pub mod time;
pub mod value;
pub mod viewability;

use config::{Config, Consent};
use consume::Timers;
use delivery::outbox::Outbox;
use delivery::queue::Queue;
use effect::Effect;
use id::EventIds;
use identity::{Identity, Stored};
use input::{Input, Sends};
use orders::Orders;
use pushed::Pushes;
use stats::Stats;
use std::rc::Rc;
use time::{NEVER, Now};
use viewability::Viewability;

/// The browser's state when the page was opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signals {
    /// `navigator.globalPrivacyControl`
    pub gpc: bool,
    /// `navigator.doNotTrack`
    pub dnt: bool,
    /// `navigator.onLine`
    pub online: bool,
    /// `document.visibilityState`
    pub visible: bool,
    /// Whether the browser has `fetchLater`.
    pub later: bool,
    /// Random bits: the first half for a new visitor's id, the second for the streams.
    pub seed: [[u8; 16]; 2],
}

/// The state of one tracker.
#[derive(Debug)]
pub struct Engine {
    config: Rc<Config>,
    consent: Consent,
    identity: Identity,
    orders: Orders,
    queues: Vec<Queue>,
    outbox: Outbox,
    /// The account that the page names, until a login or logout.
    named: Option<String>,
    timers: Timers,
    viewability: Viewability,
    event_ids: EventIds,
    request_ids: u32,
    online: bool,
    visible: bool,
    later: bool,
    disposed: bool,
    rejected: u32,
    /// Recent entries of the page's data layer.
    pushed: Pushes,
    /// Hashes of the warnings that were given.
    warned: Vec<u64>,
    wake: u64,
    effects: Vec<Effect>,
}

impl Engine {
    /// Makes the tracker of a page that was just opened, and returns its first effects.
    pub fn new(
        config: Rc<Config>,
        stored: &Stored,
        signals: Signals,
        now: &Now,
    ) -> (Self, Vec<Effect>) {
        let [visitor, stream] = signals.seed;
        let signalled = config.respect_gpc && signals.gpc || config.respect_dnt && signals.dnt;
        let consent = if stored.off || signalled { Consent::Denied } else { config.consent };
        let queues = new_queues(&config, stream);
        let mut engine = Self {
            consent,
            identity: Identity::new(config.clone(), stored, visitor, now),
            orders: Orders::read(stored.orders.as_deref()),
            queues,
            outbox: Outbox::new(id::id(stream), config.outbox_bytes()),
            named: config.identity.user_id.clone().flatten(),
            timers: Timers::new(signals.visible, now.mono_ms),
            viewability: Viewability::new(signals.visible),
            event_ids: EventIds::default(),
            request_ids: 0,
            online: signals.online,
            visible: signals.visible,
            later: signals.later,
            disposed: false,
            rejected: 0,
            pushed: Pushes::default(),
            warned: Vec::new(),
            wake: NEVER,
            effects: Vec::new(),
            config,
        };
        if matches!(consent, Consent::Denied | Consent::Anonymous) {
            engine.erase();
            engine.identity.renew(now);
        }
        engine.save(now);
        engine.login_named(now);
        engine.settle_wake(false, now);
        let effects = std::mem::take(&mut engine.effects);
        (engine, effects)
    }

    /// Handles an input and returns the effects for the shell.
    pub fn handle(&mut self, input: Input, now: &Now) -> Vec<Effect> {
        let is_answer = input.is_answer();
        if self.disposed && !is_answer {
            return Vec::new();
        }
        let sends = input.sends();
        // A hidden page may have no later chance to send. An outcome does not trigger sending
        // everything, because it may arrive at once and would turn all requests into one burst.
        let all = sends == Sends::All || !self.visible && !is_answer;
        // An item that was in view for long enough counts before the input is handled.
        self.viewability.tick(now.mono_ms, self.timers.reached());
        self.apply(input, now);
        for event in std::mem::take(self.timers.reached()) {
            if self.consent != Consent::Denied {
                self.enqueue(event, now.wall_ms, now);
            }
        }
        if all || sends == Sends::Due {
            let (queues, mut context) = self.context(all, now);
            for queue in queues {
                queue.process(&mut context);
            }
        }
        self.settle_wake(self.disposed, now);
        std::mem::take(&mut self.effects)
    }

    fn apply(&mut self, input: Input, now: &Now) {
        match input {
            Input::Track(kind, value, at) => self.track(kind, &value, at, now),
            Input::OrderSent(value) => self.order_sent(&value, now),
            Input::CallsLost(calls, code) => self.calls_lost(calls, code),
            Input::Login(value, at) => self.login(&value, at, now),
            Input::Logout(value) => self.logout(&value, now),
            Input::Page => {
                self.timers.stop_all(now.mono_ms);
                self.viewability.page(now.mono_ms);
            }
            Input::Consent(value) => self.decide(&value, now),
            Input::StartTimer(id, item, options) => self.start_timer(id, &item, &options, now),
            Input::StopTimer(id) => self.timers.stop(id, now.mono_ms),
            Input::Observed(what, args) => self.observed(what, &args, now),
            Input::Follow(link, at) => self.follow(&link, at, now),
            Input::DataLayer(entry, at) => self.data_layer(&entry, at, now),
            Input::Reject(error) => self.reject(error),
            Input::Wake => {
                // The shell's timer has fired.
                self.wake = NEVER;
                self.timers.tick(now.mono_ms);
            }
            Input::UserActivity => self.timers.act(now.mono_ms),
            Input::Hidden => {
                self.timers.hide(now.mono_ms);
                self.viewability.show(false, now.mono_ms);
                self.visible = false;
            }
            Input::Shown(stored) => {
                self.visible = true;
                self.reread(&stored, now);
                self.timers.show(now.mono_ms);
                self.viewability.show(true, now.mono_ms);
            }
            Input::Reread(stored) => self.reread(&stored, now),
            Input::Online(online) => self.went_online(online, now),
            Input::Flush => {}
            Input::Outcome(id, outcome) => {
                self.each_queue(now, |queue, context| queue.on_outcome(id, outcome, context));
            }
            Input::OutboxFound(instance, entries) => self.outbox_found(&instance, entries, now),
            Input::RawBatch(raw) => self.raw_batch(raw, now),
            Input::WriteFailed(key) => self.write_failed(&key, now),
            Input::Acknowledged(batches) => self.acknowledged(batches, now),
            Input::RequestFinished(batch, status) => {
                self.each_queue(now, |queue, context| {
                    queue.on_request_finished(&batch, status, context);
                });
            }
            Input::Dispose => {
                self.timers.stop_all(now.mono_ms);
                self.disposed = true;
            }
        }
    }

    fn went_online(&mut self, online: bool, now: &Now) {
        self.online = online;
        for queue in self.queues.iter_mut().filter(|_| online) {
            queue.reconnect(now.mono_ms);
        }
    }

    /// The account that is logged in.
    pub fn user_id(&self) -> Option<&str> {
        match self.consent {
            Consent::Pending | Consent::Granted => self.identity.user().map(|id| id.as_str()),
            Consent::Anonymous | Consent::Denied => None,
        }
    }

    /// The anonymous id, if consent allows one.
    pub fn anonymous_id(&self) -> Option<&str> {
        (self.consent == Consent::Granted).then(|| self.identity.anonymous().as_str())
    }

    /// The session for search requests, if there is one.
    pub fn session_id(&mut self, now: &Now) -> Option<Rc<String>> {
        match self.consent {
            Consent::Denied => None,
            Consent::Anonymous => self.identity.session(true, now),
            Consent::Pending | Consent::Granted => self.identity.session(false, now),
        }
    }

    /// The percentage of a consume timer.
    pub fn timer_percentage(&mut self, id: u32, now: &Now) -> Option<u8> {
        self.timers.percentage(id, now.mono_ms)
    }

    /// Whether a flush is not finished.
    pub fn is_flushing(&self) -> bool {
        self.queues.iter().any(Queue::is_flushing)
    }

    /// Whether a request is not finished.
    pub fn has_requests(&self) -> bool {
        self.queues.iter().any(Queue::has_batches)
    }

    /// Whether it ignores further inputs.
    pub fn is_disposed(&self) -> bool {
        self.disposed
    }

    /// Whether the visitor's activity matters now.
    pub fn wants_acts(&self) -> bool {
        self.timers.wants_acts()
    }

    /// The counters.
    pub fn stats(&self) -> Stats<'_> {
        Stats { rejected: self.rejected, queues: &self.queues }
    }

    /// Requests the next wake-up if its time has changed.
    fn settle_wake(&mut self, never: bool, now: &Now) {
        let mut next = NEVER;
        if !never {
            next = self.timers.next_wake().min(self.viewability.next_wake());
            let (queues, context) = self.context(false, now);
            for queue in queues {
                next = next.min(queue.next_wake(&context));
            }
        }
        if next != self.wake {
            self.wake = next;
            self.effects.push(Effect::WakeAt(Some(next).filter(|at| *at != NEVER)));
        }
    }
}

/// Makes a queue for each destination. A number distinguishes destinations of the same name.
fn new_queues(config: &Rc<Config>, stream: [u8; 16]) -> Vec<Queue> {
    let mut queues: Vec<Queue> = Vec::new();
    for (index, destination) in config.destinations.iter().enumerate() {
        let name = destination.protocol.name();
        let is_taken = queues.iter().any(|queue| **queue.name() == name);
        let number = is_taken.then_some(index + 1);
        let stream = calls::outbox::stream(stream, index);
        queues.push(Queue::new(destination.clone(), config.clone(), number, stream));
    }
    queues
}
