//! The configuration: invalid fields are reported with their path, unknown ones are reported and
//! ignored.

use crate::common::test;
use crate::common::{Page, batch, json, value, with};
use recobeacon_engine::config::Config;
use serde_json::Value as Json;

#[test]
fn unusable_configurations() {
    let destination = |more: Json| json!({ "destinations": more });
    let collector = |more: Json| with(batch(), more);
    for (config, field) in [
        (json!(null), "config"),
        (json!([]), "config"),
        (json!({}), "config.destinations"),
        (destination(json!([])), "config.destinations"),
        (destination(json!("batch")), "config.destinations"),
        (destination(json!({})), "config.destinations.protocol"),
        (destination(json!([{ "protocol": "carrier-pigeon" }])), "config.destinations[0].protocol"),
        (destination(json!({ "protocol": "batch" })), "config.destinations.endpoint"),
        (destination(json!({ "protocol": "ibexa" })), "config.destinations.customerId"),
        (collector(json!({ "destinations": { "endpoint": "" } })), "config.destinations.endpoint"),
        (
            collector(json!({ "destinations": { "endpoint": "a b" } })),
            "config.destinations.endpoint",
        ),
        (
            collector(json!({ "destinations": { "endpoint": "shop.example:8787/v1/events" } })),
            "config.destinations.endpoint",
        ),
        (
            collector(json!({ "destinations": { "endpoint": "a#b" } })),
            "config.destinations.endpoint",
        ),
        (
            collector(json!({ "destinations": { "transport": "x" } })),
            "config.destinations.transport",
        ),
        (collector(json!({ "consent": true })), "config.consent"),
        (collector(json!({ "batch": { "maxEvents": 0 } })), "config.batch.maxEvents"),
        (collector(json!({ "batch": { "maxWaitMs": -1 } })), "config.batch.maxWaitMs"),
        (collector(json!({ "queue": { "maxEvents": 1.5 } })), "config.queue.maxEvents"),
        (collector(json!({ "queue": { "maxAgeMs": "1" } })), "config.queue.maxAgeMs"),
        (collector(json!({ "respect": { "gpc": 1 } })), "config.respect.gpc"),
        (collector(json!({ "identity": { "cookieName": "a;b" } })), "config.identity.cookieName"),
        (collector(json!({ "identity": { "cookieDays": 0 } })), "config.identity.cookieDays"),
        (collector(json!({ "identity": { "storage": "disk" } })), "config.identity.storage"),
    ] {
        let error = Config::parse(&value(config.clone()), &mut Vec::new()).expect_err(field);
        assert_eq!((error.code.name(), error.field.as_str()), ("config", field), "{config}");
    }
}

#[test]
fn unknown_options_are_ignored_with_a_warning() {
    let odd = json!({ "destination": 1, "batch": { "maxEvnts": 1 }, "identity": { "userid": "x" },
                      "destinations": { "customerId": "1" } });
    let page = Page::open(with(batch(), odd));
    let mut told = page.told();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "config.batch.maxEvnts",
            "config.destination",
            "config.destinations.customerId",
            "config.identity.userid"
        ]
        .map(|field| ("unknown-option", field))
    );
}

#[test]
fn limits_are_inclusive() {
    for (options, fine) in [
        (json!({ "batch": { "maxEvents": 1, "maxBytes": 1_000, "maxWaitMs": 0 } }), true),
        (json!({ "batch": { "maxEvents": 1_000, "maxBytes": 60_000 } }), true),
        (json!({ "batch": { "maxBytes": 60_001 } }), false),
        (json!({ "queue": { "maxEvents": 100_000, "maxAgeMs": 604_800_000 } }), true),
        (json!({ "queue": { "maxAgeMs": 604_800_001 } }), false),
        (json!({ "queue": { "persist": false } }), true),
        (json!({ "identity": { "cookieDays": 400 } }), true),
        (json!({ "identity": { "cookieDays": 401 } }), false),
        (json!({ "destinations": { "endpoint": "/".repeat(2_000) } }), true),
        (json!({ "destinations": { "endpoint": "/".repeat(2_001) } }), false),
    ] {
        let config = value(with(batch(), options.clone()));
        assert_eq!(Config::parse(&config, &mut Vec::new()).is_ok(), fine, "{options}");
    }
}
