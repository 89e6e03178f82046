//! Intempt's interface: a JSON object of tracked events, from the vendor's words to neutral ones.
//!
//! <https://docs.intempt.com/track-events-api-recommendations-1973914m0>
//!
//! Taken are the four recommendation events and `Identify`, which joins a visitor to an account.
//! Other names are refused, and with them the request: what is answered with 200 is stored whole.

use crate::batch;
use crate::error::Refusal;
use crate::limits::Limits;
use crate::tracked::Tracked;
use crate::user::UserId;
use recobeacon::engine::error::Error;
use recobeacon::engine::event::Kind;
use recobeacon::engine::field;
use recobeacon::engine::json::push_hex;
use recobeacon::engine::value::Value;
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Body {
    track: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<Value>,
    payload: Option<Vec<Value>>,
}

/// Reads a body. `source` is what event ids are unique in; `most` events are taken.
///
/// # Errors
/// 413 where there are too many events, else 400 with the first thing that is wrong and the path
/// to it.
pub fn read(body: &[u8], source: &str, most: usize) -> Result<Vec<Tracked>, Refusal> {
    let body: Body = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::invalid(format!(
            "the body is no object with a list `track` in JSON (line {line}, column {column})"
        ))
    })?;
    let entries = body.track.filter(|entries| !entries.is_empty());
    let entries = entries.ok_or(Refusal::invalid("track: must be a list of at least one entry"))?;
    let count: usize = entries.iter().flat_map(|entry| &entry.payload).map(Vec::len).sum();
    if count > most {
        return Err(Refusal::TooLarge(format!("track: must be at most {most} events")));
    }
    let mut events = Vec::with_capacity(count);
    for (place, entry) in entries.iter().enumerate() {
        let wrong = |field: &str, detail: &str| {
            Refusal::invalid(format!("track[{place}].{field}: {detail}"))
        };
        let name = entry.name.as_ref().filter(|name| !name.is_null());
        let name = name.ok_or_else(|| wrong("name", "is required"))?;
        let kind = kind(name).ok_or_else(|| wrong("name", "is no event that we know"))?;
        let payload = entry.payload.as_ref().filter(|payload| !payload.is_empty());
        let payload =
            payload.ok_or_else(|| wrong("payload", "must be a list of at least one event"))?;
        for (number, given) in payload.iter().enumerate() {
            let event = event(kind, given, source).map_err(|Wrong(field, detail)| {
                wrong(&format!("payload[{number}]{field}"), detail)
            });
            events.push(event?);
        }
    }
    Ok(events)
}

fn kind(name: &Value) -> Option<Kind> {
    match name.as_text()? {
        "Product viewed" => Some(Kind::Click),
        "Added to cart" => Some(Kind::Basket),
        "Removed from cart" => Some(Kind::DeleteFromBasket),
        "Product ordered" => Some(Kind::Buy),
        "Identify" => Some(Kind::Login),
        _ => None,
    }
}

/// The path behind `payload[0]`, and what would have been right.
struct Wrong(String, &'static str);

fn wrong(field: &str, detail: &'static str) -> Wrong {
    Wrong(format!(".{field}"), detail)
}

fn event(kind: Kind, given: &Value, source: &str) -> Result<Tracked, Wrong> {
    if given.as_map().is_none() {
        return Err(Wrong(String::new(), "must be an object"));
    }
    let event_id = filled(given, "eventId").ok_or_else(|| wrong("eventId", "is required"))?;
    let event_id =
        field::identifier(event_id).map_err(|problem| wrong("eventId", problem.detail))?;
    let user = user(given, "userId")?;
    let profile = self::user(given, "profileId")?;
    let another = self::user(given, "anotherUserId")?;
    let account = self::user(given, "accountId")?;
    let anonymous = profile.or(another);
    if kind == Kind::Login && user.is_none() {
        return Err(wrong("userId", "is required"));
    }
    if user.is_none() && anonymous.is_none() && account.is_none() {
        return Err(Wrong(
            String::new(),
            "must have one of userId, profileId, anotherUserId and accountId",
        ));
    }
    let event =
        Tracked::parse(kind, fields(kind, given)?).map_err(|error| translated(kind, &error))?;
    // Of several lines there is no form here.
    let event = event.ok_or(Wrong(String::new(), "is not one event"))?;
    let id = Some(id(event_id, source));
    Ok(Tracked { id, at: time(given), user, anonymous, ..event })
}

fn fields(kind: Kind, given: &Value) -> Result<Vec<(String, Value)>, Wrong> {
    if kind == Kind::Login {
        return Ok(Vec::new());
    }
    let data = given.field("data").filter(|data| !data.is_null());
    let data = data.ok_or_else(|| wrong("data", "is required"))?;
    if data.as_map().is_none() {
        return Err(wrong("data", "must be an object"));
    }
    let item = data.field("productId").cloned().unwrap_or(Value::Null);
    let mut fields = vec![("itemId".to_owned(), item)];
    // Of a view the engine ignores it: it has no quantity.
    if let Some(quantity) = data.field("quantity") {
        fields.push(("quantity".to_owned(), quantity.clone()));
    }
    Ok(fields)
}

/// The engine names the neutral field where the vendor's is meant.
fn translated(kind: Kind, error: &Error) -> Wrong {
    let field = error.field.strip_prefix(kind.name()).unwrap_or(&error.field);
    match field {
        ".itemId" => wrong("data.productId", error.detail),
        ".quantity" => wrong("data.quantity", error.detail),
        other => Wrong(other.to_owned(), error.detail),
    }
}

/// A field that is there and not empty.
fn filled<'a>(given: &'a Value, name: &str) -> Option<&'a Value> {
    given.field(name).filter(|value| !value.is_null() && value.as_text() != Some(""))
}

fn user(given: &Value, name: &str) -> Result<Option<UserId>, Wrong> {
    let Some(value) = filled(given, name) else { return Ok(None) };
    UserId::read(value).map(Some).map_err(|problem| wrong(name, problem.detail))
}

/// When it happened; what cannot be is no time, as the vendor has it.
fn time(given: &Value) -> Option<u64> {
    let at = field::whole(given.field("timestamp")?, 0, u64::MAX).ok()?;
    Limits::TIMESTAMPS.contains(&at).then_some(at)
}

/// The id by which the event counts once: its own where that is one of ours; else one that is made
/// of it and of the source, as a UUID of version 8, which no other event has.
fn id(event_id: String, source: &str) -> String {
    if batch::is_event_id(&event_id) {
        return event_id;
    }
    let mut hash = Sha256::new();
    hash.update("intempt\0");
    hash.update(source);
    hash.update("\0");
    hash.update(&event_id);
    let mut id = String::new();
    for (place, byte) in hash.finalize().iter().take(16).enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        let byte = match place {
            6 => 0x80 | byte & 0x0f,
            8 => 0x80 | byte & 0x3f,
            _ => *byte,
        };
        push_hex(&mut id, byte);
    }
    id
}
