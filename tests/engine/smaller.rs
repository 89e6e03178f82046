//! The smaller module (`--no-default-features`): a missing feature gives a warning that names the
//! larger module.

use crate::common::{Page, batch, json, value};
use recobeacon::browser::LARGER_PROTOCOLS;
use recobeacon_engine::config::Config;

#[test]
fn other_vendors_give_a_warning_that_names_the_larger_module() {
    for protocol in LARGER_PROTOCOLS {
        let config = json!({ "destinations": [
            { "protocol": "batch", "endpoint": "/e" },
            { "protocol": protocol, "endpoint": "/ff", "channel": "de", "customerId": "1",
              "organization": "o", "project": "p", "source": "s" },
        ] });
        let error = Config::parse(&value(config), &mut Vec::new()).expect_err(protocol);
        let path = "config.destinations[1].protocol";
        assert_eq!((error.code.name(), error.field.as_str()), ("config", path));
        assert!(error.detail.contains("recobeacon-all.wasm"), "{error:?}");
    }
}

#[test]
fn the_data_layer_gives_a_warning_that_names_the_larger_module() {
    let mut page = Page::open(batch());
    let entry = json!(["event", "view_item", { "items": [{ "item_id": 1 }] }]);
    page.call("dataLayer", json!([entry]));
    assert_eq!(page.told(), [("unknown-event", "dataLayer")]);
}
