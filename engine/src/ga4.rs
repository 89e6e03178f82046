//! Google's e-commerce events (GA4) in a shop's data layer, mapped to the tracker's events:
//! <https://developers.google.com/analytics/devguides/collection/ga4/reference/events>.
//!
//! Shops make these events for Google. Therefore an invalid field is left out with a warning, and
//! only an item without a usable id is refused. All resulting events are made by [`Event::parse`].

use super::error::{Error, MISSING, NOT_LIST};
use super::event::{Event, Field, Kind};
use super::fields::element;
use super::hash::hash;
use super::json;
use super::number::rounded;
use super::personal_data;
use super::pushed::Pushes;
use super::text::{concat, trim_end, trim_start};
use super::value::Value;

/// Google's events and the tracker's.
const EVENTS: [(&str, Kind); 7] = [
    ("view_item", Kind::Click),
    ("add_to_cart", Kind::Basket),
    ("remove_from_cart", Kind::DeleteFromBasket),
    ("add_to_wishlist", Kind::Wishlist),
    ("purchase", Kind::Buy),
    ("select_item", Kind::ClickRecommended),
    ("view_item_list", Kind::Rendered),
];

/// The fields of an item, and Google's names for them.
const FIELDS: [(Field, &str); 8] = [
    (Field::ItemId, "item_id"),
    (Field::Title, "item_name"),
    (Field::CategoryPath, "item_category"),
    (Field::Quantity, "quantity"),
    (Field::Price, "price"),
    (Field::OrderId, "transaction_id"),
    (Field::Scenario, "item_list_name"),
    // Google has no such field. Shops can add parameters of their own to items.
    (Field::Variant, "item_list_variant"),
];

/// The levels of a category.
const CATEGORIES: [&str; 5] =
    ["item_category", "item_category2", "item_category3", "item_category4", "item_category5"];

/// The fields that decide whether two events of one name are the same.
const CONTENT: [&str; 4] = ["items", "currency", "transaction_id", "item_list_name"];

/// An entry of a data layer: `{ event, ecommerce }`, `{ event, items }`, or the arguments of a `gtag` call.
#[derive(Clone, Debug)]
pub struct Entry {
    entry: Value,
    lists: Value,
}

impl Entry {
    /// Makes an entry. `lists` says which of Google's item lists are recommendations: `true` for
    /// all of them, or their scenarios by list name or id.
    pub fn new(entry: Value, lists: Value) -> Self {
        Self { entry, lists }
    }

    /// The entry's account, or null if no user is logged in.
    /// <https://developers.google.com/analytics/devguides/collection/ga4/user-id>
    pub fn user(&self) -> Option<Value> {
        let name = "user_id";
        let id = match &self.entry {
            Value::List(call) => call.iter().find_map(|part| part.field(name)),
            entry => entry.field(name),
        };
        match simple(id?) {
            Value::Opaque if id == Some(&Value::Bool(false)) => {
                Some(Value::Text("false".to_owned()))
            }
            Value::Number(id) => rounded(id).map(Value::Text),
            // Templates print an empty text if no user is logged in.
            Value::Text(id) if id.is_empty() => None,
            id => Some(id),
        }
    }

    /// The entry's events. Most entries give none. Items without a usable id go to `refused`,
    /// warnings about left-out fields to `advice`.
    pub fn events(
        &self,
        item_type: &str,
        refused: &mut Vec<Error>,
        advice: &mut Vec<Error>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let Some((kind, name, about)) = self.event() else { return events };
        let in_list = matches!(kind, Kind::ClickRecommended | Kind::Rendered);
        // A list may be a whole category, so only configured lists count as recommendations.
        if in_list && self.lists.is_null() {
            return events;
        }
        let path = concat(&["dataLayer.", name]);
        let items_path = concat(&[&path, ".items"]);
        let items = about.field("items").unwrap_or(&Value::Null);
        let Some(list) = items.as_list() else {
            let problem = if items.is_null() { &MISSING } else { &NOT_LIST };
            refused.push(problem.at(items_path));
            return events;
        };
        for (place, item) in list.iter().enumerate() {
            let scenario = if in_list { self.scenario(about, item) } else { Some(&Value::Null) };
            let Some(scenario) = scenario else { continue };
            let at = element(&items_path, place);
            let mut line = Line { kind, path: &path, at: &at, about, item, advice };
            let read = line.read(scenario);
            match read.and_then(|value| Event::parse(kind, &value, item_type, &mut Vec::new())) {
                Ok(line) => events.extend(line),
                Err(error) => refused.push(error),
            }
        }
        events
    }

    /// Whether the entry is a copy of an earlier event for a different account (`send_to`).
    /// <https://developers.google.com/analytics/devguides/collection/ga4/reference/config#send_to>
    pub fn is_copy(&self, at: u64, pushes: &mut Pushes) -> bool {
        let Some((_, name, about)) = self.event() else { return false };
        let push = |out: &mut String, value| json::push_value(out, value, |_| None);
        let mut content = name.to_owned();
        for field in &CONTENT {
            push(&mut content, about.field(field).unwrap_or(&Value::Null));
        }
        let to = "send_to";
        let to = about.field(to).or(self.entry.field(to)).unwrap_or(&Value::Null);
        let mut target = String::new();
        push(&mut target, to);
        pushes.has(at, hash(&[&content]), hash(&[&target]))
    }

