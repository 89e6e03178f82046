//! The batch format: from JSON events to rows.
//!
//! Page and collector parse an event with the same function, [`Event::parse`]. An event is valid
//! here exactly when the tracker's methods accept it.

use crate::error::Refusal;
use crate::event::{ITEM_TYPE, Ids, NewEvent};
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use crate::user::UserId;
use recobeacon_engine::error::{Error, ErrorCode};
use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::json::Object;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

/// The length of most events' fields as JSON.
const FIELDS_BYTES: usize = 128;

/// The parts of an accepted batch that are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Events of unknown types, because a newer tracker has more types.
    pub unknown: u64,
    /// Ids that are e-mail addresses, as older trackers send them, and logins with such an id. All
    /// other events of theirs are stored.
    pub addresses: u64,
}

/// Reads the events of an envelope. An invalid event of a known type refuses the whole batch,
/// because the tracker never sends one.
///
/// # Errors
/// The first fault, with the path to it.
pub fn read(events: Vec<Value>, hasher: &Hasher) -> Result<(Vec<NewEvent>, LeftOut), Refusal> {
    let mut known = Vec::with_capacity(events.len());
    let mut left_out = LeftOut::default();
    for (place, value) in events.into_iter().enumerate() {
        let event = event(value, hasher, &mut left_out).map_err(|(field, detail)| {
            Refusal::invalid(format!("events[{place}]{field}: {detail}"))
        })?;
        known.extend(event);
    }
    Ok((known, left_out))
}

/// The path after `events[3]`, and the rule that the value breaks.
type Wrong = (String, &'static str);

fn wrong(field: &str, detail: &'static str) -> Wrong {
    (format!(".{field}"), detail)
}

/// Returns `None` if the event is left out.
fn event(value: Value, hasher: &Hasher, left_out: &mut LeftOut) -> Result<Option<NewEvent>, Wrong> {
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
    let Some(kind) = Kind::from_name(&name) else {
        left_out.unknown += 1;
        return Ok(None);
    };
    let at = take("at").ok_or_else(|| wrong("at", "is required"))?;
    let at = rules::whole(&at, 0, Limits::LATEST_MS)
        .map_err(|_| wrong("at", "must be whole milliseconds since 1970"))?;
    let before = left_out.addresses;
    let mut read = |name: &str| user(name, take(name), &mut left_out.addresses);
    let ids = Ids {
        user: read("user")?,
        anonymous: read("anonymous")?,
        session: read("session")?,
        account: read("account")?,
        purchaser: read("purchaser")?,
    };
    let mut older = Vec::new();
    let mut hashed = |id: &Option<UserId>| {
        let id = id.as_ref()?;
        older.extend(hasher.older(id.as_str()));
        Some(id.hashed(hasher))
    };
    let (user, anonymous) = (hashed(&ids.user), hashed(&ids.anonymous));
    if kind == Kind::Login && user.is_none() {
        if left_out.addresses > before {
            return Ok(None);
        }
        return Err(wrong("user", "is required: a login's new account"));
    }
    let fields =
        parse(kind, &Value::Map(fields), &mut Vec::new()).map_err(|error| path(kind, &error))?;
    let fields =
        fields.ok_or_else(|| wrong("items", "must be of one item type: send an event for each"))?;
    let (kind, has_more_ids) = (kind.name(), false);
    Ok(Some(NewEvent { id, kind, at, user, anonymous, has_more_ids, older, fields, ids }))
}

/// Returns an event's own fields as JSON, or `None` if the value stands for several events. Fields
/// that are left out are added to `left_out`: invalid optional fields, and fields of a newer
/// tracker, which no rule covers.
pub fn parse(
    kind: Kind,
    value: &Value,
    left_out: &mut Vec<Error>,
) -> Result<Option<String>, Error> {
    let events = Event::parse(kind, value, ITEM_TYPE, left_out)?;
    let [event] = events.as_slice() else { return Ok(None) };
    Ok(Some(fields_of(event)))
}

/// An event's own fields as JSON.
pub fn fields_of(event: &Event) -> String {
    let mut json = String::with_capacity(FIELDS_BYTES);
    let mut object = Object::new(&mut json);
    event.write(&mut object);
    object.end();
    json
}

/// The engine's path begins with the method's name, ours with the place: `click.itemId` becomes
/// `events[3].itemId`.
fn path(kind: Kind, error: &Error) -> Wrong {
    let field = error.field.strip_prefix(kind.name()).unwrap_or(&error.field);
    (field.to_owned(), error.detail)
}

/// Reads an id into a type that cannot be printed. An e-mail address is left out, as in the page.
fn user(name: &str, value: Option<Value>, addresses: &mut u64) -> Result<Option<UserId>, Wrong> {
    match value {
        None => Ok(None),
        Some(value @ Value::Text(_)) => match UserId::pseudonym(&value) {
            Ok(id) => Ok(Some(id)),
            Err(problem) if problem.code == ErrorCode::PersonalData => {
                *addresses += 1;
                Ok(None)
            }
            Err(problem) => Err(wrong(name, problem.detail)),
        },
        Some(_) => Err(wrong(name, "must be text")),
    }
}

/// Whether this is a UUIDv7 in lower case. The same id in upper case would be a different key, and
/// the event would count twice.
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
