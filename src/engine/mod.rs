//! The engine: pure, total, and the only place that decides anything.
//!
//! [`Engine::handle`] takes what happened and says what to do; it has no clock, no dice and no
//! browser, and it cannot fail. Everything else here is what it is made of, and knows nothing of it.

#[cfg(not(feature = "vendors"))]
mod absent;
#[cfg(feature = "vendors")]
pub mod base64;
pub mod config;
pub mod consume;
pub mod effect;
pub mod error;
pub mod event;
pub mod field;
pub mod id;
pub mod identity;
pub mod input;
mod intake;
pub mod json;
pub mod limits;
pub mod number;
pub mod orders;
pub mod percent;
pub mod protocol;
pub mod queue;
pub mod read;
pub mod record;
pub mod remember;
#[cfg(feature = "vendors")]
pub mod session;
pub mod stats;
pub mod text;
pub mod time;
pub mod value;
mod visitor;

use config::{Config, Consent};
use consume::Timers;
use effect::{Effect, Outcome};
use id::EventIds;
use identity::{Identity, Stored};
use input::Input;
use orders::Orders;
use queue::{Conditions, Queue};
use stats::Stats;
use std::rc::Rc;
use time::{NEVER, Now};
use value::Value;

/// What the browser said when the page was opened.
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
    /// Random bits, the first half for a new visitor's id, the second for the stream.
    pub seed: [[u8; 16]; 2],
}

/// The tracker's mind.
#[derive(Debug)]
pub struct Engine {
    config: Rc<Config>,
    consent: Consent,
    identity: Identity,
    orders: Orders,
    queues: Vec<Queue>,
    timers: Timers,
    event_ids: EventIds,
    request_ids: u32,
    online: bool,
    visible: bool,
    disposed: bool,
    rejected: u32,
    /// Hashes of what was said once.
    warned: Vec<u64>,
    wake: u64,
    effects: Vec<Effect>,
}

