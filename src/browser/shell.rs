//! Owns the engine, passes inputs to it and performs its effects.

use super::codes::{self, Message};
use super::convert::elements;
use super::host;
use gloo_timers::callback::Timeout;
use js_sys::Function;
use recobeacon_engine::Engine;
use recobeacon_engine::config::{Config, IdentityConfig};
use recobeacon_engine::effect::{DeliveryReport, DeliveryStatus, Effect, Outcome, Send, Via};
use recobeacon_engine::error::Error;
use recobeacon_engine::identity::{Identity, Stored};
use recobeacon_engine::input::Input;
use recobeacon_engine::protocol::Protocol;
use recobeacon_engine::request::Request;
use recobeacon_engine::value::Value;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::vec::IntoIter;

thread_local! {
    static SHELLS: RefCell<Vec<&'static Shell>> = const { RefCell::new(Vec::new()) };
}

/// A tracker in a page. It lives as long as the page. A disposed tracker costs a few kilobytes.
pub struct Shell {
    engine: RefCell<Engine>,
    inputs: RefCell<Vec<Input>>,
    feeding: Cell<bool>,
    timer: RefCell<Option<Timeout>>,
    config: Rc<Config>,
    /// The callback for the files of `host/`. Its calls end in [`Shell::happened`].
    tell: Function,
    /// The callback for the listeners of `on`, with a type and a detail.
    sink: Function,
    /// The number of requests whose promise is not settled.
    pending: Cell<u32>,
    /// Whether a flush is awaited.
    flushed: Cell<bool>,
    /// The active listeners: for the page, for activity, for the outcome of batches.
    hears: Cell<(bool, bool, bool)>,
}

