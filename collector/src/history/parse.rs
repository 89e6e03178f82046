//! From a line of a history file to a row.

use super::columns::{
    ANONYMOUS, ANONYMOUS_HASH, AT, ID, KEY, NUMBERS, ROW, TEXTS, TYPE, USER, USER_HASH,
};
use super::read::Cells;
use crate::batch;
use crate::event::ITEM_TYPE;
use crate::iso;
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use crate::store::Row;
use recobeacon_engine::error::{Error, ErrorCode};
use recobeacon_engine::event::{Event, Kind};
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

/// The source of rows that name none.
const SOURCE: &str = "import";
const HASH_DIGITS: usize = 32;
/// The longest id of an exported row, in bytes.
const LONGEST_ID: usize = 100;

/// A visitor's hash by each key, the current one first. One that the file has hashed is the only one.
type Visitor = Vec<String>;

/// Reads the line's kind and removes it.
pub fn kind(cells: &mut Cells) -> Result<Kind, String> {
    let name = text(cells, TYPE)?.ok_or("type: is required")?;
    Kind::from_name(&name).ok_or_else(|| "type: is not the name of an event".to_owned())
}

/// Reads the line's time in milliseconds and removes it.
pub fn at(cells: &mut Cells) -> Result<u64, String> {
    let value = cells.take(AT).ok_or("at: is required")?;
    iso::time(&value).map_err(|sentence| format!("at: {sentence}"))
}

/// The events of a line's remaining cells, by the rules of the batch interface.
pub fn events(kind: Kind, cells: Cells) -> Result<Vec<Event>, String> {
    let mut left_out = Vec::new();
    let read = Event::parse(kind, &Value::Map(cells.values), ITEM_TYPE, &mut left_out);
    let sentence = |error: Error| {
        let path = error.field.strip_prefix(kind.name()).unwrap_or(&error.field);
        let path = path.trim_start_matches('.');
        match error.code {
            ErrorCode::UnknownOption => format!("{path}: is not a field of {}", kind.name()),
            _ => format!("{path}: {}", error.detail),
        }
    };
    let events = read.map_err(sentence)?;
    // A fault in an optional field is a fault of the file.
    left_out.into_iter().next().map_or(Ok(events), |error| Err(sentence(error)))
}

/// Turns a line into a row. `now` is the time of receipt of rows without one.
///
/// # Errors
/// The first fault: the column, and the rule that its value breaks.
pub fn row(mut cells: Cells, now: u64, hasher: &Hasher) -> Result<Row, String> {
    let kind = kind(&mut cells)?;
    let at = at(&mut cells)?;
    cells.take(ROW);
    let id = text(&mut cells, ID)?;
    let [source, stream, client, customer] = TEXTS.map(|name| text(&mut cells, name));
    let [received_at, sent_at, seq, place] = NUMBERS.map(|name| number(&mut cells, name));
    let key = number(&mut cells, KEY)?;
    let user = visitor(&mut cells, [USER, USER_HASH], hasher)?;
    let anonymous = visitor(&mut cells, [ANONYMOUS, ANONYMOUS_HASH], hasher)?;
    if kind == Kind::Login && user.is_empty() {
        return Err("user: is required: a login's new account".to_owned());
    }
    let hashed = !user.is_empty() || !anonymous.is_empty();
    let more = cells.more.take();
    let has_more_ids = more.is_some();
    let mut fields = fields(kind, cells)?;
    if let Some(more) = more {
        extend(&mut fields, &more);
    }
    let mut row = Row {
        id: String::new(),
        kind: kind.name().to_owned(),
        at,
        received_at: received_at?.unwrap_or(now),
        sent_at: sent_at?,
        source: source?.unwrap_or_else(|| SOURCE.to_owned()),
        stream: stream?,
        seq: seq?,
        place: place?,
        client: client?,
        customer: customer?,
        user: user.first().cloned(),
        anonymous: anonymous.first().cloned(),
        key: key
            .map(|key| u32::try_from(key).map_err(|_| "key: is outside its range"))
            .transpose()?
            .or_else(|| hashed.then(|| hasher.key())),
        fields,
        has_more_ids,
        older_ids: Vec::new(),
        older_hashes: [&user, &anonymous]
            .into_iter()
            .flat_map(|all| all.iter().skip(1))
            .cloned()
            .collect(),
    };
    match id {
        // Vendors' interfaces make other ids.
        Some(id) if row.source != SOURCE && id.len() <= LONGEST_ID => row.id = id,
        Some(id) if batch::is_event_id(&id) => row.id = id,
        Some(_) => return Err("id: must be a UUIDv7 in lower case".to_owned()),
        None => {
            let mut ids = made_ids(&row, &user, &anonymous, hasher).into_iter();
            row.id = ids.next().unwrap_or_default();
            row.older_ids = ids.collect();
        }
    }
    Ok(row)
}

