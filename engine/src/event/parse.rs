//! Parses any value into valid events.

use super::schema::{ITEM, LIST, SEARCH, Schema};
use super::{Data, Event, Field, Kind};
use crate::error::{Error, ErrorCode, Problem};
use crate::fields::{Fields, Report, element};
use crate::limits::Limits;
use crate::personal_data;
use crate::rules::identifier;
use crate::value::Value;

static NOT_LIST: Problem = Problem::new(ErrorCode::BadType, "must be a list of item ids");
static LENGTH: Problem = Problem::new(ErrorCode::OutOfRange, "must have 1 to 1000 elements");

impl Event {
    /// Reads the argument of the method of that name.
    ///
    /// A `buy` of n lines becomes n events, a `rendered` of several item types one event for each.
    /// Unknown fields and invalid optional fields are left out and added to `unknown`.
    ///
    /// # Errors
    /// The first invalid required field, with its path. The call then gives no event.
    pub fn parse(
        kind: Kind,
        value: &Value,
        default_item_type: &str,
        unknown: &mut Vec<Error>,
    ) -> Result<Vec<Self>, Error> {
        let mut report = Report::default();
        let name = kind.name();
        let events = match (kind, value) {
            (Kind::Rendered, _) => rendered(value, default_item_type, &mut report),
            (Kind::Buy, Value::List(lines)) => {
                bounded(name, lines, &mut report);
                let mut events = Vec::new();
                for (place, line) in lines.iter().enumerate() {
                    let path = element(name, place);
                    events.push(one(kind, &path, line, default_item_type, &mut report));
                }
                events
            }
            // The account is in the record, not in the event.
            (Kind::Login, Value::Null) => vec![Self::login()],
            (_, _) => vec![one(kind, name, value, default_item_type, &mut report)],
        };
        report.end(unknown)?;
        Ok(events)
    }

    /// Reads an item that is an argument of another method. `path` names it.
    ///
    /// # Errors
    /// The first fault, with its path.
    pub fn parse_at(
        path: &str,
        kind: Kind,
        value: &Value,
        default_item_type: &str,
        unknown: &mut Vec<Error>,
    ) -> Result<Self, Error> {
        let mut report = Report::default();
        let event = one(kind, path, value, default_item_type, &mut report);
        report.end(unknown)?;
        Ok(event)
    }
}

impl Event {
    /// Reads the list of the items of a `rendered`, which has a scenario.
    pub fn list(object: &mut Fields<'_, '_>) -> Self {
        let mut list = Self::bare(Kind::Rendered);
        LIST.read(object, &mut list.fields);
        list
    }
}

fn one(
    kind: Kind,
    path: &str,
    value: &Value,
    default_item_type: &str,
    report: &mut Report,
) -> Event {
    let mut object = Fields::new(path, value, report);
    let schema = kind.schema();
    let mut fields = Vec::new();
    if schema.item {
        item(&mut object, default_item_type, &mut fields);
    }
    schema.read(&mut object, &mut fields);
    object.end();
    Event { kind, fields }
}

fn item(object: &mut Fields<'_, '_>, default_type: &str, fields: &mut Vec<(Field, Data)>) {
    fields.push((Field::ItemType, Data::Text(item_type(object, default_type))));
    take(Field::ItemId, true, object, fields);
    for field in ITEM {
        take(*field, false, object, fields);
    }
}

fn item_type(object: &mut Fields<'_, '_>, default: &str) -> String {
    object.optional(Field::ItemType.name(), identifier).unwrap_or_else(|| default.to_owned())
}

impl Schema {
    fn read(&self, object: &mut Fields<'_, '_>, fields: &mut Vec<(Field, Data)>) {
        for field in self.required {
            take(*field, true, object, fields);
        }
        for field in self.optional {
            take(*field, false, object, fields);
        }
    }
}

fn take(
    field: Field,
    required: bool,
    object: &mut Fields<'_, '_>,
    fields: &mut Vec<(Field, Data)>,
) {
    let name = field.name();
    if field == Field::Search {
        let mut search = Vec::new();
        if object.optional_object(name, &mut |inner| SEARCH.read(inner, &mut search)) {
            fields.push((field, Data::Object(search)));
        }
        return;
    }
    let (rule, form) = field.rule();
    let read = if required { object.read(name, rule) } else { object.optional(name, rule) };
    match read {
        // A category path of slashes only counts as absent.
        Some(text) if text.is_empty() && !required => {}
        Some(text) => {
            let mut data = form(text);
            if field.is_free_text() && data.remove_personal(object.get(name)) {
                object.advise(name, &personal_data::REPLACED);
            }
            fields.push((field, data));
        }
        None if required => object.missing(name),
        None => {}
    }
}

impl Data {
    /// Removes personal data from a field's text, or from the texts in the list `given`. Returns
    /// whether there was any.
    fn remove_personal(&mut self, given: Option<&Value>) -> bool {
        let (clean, data) = match self {
            Self::Text(text) => (personal_data::without(text), text),
            Self::Literal(json) => {
                (personal_data::without_in(given.unwrap_or(&Value::Null), json), json)
            }
            Self::List(_) | Self::Object(_) => return false,
        };
        match clean {
            Some(clean) => *data = clean,
            None => return false,
        }
        true
    }
}

/// Reads a `rendered`. The type of an item comes from the item, else from the call, else from the
/// default.
fn rendered(value: &Value, default_item_type: &str, report: &mut Report) -> Vec<Event> {
    let name = Kind::Rendered.name();
    let mut object = Fields::new(name, value, report);
    let common_type = item_type(&mut object, default_item_type);
    let mut common = Event::bare(Kind::Rendered);
    Kind::Rendered.schema().read(&mut object, &mut common.fields);
    let path = object.path(Field::Items.name());
    let items = object.get(Field::Items.name());
    let list = items.and_then(Value::as_list);
    match (items, list) {
        (None, _) => object.missing(Field::Items.name()),
        (Some(_), None) => object.fail(Field::Items.name(), &NOT_LIST),
        (Some(_), Some(_)) => {}
    }
    object.end();
    let list = list.unwrap_or_default();
    bounded(&path, list, report);

    let mut events: Vec<Event> = Vec::new();
    for (place, entry) in list.iter().enumerate() {
        let (id, of_type) = rendered_item(&element(&path, place), entry, &common_type, report);
        Event::add_rendered(&mut events, &id, &of_type, &common);
    }
    events
}

fn rendered_item(
    path: &str,
    entry: &Value,
    common_type: &str,
    report: &mut Report,
) -> (String, String) {
    if entry.as_map().is_none() {
        let id = identifier(entry).unwrap_or_else(|problem| {
            report.fail(problem.at(path));
            String::new()
        });
        return (id, common_type.to_owned());
    }
    let mut object = Fields::new(path, entry, report);
    let id = object.require(Field::ItemId.name(), identifier);
    let of_type = item_type(&mut object, common_type);
    let mut ignored = Vec::new();
    for field in ITEM {
        take(*field, false, &mut object, &mut ignored);
    }
    object.end();
    (id, of_type)
}

/// A list must have at least one element and must not be too long.
fn bounded(path: &str, list: &[Value], report: &mut Report) {
    if list.is_empty() || list.len() > Limits::VALUE_WIDTH {
        report.fail(LENGTH.at(path));
    }
}
