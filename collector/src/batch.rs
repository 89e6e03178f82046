//! The batch form: events, from JSON to rows.
//!
//! Whatever the page may send by a method of the tracker is valid here, and nothing else is: both
//! ends read an event by [`Event::parse`].

use crate::error::Refusal;
use crate::event::NewEvent;
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use recobeacon_engine::error::Error;
use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::json::Object;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

/// The item type of events that name none, as in the tracker.
pub const ITEM_TYPE: &str = "1";

/// Reads the events of an envelope, and how many were left out because their type is not known: a
/// newer tracker has more. A known one that is wrong refuses the whole batch: the tracker never
/// sends one.
///
/// # Errors
/// The first thing that is wrong, with the path to it.
pub fn read(events: Vec<Value>, hasher: &Hasher) -> Result<(Vec<NewEvent>, u64), Refusal> {
    let mut known = Vec::with_capacity(events.len());
    let mut unknown = 0;
    for (place, value) in events.into_iter().enumerate() {
        let event = event(value, hasher).map_err(|(field, detail)| {
            Refusal::invalid(format!("events[{place}]{field}: {detail}"))
        })?;
        match event {
            Some(event) => known.push(event),
            None => unknown += 1,
        }
    }
    Ok((known, unknown))
}

/// The path behind `events[3]`, and what would have been right.
type Wrong = (String, &'static str);

fn wrong(field: &str, detail: &'static str) -> Wrong {
    (format!(".{field}"), detail)
}

/// The event; none where its type is not known.
fn event(value: Value, hasher: &Hasher) -> Result<Option<NewEvent>, Wrong> {
    let Value::Map(mut fields) = value else {
        return Err((String::new(), "must be an object"));
    };
    let mut take = |name: &str| {
        let place = fields.iter().position(|(key, _)| key == name)?;
        Some(fields.remove(place).1).filter(|value| *value != Value::Null)
    };
    let id = id(take("id").as_ref())?;
    let Some(Value::Text(name)) = take("type") else {
        return Err(wrong("type", "must be the name of an event"));
    };
    let Some(kind) = Kind::from_name(&name) else { return Ok(None) };
    let at = take("at").ok_or_else(|| wrong("at", "is required"))?;
    let at = rules::whole(&at, 0, Limits::LATEST_MS)
        .map_err(|_| wrong("at", "must be whole milliseconds since 1970"))?;
    let user = user("user", take("user"), hasher)?;
    let anonymous = self::user("anonymous", take("anonymous"), hasher)?;
    if kind == Kind::Login && user.is_none() {
        return Err(wrong("user", "is required: a login's new account"));
    }
    let fields =
        parse(kind, &Value::Map(fields), &mut Vec::new()).map_err(|error| path(kind, &error))?;
    let fields =
        fields.ok_or_else(|| wrong("items", "must be of one item type: send an event for each"))?;
    let (kind, has_more_ids) = (kind.name(), false);
    Ok(Some(NewEvent { id, kind, at, user, anonymous, has_more_ids, fields }))
}

/// An event's own fields as JSON; none where the value is several events. Fields that are left out go to `left_out`: optional fields
/// that are wrong, and a newer tracker's fields, of which no rule says that they are right.
pub fn parse(
    kind: Kind,
    value: &Value,
    left_out: &mut Vec<Error>,
) -> Result<Option<String>, Error> {
    let events = Event::parse(kind, value, ITEM_TYPE, left_out)?;
    let [event] = events.as_slice() else { return Ok(None) };
    let mut json = String::new();
    let mut object = Object::new(&mut json);
    event.write(&mut object);
    object.end();
    Ok(Some(json))
}

/// The engine names the method where we name the place: `click.itemId` is `events[3].itemId`.
fn path(kind: Kind, error: &Error) -> Wrong {
    let field = error.field.strip_prefix(kind.name()).unwrap_or(&error.field);
    (field.to_owned(), error.detail)
}

/// Hashed at once: nothing behind this line holds an id of a user.
fn user(name: &str, value: Option<Value>, hasher: &Hasher) -> Result<Option<String>, Wrong> {
    match value {
        None => Ok(None),
        Some(value @ Value::Text(_)) => rules::identifier(&value)
            .map(|id| Some(hasher.hash(&id)))
            .map_err(|problem| wrong(name, problem.detail)),
        Some(_) => Err(wrong(name, "must be text")),
    }
}

/// Whether this is a UUIDv7 in lower case: in upper case it would be another key, and the event
/// count twice.
pub fn is_event_id(id: &str) -> bool {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let right = |(place, b): (usize, u8)| match place {
        8 | 13 | 18 | 23 => b == b'-',
        14 => b == b'7',
        19 => matches!(b, b'8' | b'9' | b'a' | b'b'),
        _ => is_digit(b),
    };
    id.len() == 36 && id.bytes().enumerate().all(right)
}

fn id(value: Option<&Value>) -> Result<String, Wrong> {
    let id = value.and_then(Value::as_text).filter(|id| is_event_id(id));
    id.map(str::to_owned).ok_or_else(|| wrong("id", "must be a UUIDv7 in lower case"))
}
