//! Reads one event in the vendor's format, for both interfaces.

use super::schema::{Form, Named, Need, Word};
use crate::user::UserId;
use crate::vendor_event::VendorEvent;
use recobeacon_engine::error::Error;
use recobeacon_engine::limits::Limits as Tracker;
use recobeacon_engine::number;
use recobeacon_engine::value::Value;

/// Further ids and their names in the rows. They are hashed like all ids of people. The second one
/// is `Tracking.ff`'s spelling of the first.
pub const IDS: [(&str, &str); 3] =
    [("purchaserId", "purchaser"), ("purchaserid", "purchaser"), ("cookieId", "cookie")];

/// The vendor's field at fault, and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: String,
    pub detail: &'static str,
}

impl Wrong {
    fn new(field: &str, detail: &'static str) -> Self {
        Self { field: field.to_owned(), detail }
    }
}

/// Reads an event. `given` is an object with the vendor's fields.
pub fn event(word: &Word, given: &Value, currency: &str) -> Result<VendorEvent, Wrong> {
    let mut fields = Vec::new();
    let mut search = Vec::new();
    for named in word.fields {
        let Some(value) = filled(given, named)? else { continue };
        let value = taken(named.form, value, currency);
        match named.ours.strip_prefix("search.") {
            Some(ours) => search.push((ours.to_owned(), value)),
            None => fields.push((named.ours.to_owned(), value)),
        }
    }
    // `search` needs both fields. A click outside a result list has neither and is still valid.
    let has = |name: &str| search.iter().any(|(ours, _)| ours == name);
    if has("query") && has("position") {
        fields.push(("search".to_owned(), Value::Map(search)));
    }
    let need = |needed| if needed { Need::Value } else { Need::None };
    let anonymous = user(given, "sid", Need::Value)?;
    let user = user(given, "userId", need(word.needs_user))?;
    let mut ids = Vec::new();
    for (theirs, ours) in IDS {
        let id = self::user(given, theirs, Need::None)?;
        // With both spellings the first counts, because a row has each field once.
        if let Some(id) = id.filter(|_| ids.iter().all(|(known, _)| *known != ours)) {
            ids.push((ours, id));
        }
    }
    let event = VendorEvent::parse(word.kind, fields).map_err(|error| translated(word, &error))?;
    // None of these kinds stands for several events.
    let event = event.ok_or(Wrong::new("", "is not one event"))?;
    Ok(VendorEvent { user, anonymous, ids, ..event })
}

fn user(given: &Value, theirs: &'static str, need: Need) -> Result<Option<UserId>, Wrong> {
    let named = Named { theirs, ours: theirs, form: Form::Id, need };
    let Some(value) = filled(given, &named)? else { return Ok(None) };
    UserId::read(value).map(Some).map_err(|problem| Wrong::new(theirs, problem.detail))
}

/// The field's value, or `None` if it is absent or empty.
fn filled<'a>(given: &'a Value, named: &Named) -> Result<Option<&'a Value>, Wrong> {
    let value = given.field(named.theirs).filter(|value| !value.is_null());
    let empty = match value {
        Some(Value::Text(text)) => text.is_empty(),
        Some(Value::List(list)) => list.is_empty(),
        _ => false,
    };
    match (value, named.need) {
        (None, Need::Value | Need::Name) => Err(Wrong::new(named.theirs, "is required")),
        (Some(_), Need::Value) if empty => Err(Wrong::new(named.theirs, "must not be empty")),
        // A navigation's list of results has an empty query.
        (value, _) => Ok(value.filter(|_| !empty || named.theirs == "query")),
    }
}

/// Converts the value to the type that the engine's rules expect. A value that cannot be converted
/// stays, and the rules refuse it.
fn taken(form: Form, value: &Value, currency: &str) -> Value {
    match (form, value) {
        (Form::Text, Value::Number(number)) => {
            number::rounded(*number).map_or(Value::Null, Value::Text)
        }
        (Form::Number, Value::Text(text)) if is_decimal(text) => {
            text.parse().map_or_else(|_| value.clone(), Value::Number)
        }
        (Form::Truth, Value::Text(text)) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => value.clone(),
        },
        (Form::Amount, _) => match amount(value) {
            Some(amount) => Value::Text(amount + currency),
            None => Value::Bool(false),
        },
        (Form::Id | Form::Text | Form::Number | Form::Truth | Form::List, _) => value.clone(),
    }
}

/// The amount as written, without decimals beyond those of a price, which are rounding errors of
/// floats.
fn amount(value: &Value) -> Option<String> {
    let number = match value {
        Value::Number(number) => *number,
        Value::Text(text) if is_decimal(text) => {
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            if decimals <= Tracker::DECIMALS as usize {
                return Some(text.clone());
            }
            text.parse().ok()?
        }
        _ => return None,
    };
    number::rounded(number)
}

/// Whether the text is a plain decimal number. `parse` would also accept `1e2`, `inf` and `+5`.
pub fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let positive = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = positive.split_once('.').unwrap_or((positive, "0"));
    digits(whole) && digits(decimals)
}

/// Replaces the engine's neutral field name by the vendor's.
fn translated(word: &Word, error: &Error) -> Wrong {
    let field = error.field.strip_prefix(word.kind.name()).unwrap_or(&error.field);
    let field = field.strip_prefix('.').unwrap_or(field);
    match word.fields.iter().find(|named| named.ours == field) {
        Some(Named { theirs, form: Form::Amount, .. }) => {
            Wrong::new(theirs, "must be a number from 0 to below 9000000000")
        }
        Some(named) => Wrong::new(named.theirs, error.detail),
        None => Wrong::new(field, error.detail),
    }
}
