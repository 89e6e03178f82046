//! `POST /rest/{version}/track/{channel}/{event}`: a JSON array of events of one type.
//!
//! One invalid event refuses the array: a 200 means that all of it is stored.

use super::read::{self, Wrong};
use super::schema::{self, Version};
use crate::error::Refusal;
use crate::json;
use crate::vendor_event::VendorEvent;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Keeps the price as written. A parsed number loses its last zeros.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    price: Option<&'a RawValue>,
}

/// Reads a body with at most `most` events, and prices in this currency.
///
/// # Errors
/// 404 if this version does not have the event, 413 if there are too many events, else 400 with the
/// first fault and the path to it.
pub fn read(
    version: Version,
    event: &str,
    body: &[u8],
    currency: &str,
    most: usize,
) -> Result<Vec<VendorEvent>, Refusal> {
    let word = schema::rest(version, event)
        .ok_or(Refusal::NotFound("the event is not known in this version"))?;
    let events: Vec<&RawValue> = json::read(body)?.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::invalid(format!("the body is not an array in JSON (line {line}, column {column})"))
    })?;
    if events.is_empty() {
        return Err(Refusal::invalid("the array must have at least one event"));
    }
    if events.len() > most {
        return Err(Refusal::TooLarge(format!("the array must have at most {most} events")));
    }
    let read = |(place, raw): (usize, &&RawValue)| {
        let wrong = |Wrong { field, detail }| {
            let dot = if field.is_empty() { "" } else { "." };
            Refusal::invalid(format!("[{place}]{dot}{field}: {detail}"))
        };
        let nothing = |detail| wrong(Wrong { field: String::new(), detail });
        // The text is JSON already. Only its nesting depth can fail here.
        let mut given: Value =
            serde_json::from_str(raw.get()).map_err(|_| nothing("is not an event"))?;
        if given.as_map().is_none() {
            return Err(nothing("must be an object"));
        }
        keep_price(raw, &mut given);
        read::event(&word, &given, currency).map_err(wrong)
    };
    events.iter().enumerate().map(read).collect()
}

fn keep_price(raw: &RawValue, given: &mut Value) {
    let written =
        serde_json::from_str(raw.get()).ok().and_then(|written: Written<'_>| written.price);
    let (Some(written), Value::Map(fields)) = (written, given) else { return };
    let price = fields.iter_mut().find(|(name, _)| name == "price");
    if let Some((_, price)) = price
        && read::is_decimal(written.get())
    {
        *price = Value::Text(written.get().to_owned());
    }
}
