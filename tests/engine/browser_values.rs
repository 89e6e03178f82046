//! Values from JavaScript, including unusual ones, and values returned to it.

use crate::common::test;
use crate::stage::*;
use js_sys::{Array, Date, Function};
use serde_json::{Value as Json, json};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

#[test]
async fn unusual_arguments_give_a_warning_and_no_exception() {
    for name in [
        "nan", "infinity", "bigint", "symbol", "function", "date", "boxed", "element", "field",
        "map", "cyclic", "sparse", "bare", "frozen",
    ] {
        let tracker = start(batch());
        let (core, arg) = (tracker.core.clone(), odd(name));
        let callback = Closure::<dyn FnMut()>::new(move || {
            core.get().unwrap().call("click", &Array::of1(&arg), Date::now());
        });
        assert_eq!(thrown_by(&callback), "", "{name}");
        let warnings = tracker.told("warning");
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        let field = warnings[0]["field"].as_str().unwrap();
        assert!(field.starts_with("click"), "{name}: {warnings:?}");
        // It has an item, and only an optional field is invalid.
        let accepted = f64::from(name == "cyclic");
        assert_eq!(tracker.count("accepted"), accepted, "{name}");
        tracker.call("basket", json!({ "itemId": "good" }));
        until(|| log().len() == 1).await;
    }
}

#[test]
async fn an_argument_whose_getter_throws_breaks_nothing() {
    // The façade gives the warning. The module only has to leave the engine unchanged.
    for name in ["throwing", "proxy", "revoked"] {
        let tracker = start(batch());
        let (core, arg) = (tracker.core.clone(), odd(name));
        let callback = Closure::<dyn FnMut()>::new(move || {
            core.get().unwrap().call("click", &Array::of1(&arg), Date::now());
        });
        assert!(thrown_by(&callback).contains("Error"), "{name}");
        tracker.call("basket", json!({ "itemId": "good" }));
        until(|| !log().is_empty()).await;
        assert_eq!(tracker.count("accepted"), 1.0);
    }
}

#[test]
async fn values_are_converted_without_loss() {
    let tracker = start(batch());
    tracker.call_js("basket", &lone_surrogate());
    tracker.call_js("basket", &instance());
    becomes("hidden");
    let mut bodies = log().into_iter().map(|request| request["body"].as_str().unwrap().to_owned());
    let all = bodies.by_ref().collect::<String>();
    assert!(all.contains("\"itemId\":\"a\u{fffd}b\""), "{all}");
    assert!(all.contains("\"itemId\":\"7\"") && !all.contains("inherited"), "{all}");
    assert_eq!(tracker.told("warning"), [] as [Json; 0]);
}

#[test]
fn an_invalid_configuration_gives_a_warning_and_no_tracker() {
    reset();
    for config in [json!(null), json!({}), json!({ "destinations": { "protocol": "smoke" } })] {
        let tracker = Tracker::start(config);
        assert!(tracker.core.get().is_none());
        let [warning] = tracker.told("warning").try_into().unwrap();
        assert_eq!(warning["code"], "config");
        assert!(warning["field"].as_str().unwrap().starts_with("config"));
    }
}

#[test]
fn a_listener_may_call_the_tracker() {
    reset();
    beacons("true");
    let core: Rc<OnceCell<Core>> = Rc::default();
    let told = Rc::new(RefCell::new(Vec::new()));
    let (inner, heard) = (core.clone(), told.clone());
    let sink: Told = Box::new(move |name, _| {
        let first = heard.borrow().is_empty();
        heard.borrow_mut().push(name);
        if let (true, Some(core)) = (first, inner.get()) {
            core.call("click", &Array::of1(&js(&json!({ "itemId": "" }))), Date::now());
            core.stats();
            core.flush(Function::new_no_args(""));
        }
    });
    assert!(core.set(Core::start(&batch(), sink).unwrap()).is_ok());
    let tracker = Tracker { core, told: Rc::default() };
    tracker.call("clik", json!({}));
    assert_eq!(*told.borrow(), ["warning", "warning"]);
    assert_eq!(tracker.count("rejected"), 2.0);
}
