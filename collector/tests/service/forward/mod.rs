//! Forwarding to vendors: requests, outcomes, order, limits, and the end of processes.

mod commands;
mod config;
mod encrypted;
mod figures;
mod killed;
mod left_out;
mod losses;
mod outcomes;
mod queue;
mod restored;
mod same_bytes;
mod vendor;

use crate::common::{PATIENCE, Server, id};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use vendor::Vendor;

/// The time now in milliseconds. Older events would expire.
pub fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64
}

/// A destination `[[forward]]` that is the Ibexa server of this test.
pub fn ibexa(name: &str, vendor: &Vendor, more: &str) -> String {
    format!(
        "[[forward]]\nname = \"{name}\"\nprotocol = \"ibexa\"\ncustomer_id = \"00000\"\n\
         endpoint = \"http://{}\"\n{more}\n",
        vendor.address
    )
}

/// An Intempt server that counts each event id once.
pub fn intempt(name: &str, vendor: &Vendor, more: &str) -> String {
    format!(
        "[[forward]]\nname = \"{name}\"\nprotocol = \"intempt\"\norganization = \"o\"\n\
         project = \"p\"\nsource = \"1\"\nidempotent = true\napi_key = \"identifier.secret\"\n\
         endpoint = \"http://{}\"\n{more}\n",
        vendor.address
    )
}

/// A click of this visitor on the item `n`.
pub fn click(n: u64, visitor: &str) -> Value {
    json!({ "id": id(n), "type": "click", "at": now(), "anonymous": visitor, "itemType": "1",
            "itemId": n.to_string() })
}

/// The item of a click at Ibexa.
pub fn item(target: &str) -> u64 {
    target.rsplit('/').next().unwrap().split('?').next().unwrap().parse().unwrap()
}

/// The status of a destination.
pub async fn figures(server: &Server, name: &str) -> Value {
    let status: Value = serde_json::from_slice(&server.read("/v1/status", "").await.body).unwrap();
    let list = status["forward"].as_array().unwrap().clone();
    list.into_iter().find(|one| one["name"] == name).unwrap()
}

/// Waits until the destination's status is as wanted.
pub async fn until(server: &Server, name: &str, is: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let figures = figures(server, name).await;
        if is(&figures) {
            return figures;
        }
        assert!(begun.elapsed() < PATIENCE, "{figures}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until nothing waits.
pub async fn empty(server: &Server, name: &str) -> Value {
    until(server, name, |figures| figures["waiting"] == 0 && figures["inFlight"] == 0).await
}

/// The columns of a row, of which only the last may be NULL.
fn three(row: Vec<Option<String>>) -> (String, String, Option<String>) {
    let [first, second, third] = <[Option<String>; 3]>::try_from(row).unwrap();
    (first.unwrap(), second.unwrap(), third)
}
