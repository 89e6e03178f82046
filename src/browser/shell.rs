//! Owns the engine, feeds it and performs what it says.

use super::host;
use crate::engine::Engine;
use crate::engine::config::{Config, IdentityConfig};
use crate::engine::effect::{Effect, News, Notice, Send, Via};
use crate::engine::error::Error;
use crate::engine::identity::{Identity, Stored};
use crate::engine::input::Input;
use crate::engine::protocol::Request;
use gloo_timers::callback::Timeout;
use js_sys::Function;
use std::cell::{Cell, OnceCell, RefCell};
use wasm_bindgen::prelude::*;

/// One tracker in one page. It lives as long as the page: a tracker that was disposed of is a few
/// kilobytes that wait for it.
pub struct Shell {
    engine: RefCell<Engine>,
    inputs: RefCell<Vec<Input>>,
    feeding: Cell<bool>,
    timer: RefCell<Option<Timeout>>,
    identity: IdentityConfig,
    /// What the page's listeners call; while it is there, what ends them.
    tell: OnceCell<Closure<dyn FnMut(u32)>>,
    listening: RefCell<Option<Function>>,
    listening_to_acts: RefCell<Option<Function>>,
    /// Called with a type and a detail: what `on` listens to.
    sink: Function,
    /// Requests whose promise is not settled, and who waits for that.
    pending: Cell<u32>,
    waiters: RefCell<Vec<Function>>,
}

impl Shell {
    /// Starts a tracker.
    pub fn start(config: Config, unknown: Vec<Error>, sink: Function) -> &'static Self {
        host::clear_acknowledgements();
        let identity = config.identity.clone();
        let stored = read_stored(&identity);
        let (engine, effects) = Engine::new(config, &stored, host::signals(), &host::now());
        let shell: &'static Self = Box::leak(Box::new(Self {
            engine: RefCell::new(engine),
            inputs: RefCell::default(),
            feeding: Cell::new(true),
            timer: RefCell::default(),
            identity,
            tell: OnceCell::new(),
            listening: RefCell::default(),
            listening_to_acts: RefCell::default(),
            sink,
            pending: Cell::new(0),
            waiters: RefCell::default(),
        }));
        let tell = shell.tell.get_or_init(|| Closure::new(|happening| shell.happened(happening)));
        shell.listening.replace(Some(host::listen(tell)));
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
            let disposed = matches!(input, Input::Dispose);
            let effects = self.engine.borrow_mut().handle(input, &host::now());
            for effect in effects {
                self.perform(effect);
            }
            if disposed {
                end(&self.listening);
            }
        }
        if !self.engine.borrow().wants_acts() {
            end(&self.listening_to_acts);
        } else if self.listening_to_acts.borrow().is_none() {
            self.listening_to_acts.replace(self.tell.get().map(host::listen_to_acts));
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

    fn happened(&'static self, happening: u32) {
        self.feed(match happening {
            0 => Input::Hidden,
            1 => Input::Shown(read_stored(&self.identity)),
            2 => Input::Online(true),
            3 => Input::Online(false),
            _ => Input::Act,
        });
    }

    fn perform(&'static self, effect: Effect) {
        match effect {
            Effect::Send(send) => self.send(send),
            Effect::WakeAt(at) => self.wake_at(at),
            Effect::SetCookie { name, value, days } => {
                let domain = self.identity.cookie_domain.as_deref().unwrap_or_default();
                host::set_cookie(&name, &value, days as u32, domain);
            }
            Effect::DeleteCookie(name) => host::delete_cookie(&name),
            Effect::Keep(key, value) => host::keep(key, &value),
            Effect::Forget(key) => {
                // The visitor is forgotten: so is what the collector keeps for us.
                host::clear_acknowledgements();
                host::forget(key);
            }
            Effect::Warn(error) => {
                host::warn(&self.sink, error.code.name(), &error.field, error.detail);
            }
            Effect::Notify(notice) => self.notify(&notice),
        }
    }

    fn notify(&self, Notice { news, destination, events }: &Notice) {
        let (name, receipt) = match news {
            News::Sent(receipt) => ("sent", receipt),
            News::Acknowledged(receipt) => ("acknowledged", receipt),
            News::Dropped(code) => {
                return host::dropped(&self.sink, destination, *events, code.name());
            }
        };
        let Request { url, body, .. } = &*receipt.request;
        let bytes = body.as_ref().map_or(0, String::len) as u32;
        host::delivered(&self.sink, name, destination, *events, url, bytes, receipt.via.name());
    }

    fn send(&'static self, send: Send) {
        match send.via {
            Via::Beacon => {
                let outcome = host::beacon(&send.request);
                self.inputs.borrow_mut().push(Input::Outcome(send.id, outcome));
            }
            Via::Fetch => {
                self.pending.set(self.pending.get() + 1);
                host::fetch(&send.request, move |outcome| {
                    self.pending.set(self.pending.get().saturating_sub(1));
                    self.feed(Input::Outcome(send.id, outcome));
                });
            }
        }
    }

    fn wake_at(&'static self, at: Option<u64>) {
        let timeout = at.map(|at| {
            let wait = at.saturating_sub(host::now().mono_ms);
            Timeout::new(wait.min(u64::from(u32::MAX)) as u32, || {
                host::clear_acknowledgements();
                self.feed(Input::Wake);
            })
        });
        // The one before is cancelled by being dropped.
        self.timer.replace(timeout);
    }

    fn settle_waiters(&self) {
        if self.pending.get() == 0 && !self.engine.borrow().is_flushing() {
            for waiter in self.waiters.take() {
                let _ = waiter.call0(&JsValue::UNDEFINED);
            }
        }
    }
}

fn end(listening: &RefCell<Option<Function>>) {
    if let Some(end) = listening.take() {
        let _ = end.call0(&JsValue::UNDEFINED);
    }
}

fn read_stored(identity: &IdentityConfig) -> Stored {
    if !identity.store {
        return Stored::default();
    }
    let [id, id_at, user, off] = &Identity::cookie_names(identity);
    let [orders, logins] = Identity::KEYS;
    Stored {
        id: host::cookie(id),
        id_at: host::cookie(id_at),
        user: host::cookie(user),
        off: host::cookie(off).is_some(),
        orders: host::kept(orders),
        logins: host::kept(logins),
    }
}
