//! What the browser knows and the engine does not: time, dice, the visitor's signals.

use crate::engine::Signals;
use crate::engine::time::Now;
use js_sys::{Date, Math, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{Document, VisibilityState, Window};

/// The window. A tracker lives in a page, so it is there; a worker has none, and gets none.
pub fn window() -> Option<Window> {
    web_sys::window()
}

/// Its document.
pub fn document() -> Option<Document> {
    window()?.document()
}

/// This moment.
pub fn now() -> Now {
    let mono = window().and_then(|window| window.performance()).map(|clock| clock.now());
    let wall = Date::now();
    Now { wall_ms: wall as u64, mono_ms: mono.unwrap_or(wall) as u64, entropy: random() }
}

/// 128 random bits.
fn random() -> [u8; 16] {
    let mut bits = [0; 16];
    let crypto = window().and_then(|window| window.crypto().ok());
    let filled =
        crypto.is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bits).is_ok());
    if !filled {
        // A browser that blocks `crypto` still has visitors that have to be told apart.
        for byte in &mut bits {
            *byte = (Math::random() * 256.0) as u8;
        }
    }
    bits
}

/// What the browser says when the tracker starts.
pub fn signals() -> Signals {
    let navigator = window().map(|window| window.navigator());
    let property = |name: &str| {
        let navigator = navigator.as_ref()?;
        Reflect::get(navigator, &JsValue::from_str(name)).ok()
    };
    Signals {
        gpc: property("globalPrivacyControl").is_some_and(|value| value.is_truthy()),
        dnt: property("doNotTrack").and_then(|value| value.as_string()).as_deref() == Some("1"),
        online: navigator.as_ref().is_none_or(|navigator| navigator.on_line()),
        visible: visible(),
        seed: [random(), random()],
    }
}

/// Whether the page is seen.
pub fn visible() -> bool {
    document().is_none_or(|document| document.visibility_state() != VisibilityState::Hidden)
}
