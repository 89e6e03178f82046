//! All tests of the engine and its shell, as one program, so that they are linked once and run in
//! one browser.
//!
//! `cargo test --test engine retry::` runs the tests of one module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[cfg(not(target_arch = "wasm32"))]
mod generate;
#[cfg(target_arch = "wasm32")]
mod stage;

mod acknowledged;
mod bad_input;
mod batch;
#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod browser_device;
#[cfg(target_arch = "wasm32")]
mod browser_values;
mod config;
mod consent;
mod consent_changes;
mod consent_vectors;
mod consume;
mod consume_media;
mod consume_scroll;
mod cost;
#[cfg(not(target_arch = "wasm32"))]
mod delivery;
mod events;
#[cfg(feature = "vendors")]
mod factfinder;
#[cfg(feature = "vendors")]
mod factfinder_delivery;
mod fetch_later;
mod flight;
#[cfg(feature = "sources")]
mod ga4;
#[cfg(all(not(target_arch = "wasm32"), feature = "vendors"))]
mod generated;
mod ibexa;
mod identity;
#[cfg(feature = "vendors")]
mod intempt;
mod links;
mod older_version;
mod orders;
mod outbox;
mod outbox_storage;
mod outbox_writes;
mod personal_data;
#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod queue;
mod raw;
mod retry;
#[cfg(feature = "vendors")]
mod session;
#[cfg(not(feature = "vendors"))]
mod smaller;
#[cfg(not(target_arch = "wasm32"))]
mod tidy;
mod values;
mod vectors;
mod viewability;
mod viewability_bounds;
#[cfg(feature = "vendors")]
mod yoochoose;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
