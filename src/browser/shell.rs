//! Owns the engine, feeds it and performs what it says.

use super::cookie::Cookies;
use super::page::{Happening, Page};
use super::{host, store, transport};
use crate::engine::Engine;
use crate::engine::config::{Config, IdentityConfig};
use crate::engine::effect::{Effect, News, Notice, Receipt, Send, Via};
use crate::engine::error::Error;
use crate::engine::identity::{Identity, Stored};
use crate::engine::input::Input;
use crate::engine::json::Object;
use gloo_timers::callback::Timeout;
use js_sys::{Function, JSON};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// One tracker in one page.
pub struct Shell {
    engine: RefCell<Engine>,
    inputs: RefCell<VecDeque<Input>>,
    feeding: Cell<bool>,
    timer: RefCell<Option<Timeout>>,
    cookies: Cookies,
    identity: IdentityConfig,
    page: RefCell<Option<Page>>,
    /// Called with a type and a detail: what `on` listens to.
    sink: Function,
    /// Requests whose promise is not settled, and who waits for that.
    pending: Cell<u32>,
    waiters: RefCell<Vec<Function>>,
}

impl Shell {
    /// Starts a tracker.
    pub fn start(config: Config, unknown: Vec<Error>, sink: Function) -> Rc<Self> {
        let cookies = Cookies::new(config.identity.cookie_domain.clone());
        cookies.clear_acknowledgements();
        let identity = config.identity.clone();
        let stored = read_stored(&cookies, &identity);
        let (engine, effects) = Engine::new(config, &stored, host::signals(), &host::now());
        let shell = Rc::new(Self {
            engine: RefCell::new(engine),
            inputs: RefCell::default(),
            feeding: Cell::new(true),
            timer: RefCell::default(),
            cookies,
            identity,
            page: RefCell::default(),
            sink,
            pending: Cell::new(0),
            waiters: RefCell::default(),
        });
        let weak = Rc::downgrade(&shell);
        let tell = move |happening| {
            if let Some(shell) = weak.upgrade() {
                shell.happened(happening);
            }
        };
        shell.page.replace(Some(Page::new(Rc::new(tell))));
        for effect in unknown.into_iter().map(Effect::Warn).chain(effects) {
            shell.perform(effect);
        }
        shell.feeding.set(false);
        shell.drain();
        shell
    }

    /// Feeds one input, and whatever its effects lead to.
    ///
    /// The engine is never borrowed while JavaScript runs: a listener that calls the tracker again
    /// only lengthens the list that the outermost call works off.
    pub fn feed(self: &Rc<Self>, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        if !self.feeding.replace(true) {
            self.drain();
            self.feeding.set(false);
        }
    }

    fn drain(self: &Rc<Self>) {
        loop {
            let Some(input) = self.inputs.borrow_mut().pop_front() else { break };
            let disposed = matches!(input, Input::Dispose);
            let effects = self.engine.borrow_mut().handle(input, &host::now());
            for effect in effects {
                self.perform(effect);
            }
            if disposed {
                self.page.replace(None);
            }
        }
        let wants_acts = self.engine.borrow().wants_acts();
        if let Some(page) = &*self.page.borrow() {
            page.hear_acts(wants_acts);
        }
        self.settle_waiters();
    }

    /// Calls `done` when every request that is under way now has ended.
    pub fn when_settled(&self, done: Function) {
        self.waiters.borrow_mut().push(done);
        self.settle_waiters();
    }

    /// The engine, for questions.
    pub fn ask<T>(&self, question: impl FnOnce(&mut Engine) -> T) -> T {
        question(&mut self.engine.borrow_mut())
    }

    fn happened(self: &Rc<Self>, happening: Happening) {
        self.feed(match happening {
            Happening::Hidden => Input::Hidden,
            Happening::Shown => Input::Shown(read_stored(&self.cookies, &self.identity)),
            Happening::Online(online) => Input::Online(online),
            Happening::Act => Input::Act,
        });
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Send(send) => self.send(send),
            Effect::WakeAt(at) => self.wake_at(at),
            Effect::SetCookie { name, value, days } => self.cookies.set(&name, &value, days),
            Effect::DeleteCookie(name) => self.cookies.delete(&name),
            Effect::Keep(key, value) => store::set(key, &value),
            Effect::Forget(key) => store::remove(key),
            Effect::Warn(error) => self.tell("warning", &describe(&error)),
            Effect::Notify(notice) => {
                let (name, detail) = news(&notice);
                self.tell(name, &detail);
            }
        }
    }

    fn send(self: &Rc<Self>, send: Send) {
        match send.via {
            Via::Beacon => {
                let outcome = transport::beacon(&send.request);
                self.inputs.borrow_mut().push_back(Input::Outcome(send.id, outcome));
            }
            Via::Fetch => {
                self.pending.set(self.pending.get() + 1);
                let shell = self.clone();
                transport::keepalive(&send.request, move |outcome| {
                    shell.pending.set(shell.pending.get().saturating_sub(1));
                    shell.feed(Input::Outcome(send.id, outcome));
                });
            }
        }
    }

    fn wake_at(self: &Rc<Self>, at: Option<u64>) {
        let timeout = at.map(|at| {
            let wait = at.saturating_sub(host::now().mono_ms);
            let weak = Rc::downgrade(self);
            Timeout::new(u32::try_from(wait).unwrap_or(u32::MAX), move || {
                if let Some(shell) = weak.upgrade() {
                    shell.cookies.clear_acknowledgements();
                    shell.feed(Input::Wake);
                }
            })
        });
        // The one before is cancelled by being dropped.
        self.timer.replace(timeout);
    }

    fn settle_waiters(&self) {
        if self.pending.get() == 0 {
            for waiter in self.waiters.take() {
                let _ = waiter.call0(&JsValue::UNDEFINED);
            }
        }
    }

    fn tell(&self, name: &str, json: &str) {
        let detail = JSON::parse(json).unwrap_or(JsValue::UNDEFINED);
        let _ = self.sink.call2(&JsValue::UNDEFINED, &JsValue::from_str(name), &detail);
    }
}

fn read_stored(cookies: &Cookies, identity: &IdentityConfig) -> Stored {
    if !identity.store {
        return Stored::default();
    }
    let [id, id_at, user, off] = Identity::cookie_names(identity).map(|name| cookies.get(&name));
    let [orders, logins] = Identity::KEYS.map(store::get);
    Stored { id, id_at, user, off: off.is_some(), orders, logins }
}

/// An error as the façade gets it: it makes a `TrackerError` of it.
pub fn describe(error: &Error) -> String {
    let mut out = String::new();
    let mut object = Object::new(&mut out);
    object
        .text("code", error.code.name())
        .text("field", &error.field)
        .text("message", &error.to_string());
    object.end();
    out
}

fn news(notice: &Notice) -> (&'static str, String) {
    let mut out = String::new();
    let mut object = Object::new(&mut out);
    object.text("destination", &notice.destination).whole("events", u64::from(notice.events));
    let mut receipt = |receipt: &Receipt| {
        object
            .text("url", &receipt.url)
            .whole("bytes", receipt.bytes as u64)
            .text("transport", receipt.via.name());
    };
    let name = match &notice.news {
        News::Sent(sent) => {
            receipt(sent);
            "sent"
        }
        News::Acknowledged(sent) => {
            receipt(sent);
            "acknowledged"
        }
        News::Dropped(code) => {
            object.text("code", code.name());
            "dropped"
        }
    };
    object.end();
    (name, out)
}