impl Shell {
    /// The tracker with this number.
    pub fn of(number: u32) -> Option<&'static Self> {
        SHELLS.with_borrow(|shells| shells.get(number as usize).copied())
    }

    /// Starts a tracker and returns its number.
    pub fn start(config: Rc<Config>, unknown: Vec<Error>, sink: Function, tell: Function) -> u32 {
        let stored = read_stored(&config.identity);
        let (engine, effects) = Engine::new(config.clone(), &stored, host::signals(), &host::now());
        let number = SHELLS.with_borrow(|shells| shells.len() as u32);
        let shell: &'static Self = Box::leak(Box::new(Self {
            engine: RefCell::new(engine),
            inputs: RefCell::default(),
            feeding: Cell::new(true),
            timer: RefCell::default(),
            config,
            tell,
            sink,
            pending: Cell::new(0),
            flushed: Cell::new(false),
            hears: Cell::default(),
        }));
        SHELLS.with_borrow_mut(|shells| shells.push(shell));
        for error in unknown {
            shell.perform(Effect::Warn(error));
        }
        for effect in effects {
            shell.perform(effect);
        }
        shell.feeding.set(false);
        shell.drain();
        number
    }

    /// Handles an input, and all inputs that its effects cause.
    ///
    /// The engine is not borrowed while JavaScript runs. If a listener calls the tracker again, the
    /// input is added to the list that the outermost call processes.
    pub fn feed(&'static self, input: Input) {
        self.inputs.borrow_mut().push(input);
        if !self.feeding.replace(true) {
            self.drain();
            self.feeding.set(false);
        }
    }

    fn drain(&'static self) {
        loop {
            let mut inputs = self.inputs.borrow_mut();
            if inputs.is_empty() {
                break;
            }
            let input = inputs.remove(0);
            drop(inputs);
            if matches!(input, Input::Flush) {
                self.flushed.set(true);
            }
            let effects = self.engine.borrow_mut().handle(input, &host::now());
            for effect in effects {
                self.perform(effect);
            }
        }
        let (hears, flushing) = self.ask(|engine| {
            let page = !engine.is_disposed();
            // A batch sent by a disposed tracker can still be acknowledged.
            let batches = self.has_batches() && (page || engine.has_requests());
            ((page, engine.wants_acts(), batches), engine.is_flushing())
        });
        if hears != self.hears.replace(hears) {
            let (page, acts, batches) = hears;
            host::listen(&self.tell, page, acts, batches);
        }
        if self.pending.get() == 0 && !flushing && self.flushed.replace(false) {
            host::settled(&self.sink);
        }
    }

    fn has_batches(&self) -> bool {
        self.config.destinations.iter().any(|to| matches!(to.protocol, Protocol::Batch(_)))
    }

    /// Runs a query on the engine.
    pub fn ask<T>(&self, question: impl FnOnce(&mut Engine) -> T) -> T {
        question(&mut self.engine.borrow_mut())
    }

    /// Passes the stored values to the engine.
    pub fn reread(&'static self) {
        self.feed(Input::Reread(read_stored(&self.config.identity)));
    }

    /// Handles a message of the page. An unknown message is ignored.
    pub fn happened(&'static self, what: Vec<Value>) {
        let what = &mut what.into_iter();
        let Some(message) = Message::from_code(number(what)) else { return };
        let input = match message {
            Message::Wake => Input::Wake,
            Message::Hidden => Input::Hidden,
            Message::Shown => Input::Shown(read_stored(&self.config.identity)),
            Message::Online => Input::Online(true),
            Message::Offline => Input::Online(false),
            Message::Act => Input::UserActivity,
            Message::Outcome => {
                self.pending.set(self.pending.get().saturating_sub(1));
                let (id, status) = (number(what) as u32, number(what));
                Input::Outcome(id, host::answer(status, number(what) as u32))
            }
            Message::Blocked => Input::Outcome(number(what) as u32, Outcome::Blocked),
            Message::Finished => Input::RequestFinished(text(what), number(what) as u16),
            Message::Acknowledged => {
                let mut batches = Vec::new();
                while what.len() > 0 {
                    batches.push(text(what));
                }
                Input::Acknowledged(batches)
            }
            Message::OutboxFound => {
                let instance = text(what);
                let mut entries = Vec::new();
                while what.len() > 0 {
                    entries.push((text(what), text(what)));
                }
                Input::OutboxFound(instance, entries)
            }
        };
        self.feed(input);
    }

    fn perform(&'static self, effect: Effect) {
        match effect {
            Effect::Send(send) => self.send(send),
            Effect::ScheduleFetchLater(name, request) => {
                host::schedule_fetch_later(&name, request.as_deref())
            }
            Effect::WakeAt(at) => {
                let now = host::now().mono_ms;
                let timeout = at.map(|at| {
                    let wait = at.saturating_sub(now).min(LONGEST_WAIT_MS);
                    Timeout::new(wait as u32, || host::woken(&self.tell))
                });
                // Dropping the previous timeout cancels it.
                self.timer.replace(timeout);
            }
            Effect::SetCookie { name, value, days } => {
                let domain = self.config.identity.cookie_domain.as_deref().unwrap_or_default();
                host::set_cookie(&name, Some(&value), days as u32, domain);
            }
            Effect::DeleteCookie(name) => host::set_cookie(&name, None, 0, ""),
            Effect::Store(key, value) => {
                if !host::keep(&key, &value, self.config.storage_characters()) {
                    self.inputs.borrow_mut().push(Input::WriteFailed(key));
                }
            }
            Effect::Remove(key) => host::forget(&key),
            Effect::ClaimOutbox(instance) => host::claim(&self.tell, &instance),
            Effect::Warn(error) => {
                host::warn(&self.sink, error.code.name(), &error.field, error.detail);
            }
            Effect::Notify(notice) => self.notify(&notice),
        }
    }

    fn notify(&self, DeliveryReport { status, destination, events }: &DeliveryReport) {
        let (told, receipt) = match status {
            DeliveryStatus::Sent(receipt) => (codes::News::Sent, receipt),
            DeliveryStatus::Acknowledged(receipt) => (codes::News::Acknowledged, receipt),
            DeliveryStatus::Dropped(code) => {
                let (name, how) = (codes::News::Dropped.name(), code.name());
                return host::notify(&self.sink, name, destination, *events, how, None, 0);
            }
        };
        let Request { url, body, .. } = &*receipt.request;
        let bytes = body.as_ref().map_or(0, String::len) as u32;
        let how = receipt.via.name();
        host::notify(&self.sink, told.name(), destination, *events, how, Some(url), bytes);
    }

    fn send(&'static self, send: Send) {
        match send.via {
            Via::Beacon => {
                let outcome = host::beacon(&send.request, send.id, &self.tell);
                self.inputs.borrow_mut().push(Input::Outcome(send.id, outcome));
            }
            Via::Fetch => {
                self.pending.set(self.pending.get() + 1);
                host::fetch(&send.request, send.id, &self.tell);
            }
        }
    }
}

/// The longest delay of a browser's timer. A longer wait is split.
const LONGEST_WAIT_MS: u64 = i32::MAX as u64;

/// The next number, or a number outside every table if there is none.
fn number(what: &mut IntoIter<Value>) -> i32 {
    what.next().and_then(|value| value.as_number()).unwrap_or(f64::MIN) as i32
}

fn text(what: &mut IntoIter<Value>) -> String {
    match what.next() {
        Some(Value::Text(text)) => text,
        _ => String::new(),
    }
}

fn read_stored(identity: &IdentityConfig) -> Stored {
    let [cookies, keys] = Identity::names(identity);
    let mut texts = elements(host::stored(&cookies, &keys)).into_iter();
    let mut next = || match texts.next() {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    };
    Stored {
        off: next().is_some(),
        id: next(),
        id_at: next(),
        user: next(),
        orders: next(),
        logins: next(),
        session: next(),
    }
}