fn fields(kind: Kind, cells: Cells) -> Result<String, String> {
    let events = events(kind, cells)?;
    let [event] = events.as_slice() else {
        return Err("items: must be of one item type: write a line for each".to_owned());
    };
    Ok(batch::fields_of(event))
}

/// Appends the fields of another object.
fn extend(object: &mut String, more: &str) {
    let more = more.trim_start().strip_prefix('{').unwrap_or_default();
    if more.trim_start().starts_with('}') {
        return;
    }
    object.pop();
    if object.len() > 1 {
        object.push(',');
    }
    object.push_str(more.trim());
}

/// Ids that depend on the row's content only, so that a line counts once however often it is
/// imported. They are keyed, so that nobody can find out a visitor's id by trying all: one for each
/// key, the current one first. Those of older keys are not stored again.
fn made_ids(row: &Row, user: &Visitor, anonymous: &Visitor, hasher: &Hasher) -> Vec<String> {
    let by =
        |hashes: &Visitor, n: usize| hashes.get(n).or(hashes.first()).cloned().unwrap_or_default();
    let id = |n: usize| {
        let content = [
            row.kind.clone(),
            row.at.to_string(),
            row.customer.clone().unwrap_or_default(),
            by(user, n),
            by(anonymous, n),
            row.fields.clone(),
        ];
        // JSON and hashes have no such character.
        let (_, digits) = hasher.all(&content.join("\u{1}")).into_iter().nth(n)?;
        Some(made_id(row.at, &digits))
    };
    (0..).map_while(id).collect()
}

fn made_id(at: u64, digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    // The variant of RFC 9562 has the bits 10.
    let variant = match digits.as_bytes().get(3).copied().unwrap_or_default() % 4 {
        0 => '8',
        1 => '9',
        2 => 'a',
        _ => 'b',
    };
    // 48 bits last until the year 10889.
    let (high, low) = (at >> 16 & 0xffff_ffff, at & 0xffff);
    format!("{high:08x}-{low:04x}-7{}-{variant}{}-{}", part(0, 3), part(4, 7), part(7, 19))
}

/// A visitor, hashed.
fn visitor(
    cells: &mut Cells,
    [clear, stored]: [&str; 2],
    hasher: &Hasher,
) -> Result<Visitor, String> {
    match (cells.take(clear), text(cells, stored)?) {
        (Some(_), Some(_)) => Err(format!("{stored}: must be empty if there is {clear}")),
        (Some(value), None) => match rules::pseudonym(&value) {
            Ok(id) => Ok(hasher.all(&id).into_iter().map(|(_, hash)| hash).collect()),
            Err(problem) => Err(format!("{clear}: {}", problem.detail)),
        },
        (None, Some(hash)) if is_hash(&hash) => Ok(vec![hash]),
        (None, Some(_)) => {
            Err(format!("{stored}: must be {HASH_DIGITS} lower-case hexadecimal digits"))
        }
        (None, None) => Ok(Vec::new()),
    }
}

fn is_hash(text: &str) -> bool {
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    text.len() == HASH_DIGITS && text.bytes().all(is_digit)
}

fn text(cells: &mut Cells, name: &str) -> Result<Option<String>, String> {
    match cells.take(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name}: must be text")),
    }
}

fn number(cells: &mut Cells, name: &str) -> Result<Option<u64>, String> {
    let wrong = || format!("{name}: must be a whole number");
    match cells.take(name) {
        None => Ok(None),
        Some(Value::Text(text)) => text.parse().map(Some).map_err(|_| wrong()),
        Some(value) => rules::whole(&value, 0, Limits::LATEST_MS).map(Some).map_err(|_| wrong()),
    }
}
