//! Intempt's interface: maps a JSON object of tracked events to neutral events.
//!
//! <https://docs.intempt.com/track-events-api-recommendations-1973914m0>
//!
//! It accepts the four recommendation events and `Identify`, which joins a visitor to an account.
//! The vendor's browser client sends page views, sessions and groups in the same request: events of
//! other names are left out and counted. An invalid event of a known name refuses the request.

use crate::batch;
use crate::error::Refusal;
use crate::json;
use crate::limits::Limits;
use crate::user::UserId;
use crate::uuid;
use crate::vendor_event::VendorEvent;
use recobeacon_engine::error::Error;
use recobeacon_engine::event::Kind;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Further ids and their names in the rows. They are hashed like all ids of people.
const IDS: [(&str, &str); 4] = [
    ("accountId", "account"),
    ("anotherAccountId", "anotherAccount"),
    ("sessionId", "session"),
    ("pageId", "page"),
];

/// Intempt's names of the accepted events.
const WORDS: [(&str, Kind); 5] = [
    ("Product viewed", Kind::Click),
    ("Added to cart", Kind::Basket),
    ("Removed from cart", Kind::DeleteFromBasket),
    ("Product ordered", Kind::Buy),
    ("Identify", Kind::Login),
];

/// The names of events in the shop's account, in addition to Intempt's own. They match the
/// tracker's `names`.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<String, Kind>);

impl Names {
    /// Takes pairs of neutral event and name.
    ///
    /// # Errors
    /// A sentence about each fault.
    pub fn new(given: BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let mut names = BTreeMap::new();
        let mut faults = Vec::new();
        for (word, name) in given {
            let kind = WORDS.iter().map(|(_, kind)| *kind).find(|kind| kind.name() == word);
            let Some(kind) = kind else {
                let all = WORDS.map(|(_, kind)| kind.name()).join(", ");
                faults.push(format!("{word:?} is not one of {all}"));
                continue;
            };
            if let Err(problem) = rules::text(&Value::Text(name.clone())) {
                faults.push(format!("{word} {}", problem.detail));
            } else if names.insert(name.clone(), kind).is_some() {
                faults.push(format!("{name:?} appears twice"));
            }
        }
        if faults.is_empty() { Ok(Self(names)) } else { Err(faults) }
    }

    fn kind(&self, name: &str, of_type: Option<&Value>) -> Option<Kind> {
        let theirs = || WORDS.iter().find(|(word, _)| *word == name).map(|(_, kind)| *kind);
        self.0.get(name).copied().or_else(theirs).or_else(|| match of_type?.as_text()? {
            // The browser client's `identify` can have a name of the shop's own.
            "identify" | "alias" => Some(Kind::Login),
            _ => None,
        })
    }
}

#[derive(Deserialize)]
struct Body {
    track: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<Value>,
    #[serde(rename = "type")]
    of_type: Option<Value>,
    payload: Option<Vec<Box<RawValue>>>,
}

/// Reads a body. The second value counts the events that were left out. `source` is the scope in
/// which event ids are unique, `most` the largest number of events, `names` further event names.
///
/// # Errors
/// 413 if there are too many events, else 400 with the first fault and the path to it.
pub fn read(
    body: &[u8],
    source: &str,
    most: usize,
    names: &Names,
) -> Result<(Vec<VendorEvent>, u64), Refusal> {
    let body: Body = json::read(body)?.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::invalid(format!(
            "the body is not a JSON object with a list `track` (line {line}, column {column})"
        ))
    })?;
    let entries = body.track.filter(|entries| !entries.is_empty());
    let entries = entries.ok_or(Refusal::invalid("track: must be a list of at least one entry"))?;
    let count: usize = entries.iter().flat_map(|entry| &entry.payload).map(Vec::len).sum();
    if count > most {
        return Err(Refusal::TooLarge(format!("track: must be at most {most} events")));
    }
    let mut events = Vec::with_capacity(count);
    let mut unknown = 0;
    let mut ids = Ids { source, seen: BTreeMap::new() };
    for (place, entry) in entries.iter().enumerate() {
        let wrong = |field: &str, detail: &str| {
            Refusal::invalid(format!("track[{place}].{field}: {detail}"))
        };
        let name = entry.name.as_ref().filter(|name| !name.is_null());
        let name = name.ok_or_else(|| wrong("name", "is required"))?;
        let name = name.as_text().ok_or_else(|| wrong("name", "must be text"))?;
        let Some(kind) = names.kind(name, entry.of_type.as_ref()) else {
            unknown += entry.payload.as_ref().map_or(1, Vec::len) as u64;
            continue;
        };
        let payload = entry.payload.as_ref().filter(|payload| !payload.is_empty());
        let payload =
            payload.ok_or_else(|| wrong("payload", "must be a list of at least one event"))?;
        for (number, given) in payload.iter().enumerate() {
            let event = event(kind, given, &mut ids).map_err(|Wrong(field, detail)| {
                wrong(&format!("payload[{number}]{field}"), detail)
            });
            match event? {
                Some(event) => events.push(event),
                None => unknown += 1,
            }
        }
    }
    Ok((events, unknown))
}