    /// The tracker's kind of event, Google's name, and the object with the items.
    fn event(&self) -> Option<(Kind, &'static str, &Value)> {
        let (name, about) = match &self.entry {
            Value::List(call) => match call.as_slice() {
                [command, name, about] if command.as_text() == Some("event") => (name, about),
                _ => return None,
            },
            entry => {
                let about = entry.field("ecommerce").filter(|about| !about.is_null());
                (entry.field("event")?, about.unwrap_or(entry))
            }
        };
        let name = name.as_text()?;
        let (name, kind) = EVENTS.iter().find(|(google, _)| *google == name)?;
        Some((*kind, name, about))
    }

    /// The scenario of the item's list, if that is a list of recommendations.
    fn scenario<'a>(&'a self, about: &'a Value, item: &'a Value) -> Option<&'a Value> {
        // The item's own list takes precedence over the event's.
        let name = of(item, about, "item_list_name");
        let id = of(item, about, "item_list_id");
        if let Value::Bool(all) = self.lists {
            return name.or(id).filter(|_| all);
        }
        [name, id].iter().find_map(|list| self.lists.field((*list)?.as_text()?))
    }
}

/// An item of an entry.
struct Line<'a> {
    kind: Kind,
    /// The path of the entry.
    path: &'a str,
    at: &'a str,
    about: &'a Value,
    item: &'a Value,
    advice: &'a mut Vec<Error>,
}

impl Line<'_> {
    /// Makes the argument of the tracker's method. Invalid fields are left out, except the id.
    fn read(&mut self, scenario: &Value) -> Result<Value, Error> {
        let mut fields = Vec::new();
        for &(field, name) in &FIELDS {
            let id = field == Field::ItemId;
            if !id && !self.kind.has(field) {
                continue;
            }
            let order = field == Field::OrderId;
            let (from, path) = if order { (self.about, self.path) } else { (self.item, self.at) };
            let given = simple(from.field(name).unwrap_or(&Value::Null));
            let value = match field {
                Field::CategoryPath => category(self.item),
                Field::Scenario => simple(scenario),
                Field::Price => self.price(given),
                _ => given,
            };
            // `Event::parse` replaces it, and would name the field of our own event.
            if field.is_free_text() && value.as_text().and_then(personal_data::without).is_some() {
                self.advice.push(personal_data::REPLACED.at(concat(&[path, ".", name])));
            }
            let checked = match value {
                // Without the order id each reload of the page would count as another purchase.
                Value::Null if id || order => Err(&MISSING),
                Value::Null => continue,
                _ => field.check(&value),
            };
            match checked {
                Ok(()) => fields.push((field.name().to_owned(), value)),
                Err(problem) => {
                    let error = problem.at(concat(&[path, ".", name]));
                    if id {
                        return Err(error);
                    }
                    self.advice.push(error);
                }
            }
        }
        if self.kind == Kind::Rendered {
            let items = Value::List(vec![Value::Map(fields.drain(..1).collect())]);
            fields.push((Field::Items.name().to_owned(), items));
        }
        Ok(Value::Map(fields))
    }

    /// The price of one unit. Google's price already has the discount subtracted:
    /// <https://developers.google.com/analytics/devguides/collection/ga4/apply-discount>
    fn price(&mut self, amount: Value) -> Value {
        if amount.is_null() {
            return Value::Null;
        }
        let name = "currency";
        let Some(currency) = of(self.item, self.about, name) else {
            self.advice.push(MISSING.at(concat(&[self.path, ".", name])));
            return Value::Null;
        };
        Value::Map(vec![("amount".to_owned(), amount), (name.to_owned(), simple(currency))])
    }
}

/// The levels of the item's category as a path.
fn category(item: &Value) -> Value {
    let mut path = String::new();
    for name in &CATEGORIES {
        if let Some(Value::Text(level)) = item.field(name) {
            let level = trim_end(trim_start(level, b'/'), b'/');
            if !path.is_empty() && !level.is_empty() {
                path.push('/');
            }
            path.push_str(level);
        }
    }
    Value::Text(path)
}

/// A text field of the item, or else of the event.
fn of<'a>(item: &'a Value, about: &'a Value, name: &str) -> Option<&'a Value> {
    let given = |value: &&Value| value.as_text().is_some_and(|text| !text.is_empty());
    [item, about].into_iter().find_map(|value| value.field(name).filter(given))
}

/// The value, unless it is an object or a list.
fn simple(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Number(number) => Value::Number(*number),
        Value::Text(text) => Value::Text(text.clone()),
        Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Opaque => Value::Opaque,
    }
}
