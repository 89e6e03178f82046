//! The cases of `tests/vectors/consent.json`. The façade, the stub and the collector are tested
//! with the same cases.

use crate::common::test;
use crate::common::{Page, batch, calm, json, with};
use recobeacon_engine::Signals;
use recobeacon_engine::identity::Stored;
use recobeacon_engine::input::Input;
use serde_json::Value as Json;

/// The consent that one event reveals by its delivery.
fn consent_of(page: &Page) -> &'static str {
    match (page.sends.len(), page.count("queued"), page.jar.contains_key("reco_id")) {
        (1, 0, true) => "granted",
        (1, 0, false) => "anonymous",
        // After granted consent the cookie stays.
        (0, 1, _) => "pending",
        (0, 0, false) => "denied",
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_engine_matches_the_consent_vectors() {
    let cases: Vec<Json> = serde_json::from_str(include_str!("../vectors/consent.json")).unwrap();
    assert!(cases.len() > 25);
    for case in cases {
        let is = |name: &str| case["browser"][name] == true;
        let signals = Signals { gpc: is("gpc"), dnt: is("dnt"), ..calm() };
        let stored = Stored { off: is("off"), ..Stored::default() };
        let mut config = case.get("config").cloned().unwrap_or(json!({}));
        // The façade's option reaches the engine as "pending".
        let asked = config.as_object_mut().unwrap().remove("consentFrom");
        if asked.is_some_and(|asked| asked != false) && config.get("consent").is_none() {
            config["consent"] = json!("pending");
        }
        let mut page = Page::start(&with(batch(), config), &stored, signals);
        for said in case["said"].as_array().unwrap_or(&Vec::new()) {
            page.call("consent", said.clone());
        }
        page.call("click", json!({ "itemId": 1 }));
        page.feed(Input::Hidden);
        // Resource Timing reports the end of the beacon.
        page.advance(20_000);
        assert_eq!(consent_of(&page), case["consent"], "{}", case["name"]);
    }
}