/// The path after `payload[0]`, and the rule that the value breaks.
struct Wrong(String, &'static str);

fn wrong(field: &str, detail: &'static str) -> Wrong {
    Wrong(format!(".{field}"), detail)
}

/// Returns `None` for an `Identify` without a user. It puts the visitor into a group or describes
/// them, and there is no neutral event for that.
fn event(kind: Kind, raw: &RawValue, ids: &mut Ids<'_>) -> Result<Option<VendorEvent>, Wrong> {
    let given: Value =
        serde_json::from_str(raw.get()).map_err(|_| Wrong(String::new(), "is nested too deep"))?;
    let given = &given;
    if given.as_map().is_none() {
        return Err(Wrong(String::new(), "must be an object"));
    }
    let event_id = filled(given, "eventId").ok_or_else(|| wrong("eventId", "is required"))?;
    let event_id =
        rules::identifier(event_id).map_err(|problem| wrong("eventId", problem.detail))?;
    let user = user(given, "userId")?;
    let profile = self::user(given, "profileId")?;
    let another = self::user(given, "anotherUserId")?;
    let mut more = Vec::new();
    for (theirs, ours) in IDS {
        more.extend(self::user(given, theirs)?.map(|id| (ours, id)));
    }
    let anonymous = profile.clone().or(another.clone());
    if let Some(another) = another.filter(|another| profile.is_some_and(|id| id != *another)) {
        more.push(("anotherUser", another));
    }
    if kind == Kind::Login && user.is_none() {
        return Ok(None);
    }
    let has_account = more.iter().any(|(name, _)| *name == "account");
    if user.is_none() && anonymous.is_none() && !has_account {
        return Err(Wrong(
            String::new(),
            "must have one of userId, profileId, anotherUserId and accountId",
        ));
    }
    let event =
        VendorEvent::parse(kind, fields(kind, given)?).map_err(|error| translated(kind, &error))?;
    // This format has no events with several items.
    let mut event = event.ok_or(Wrong(String::new(), "is not one event"))?;
    if let Some(data) = other_data(raw) {
        event.add("data", &data);
    }
    let id = Some(ids.of(event_id, &event));
    Ok(Some(VendorEvent { id, at: time(given), user, anonymous, ids: more, ..event }))
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
    // The engine ignores it in a view, which has no quantity.
    if let Some(quantity) = data.field("quantity") {
        fields.push(("quantity".to_owned(), quantity.clone()));
    }
    Ok(fields)
}

/// Replaces the engine's neutral field name by the vendor's.
fn translated(kind: Kind, error: &Error) -> Wrong {
    let field = error.field.strip_prefix(kind.name()).unwrap_or(&error.field);
    match field {
        ".itemId" => wrong("data.productId", error.detail),
        ".quantity" => wrong("data.quantity", error.detail),
        other => Wrong(other.to_owned(), error.detail),
    }
}

/// The field's value, if it is present and not empty.
fn filled<'a>(given: &'a Value, name: &str) -> Option<&'a Value> {
    given.field(name).filter(|value| !value.is_null() && value.as_text() != Some(""))
}

fn user(given: &Value, name: &str) -> Result<Option<UserId>, Wrong> {
    let Some(value) = filled(given, name) else { return Ok(None) };
    UserId::read(value).map(Some).map_err(|problem| wrong(name, problem.detail))
}

/// The event's time. An impossible time counts as none, as in the vendor's service.
fn time(given: &Value) -> Option<u64> {
    let at = rules::whole(given.field("timestamp")?, 0, u64::MAX).ok()?;
    Limits::TIMESTAMPS.contains(&at).then_some(at)
}

/// The fields of `data` without a neutral counterpart, as JSON.
fn other_data(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Payload {
        data: Option<serde_json::Map<String, serde_json::Value>>,
    }
    let Payload { data } = serde_json::from_str(raw.get()).ok()?;
    let mut data = data?;
    for neutral in ["productId", "quantity"] {
        data.remove(neutral);
    }
    (!data.is_empty()).then(|| serde_json::Value::Object(data).to_string())
}

/// Makes the ids that let each event of a request count once.
struct Ids<'a> {
    /// The scope in which event ids are unique.
    source: &'a str,
    /// How often each id was made before. The vendor's server clients give all lines of an order
    /// the same event id, and two lines can be equal.
    seen: BTreeMap<[u8; 32], u32>,
}

impl Ids<'_> {
    /// Returns the event's own id if it is a UUIDv7 that appears for the first time. Otherwise
    /// derives a UUID of version 8 from the id, the source and the event's content. So the lines of
    /// an order stay separate events, even in two requests, and a repeated request counts once.
    fn of(&mut self, event_id: String, event: &VendorEvent) -> String {
        let first = self.count(&[&event_id]) == 0;
        if first && batch::is_event_id(&event_id) {
            return event_id;
        }
        let said = [event_id.as_str(), event.kind, &event.fields];
        let copies = self.count(&said).to_string();
        let [event_id, kind, fields] = said;
        uuid::derived(&["intempt", self.source, event_id, kind, fields, &copies])
    }

    /// How often these parts were counted before.
    fn count(&mut self, parts: &[&str]) -> u32 {
        let seen = self.seen.entry(uuid::digest(parts)).or_default();
        *seen += 1;
        *seen - 1
    }
}
