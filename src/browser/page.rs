//! The page's events that the engine wants to hear of.

use super::host::{DOCUMENT, WINDOW, visible};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{AddEventListenerOptions, Event, EventTarget};

/// What the page does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Happening {
    /// It was hidden, or is about to go.
    Hidden,
    /// It is seen (again).
    Shown,
    /// The network is there (true) or gone.
    Online(bool),
    /// The visitor did something.
    Act,
}

/// Shortest time between two acts that are told: the engine counts in tens of seconds.
const ACT_PAUSE_MS: f64 = 1_000.0;
const ACTS: [&str; 6] = ["pointerdown", "pointermove", "keydown", "wheel", "scroll", "touchstart"];

type Tell = Rc<dyn Fn(Happening)>;

/// The listeners. Dropped, they are gone.
pub struct Page {
    tell: Tell,
    _lifecycle: Vec<Listener>,
    acts: RefCell<Vec<Listener>>,
}

impl Page {
    /// Listens to the page's life.
    ///
    /// `pagehide` and `visibilitychange` both, because their order differs between leaving a page
    /// and closing its tab, and a discarded tab gets only the second. Never `unload`, which keeps
    /// a page out of the back/forward cache.
    pub fn new(tell: Tell) -> Self {
        let mut lifecycle = Vec::new();
        for name in ["pagehide", "pageshow", "online", "offline"] {
            lifecycle.push(WINDOW.with(|window| Listener::new(window, name, &tell)));
        }
        let visibility = DOCUMENT.with(|document| Listener::new(document, VISIBILITY, &tell));
        lifecycle.push(visibility);
        Self { tell, _lifecycle: lifecycle, acts: RefCell::default() }
    }

    /// Starts or ends listening to what the visitor does.
    pub fn hear_acts(&self, wanted: bool) {
        let mut acts = self.acts.borrow_mut();
        if !wanted {
            acts.clear();
        } else if acts.is_empty() {
            for name in ACTS {
                acts.push(WINDOW.with(|window| Listener::new(window, name, &self.tell)));
            }
        }
    }
}

const VISIBILITY: &str = "visibilitychange";

fn happening(event: &str) -> Happening {
    match event {
        "pagehide" => Happening::Hidden,
        "pageshow" => Happening::Shown,
        "online" => Happening::Online(true),
        "offline" => Happening::Online(false),
        VISIBILITY if visible() => Happening::Shown,
        VISIBILITY => Happening::Hidden,
        _ => Happening::Act,
    }
}

/// One listener; dropped, it is removed.
struct Listener {
    target: EventTarget,
    name: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    fn new(target: &EventTarget, name: &'static str, tell: &Tell) -> Self {
        let tell = tell.clone();
        let mut last = f64::NEG_INFINITY;
        let heard = move |event: Event| {
            let happening = happening(name);
            let at = event.time_stamp();
            if happening == Happening::Act && at - last < ACT_PAUSE_MS {
                return;
            }
            last = at;
            tell(happening);
        };
        let callback = Closure::<dyn FnMut(Event)>::new(heard);
        let options = AddEventListenerOptions::new();
        // Before the page's own handlers, also where one stops the event; and never in its way.
        options.set_capture(true);
        options.set_passive(true);
        let _ = target.add_event_listener_with_callback_and_add_event_listener_options(
            name,
            callback.as_ref().unchecked_ref(),
            &options,
        );
        Self { target: target.clone(), name, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let capture = true;
        let _ =
            self.target.remove_event_listener_with_callback_and_bool(self.name, callback, capture);
    }
}
