//! The collector's configuration file. No error repeats a secret, and an accepted file is within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recobeacon_collector::config::{Config, Overrides};
use recobeacon_fuzz::SECRET;

/// The beginnings of sentences about settings that are no secrets.
const SHOWN: [&str; 16] = [
    "feeds.host",
    "ibexa.customers",
    "yoochoose.",
    "factfinder.base_path",
    "factfinder.channels",
    "intempt.names",
    "customers",
    "origins",
    "trusted_proxies",
    "admin_listen",
    "dist",
    "site",
    "variants",
    "cluster.ca",
    "retention.customers",
    "database",
];

/// Whether the sentence may repeat the value of its setting.
fn is_shown(said: &str) -> bool {
    let is_name = said.starts_with("forward[") && said.ends_with("appears twice");
    let is_path = said.contains(".api_key_file: ");
    is_name || is_path || SHOWN.iter().any(|start| said.starts_with(start))
}

fuzz_target!(|text: &str| {
    let config = match Config::from_toml(text, Overrides::default()) {
        Ok(config) => config,
        Err(error) => {
            // Each line is a fault.
            for sentence in error.to_string().lines() {
                let behind_line =
                    sentence.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
                let said = behind_line.map_or(sentence, |(_, said)| said);
                // The name of a setting is no secret. The hint about an unknown one repeats it.
                let behind_name = said.split_once(": ").map_or(said, |(_, rest)| rest);
                let is_name = !behind_name.contains(SECRET)
                    || said.contains("unknown field")
                    || said.contains(": is not known");
                assert!(!sentence.contains(SECRET) || is_shown(said) || is_name, "{sentence}");
            }
            return;
        }
    };
    assert!(config.admin_token.is_some() || config.admin_listen.ip().to_canonical().is_loopback());
    assert!(!(config.inspector && config.admin_token.is_some()));
    assert!(config.keys.iter().all(|key| key.secret.len() >= 16));
    let vendors = &config.vendors;
    let secrets = (
        &config.admin_token,
        &config.keys,
        &vendors.license_keys,
        &vendors.factfinder.keys,
        &vendors.intempt.keys,
        &config.cluster,
    );
    let printed = format!("{secrets:?} {:?}", vendors.intempt.basic);
    assert!(!printed.contains(SECRET), "a secret is printed: {printed}");
    let limits = &config.limits;
    assert!((1..=64 * 1024 * 1024).contains(&limits.body_bytes));
    assert!((1..=64 * 1024).contains(&limits.url_bytes));
    assert!((1..=10_000).contains(&limits.batch_events));
    for seconds in [
        limits.first_byte_seconds,
        limits.header_seconds,
        limits.body_seconds,
        limits.write_seconds,
    ] {
        assert!((1..=3_600).contains(&seconds));
    }
    for at_once in [
        limits.connections,
        limits.address_connections,
        limits.address_requests,
        limits.streams,
        limits.waiting,
    ] {
        assert!((1..=100_000).contains(&at_once));
    }
    if let Some(cookie) = &config.cookie {
        assert!((1..=400).contains(&cookie.days) && !cookie.name.is_empty());
    }
});
