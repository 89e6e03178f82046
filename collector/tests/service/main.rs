//! All tests of the service, as one program, so that they are linked once.
//!
//! `cargo test --package recobeacon-collector --test service batch::` runs the tests of one module.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
#[path = "../../../tests/engine/generate/mod.rs"]
mod generate;
mod project;
#[path = "../../../tests/engine/common/mod.rs"]
mod tracker;

mod backup;
mod batch;
mod bounds;
mod command;
mod config;
mod cookies;
mod cors;
mod customers;
mod erased;
mod factfinder;
mod factfinder_refusals;
mod feeds;
mod files;
mod forward;
mod guard;
mod history;
mod ibexa;
mod ibexa_links;
mod intempt;
mod intempt_refusals;
mod json_keys;
mod keeping;
mod lifecycle;
mod logs;
mod metrics;
mod migration;
mod once;
mod order_files;
mod orders;
mod origins;
mod owners;
mod personal_data;
mod raw;
mod raw_visitor;
mod ready;
mod refusals;
mod report;
mod report_variants;
mod round_trip;
mod slash;
mod storage;
mod stream;
mod tracking_ff;
mod unseen;
mod variants;
mod vendors_config;
mod visitors;
mod yoochoose;
