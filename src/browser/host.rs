//! The browser's globals, and what it knows and the engine does not: time, dice, signals.

use crate::engine::Signals;
use crate::engine::time::Now;
use js_sys::{Date, Math, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{EventTarget, HtmlDocument, Location, Navigator, VisibilityState};

// Declared one by one instead of `web_sys::window()`, whose search for the global object costs a
// kilobyte. The tracker runs in pages only, where all of these are.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    pub static WINDOW: EventTarget;

    #[wasm_bindgen(thread_local_v2, js_name = document)]
    pub static DOCUMENT: HtmlDocument;

    #[wasm_bindgen(thread_local_v2, js_name = location)]
    pub static LOCATION: Location;

    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    pub static NAVIGATOR: Navigator;

    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(array: &mut [u8]) -> Result<(), JsValue>;
}

/// This moment.
pub fn now() -> Now {
    Now { wall_ms: Date::now() as u64, mono_ms: performance_now() as u64, entropy: random() }
}

/// 128 random bits.
fn random() -> [u8; 16] {
    let mut bits = [0; 16];
    if get_random_values(&mut bits).is_err() {
        // A browser that blocks `crypto` still has visitors that have to be told apart.
        for byte in &mut bits {
            *byte = (Math::random() * 256.0) as u8;
        }
    }
    bits
}

/// What the browser says when the tracker starts.
pub fn signals() -> Signals {
    NAVIGATOR.with(|navigator| {
        let property = |name: &str| Reflect::get(navigator, &JsValue::from_str(name));
        Signals {
            gpc: property("globalPrivacyControl").is_ok_and(|value| value.is_truthy()),
            dnt: property("doNotTrack").is_ok_and(|value| value == "1"),
            online: navigator.on_line(),
            visible: visible(),
            seed: [random(), random()],
        }
    })
}

/// Whether the page is seen.
pub fn visible() -> bool {
    DOCUMENT.with(|document| document.visibility_state() != VisibilityState::Hidden)
}
