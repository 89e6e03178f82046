//! `localStorage`, of which every single access may throw: blocked, full, or switched off by policy.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // Even reading the property throws a SecurityError where storage is blocked; as a namespace it
    // is read inside the call, and so inside the catch.
    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = getItem)]
    fn get_item(key: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = setItem)]
    fn set_item(key: &str, value: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = removeItem)]
    fn remove_item(key: &str) -> Result<(), JsValue>;
}

/// What is kept under a key.
pub fn get(key: &str) -> Option<String> {
    get_item(key).ok().flatten()
}

/// Keeps a text, where the browser lets us. Full: what is kept here only spares a second sending.
pub fn set(key: &str, value: &str) {
    let _ = set_item(key, value);
}

/// Deletes what is kept.
pub fn remove(key: &str) {
    let _ = remove_item(key);
}
