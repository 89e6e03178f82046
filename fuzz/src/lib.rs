//! Common code of the fuzz targets: inputs from bytes, and the properties that several targets check.
//!
//! A target panics if a property does not hold. Each finding becomes a test in `tests/engine` or `collector/tests`.

pub mod page;
pub mod rows;
#[path = "../../tests/engine/common/mod.rs"]
pub mod tracker;
pub mod values;

use recobeacon_engine::value::Value;

/// A text that the seeds have in the places of secrets and of visitors' ids. No message may repeat it.
pub const SECRET: &str = "00secret5ec2e7000000000000000000";

/// The bytes as JSON text, read as the collector reads bodies.
pub fn json(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}

/// The byte before the rest.
pub fn first(data: &[u8]) -> (u8, &[u8]) {
    data.split_first().map_or((0, data), |(first, rest)| (*first, rest))
}