impl Engine {
    /// A tracker for a page that was just opened, and the first things to do.
    pub fn new(
        config: Rc<Config>,
        stored: &Stored,
        signals: Signals,
        now: &Now,
    ) -> (Self, Vec<Effect>) {
        let [visitor, stream] = signals.seed;
        let signalled = config.respect_gpc && signals.gpc || config.respect_dnt && signals.dnt;
        let consent = if stored.off || signalled { Consent::Denied } else { config.consent };
        let mut queues = Vec::new();
        for (place, destination) in config.destinations.iter().enumerate() {
            // Each collector sees a stream of its own, without gaps.
            let mut stream = stream;
            if let Some(last) = stream.last_mut() {
                *last ^= place as u8;
            }
            queues.push(Queue::new(destination.clone(), config.clone(), id::id(stream)));
        }
        number_namesakes(&mut queues);
        let mut engine = Self {
            consent,
            identity: Identity::new(config.clone(), stored, visitor, now),
            orders: Orders::read(stored.orders.as_deref()),
            queues,
            timers: Timers::new(signals.visible, now.mono_ms),
            event_ids: EventIds::default(),
            request_ids: 0,
            online: signals.online,
            visible: signals.visible,
            disposed: false,
            rejected: 0,
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
        if let Some(Some(user)) = engine.config.identity.user_id.clone() {
            engine.login(&Value::Text(user), now.wall_ms, now);
        }
        engine.settle_wake(false);
        let effects = std::mem::take(&mut engine.effects);
        (engine, effects)
    }

    /// Takes what happened, says what to do.
    pub fn handle(&mut self, input: Input, now: &Now) -> Vec<Effect> {
        if self.disposed && !matches!(input, Input::Outcome(..)) {
            return Vec::new();
        }
        // Once the page is hidden there may be no later. An outcome is no reason to send more: it
        // comes at once, and would make one burst of all of them.
        let mut all = !self.visible && !matches!(input, Input::Outcome(..));
        // Nothing is sent within the page's own call, or within the visitor's act.
        let pumps = match &input {
            Input::Track(..)
            | Input::Bought(_)
            | Input::Login(..)
            | Input::Logout(_)
            | Input::Page
            | Input::Consent(_)
            | Input::StartTimer(..)
            | Input::StopTimer(_)
            | Input::Follow(..)
            | Input::Reject(_)
            | Input::Act => false,
            Input::Wake
            | Input::Hidden
            | Input::Shown(_)
            | Input::Online(_)
            | Input::Flush
            | Input::Outcome(..)
            | Input::Dispose => true,
        };
        match input {
            Input::Track(kind, value, at) => self.track(kind, &value, at, now),
            Input::Bought(value) => self.bought(&value, now),
            Input::Login(value, at) => self.login(&value, at, now),
            Input::Logout(value) => self.logout(&value, now),
            Input::Page => self.timers.stop_all(now.mono_ms),
            Input::Consent(value) => self.decide(&value, now),
            Input::StartTimer(id, item, options) => self.start_timer(id, &item, &options, now),
            Input::StopTimer(id) => self.timers.stop(id, now.mono_ms),
            Input::Follow(link, at) => self.follow(&link, at, now),
            Input::Reject(error) => self.reject(error),
            Input::Wake => {
                // The shell's timer is spent, whatever it was for.
                self.wake = NEVER;
                self.timers.tick(now.mono_ms);
            }
            Input::Act => self.timers.act(now.mono_ms),
            Input::Hidden => {
                self.timers.hide(now.mono_ms);
                self.visible = false;
                all = true;
            }
            Input::Shown(stored) => self.shown(&stored, now),
            Input::Online(online) => self.online = online,
            Input::Flush => all = true,
            Input::Outcome(id, outcome) => self.settle(id, outcome, now),
            Input::Dispose => {
                self.timers.stop_all(now.mono_ms);
                all = true;
                self.disposed = true;
            }
        }
        for event in self.timers.reached() {
            if self.consent != Consent::Denied {
                self.enqueue(event, now.wall_ms, now);
            }
        }
        let conditions = self.conditions(all);
        for queue in self.queues.iter_mut().filter(|_| pumps || all) {
            queue.pump(now, conditions, &mut self.request_ids, &mut self.effects);
        }
        self.settle_wake(self.disposed);
        std::mem::take(&mut self.effects)
    }

    /// The account that is logged in.
    pub fn user_id(&self) -> Option<&str> {
        match self.consent {
            Consent::Pending | Consent::Granted => self.identity.user().map(|id| id.as_str()),
            Consent::Anonymous | Consent::Denied => None,
        }
    }

    /// The anonymous id, where consent allows one.
    pub fn anonymous_id(&self) -> Option<&str> {
        (self.consent == Consent::Granted).then(|| self.identity.anonymous().as_str())
    }

    /// The session that search requests are made with, where there is one.
    pub fn session_id(&mut self, now: &Now) -> Option<Rc<String>> {
        match self.consent {
            Consent::Denied => None,
            Consent::Anonymous => self.identity.session(true, now),
            Consent::Pending | Consent::Granted => self.identity.session(false, now),
        }
    }

    /// How far a consume timer is.
    pub fn timer_percentage(&mut self, id: u32, now: &Now) -> Option<u8> {
        self.timers.percentage(id, now.mono_ms)
    }

    /// Whether a flush has not tried everything yet.
    pub fn is_flushing(&self) -> bool {
        self.queues.iter().any(Queue::is_flushing)
    }

    /// Whether it ignores what comes later.
    pub fn is_disposed(&self) -> bool {
        self.disposed
    }

    /// Whether the visitor's acts matter now.
    pub fn wants_acts(&self) -> bool {
        self.timers.any_runs()
    }

    /// The counters.
    pub fn stats(&self) -> Stats<'_> {
        Stats { rejected: self.rejected, queues: &self.queues }
    }

    fn settle(&mut self, id: u32, outcome: Outcome, now: &Now) {
        let conditions = self.conditions(false);
        for queue in &mut self.queues {
            let (ids, out) = (&mut self.request_ids, &mut self.effects);
            queue.settle(id, outcome, now, conditions, ids, out);
        }
    }

    fn conditions(&self, all: bool) -> Conditions {
        let open = match self.consent {
            Consent::Granted | Consent::Anonymous => self.online,
            Consent::Pending | Consent::Denied => false,
        };
        let ack = self.identity.may_store(self.consent);
        Conditions {
            open,
            denied: self.consent == Consent::Denied,
            visible: self.visible,
            ack,
            all,
        }
    }

    /// Asks for the next wake-up, where it is another than the one that was asked for.
    fn settle_wake(&mut self, never: bool) {
        let conditions = self.conditions(false);
        let mut next = if never { NEVER } else { self.timers.next_wake() };
        for queue in self.queues.iter().filter(|_| !never) {
            next = next.min(queue.next_wake(conditions));
        }
        if next != self.wake {
            self.wake = next;
            self.effects.push(Effect::WakeAt(Some(next).filter(|at| *at != NEVER)));
        }
    }
}

/// Two destinations may speak the same to two hosts: their counters are told apart by a number.
fn number_namesakes(queues: &mut [Queue]) {
    for place in 1..queues.len() {
        let (before, from) = queues.split_at_mut(place);
        if let Some(queue) = from.first_mut()
            && before.iter().any(|other| other.name() == queue.name())
        {
            queue.number(place + 1);
        }
    }
}
