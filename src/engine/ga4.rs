//! Google's e-commerce events (GA4), as shops push them to their data layer, and which of ours they are:
//! <https://developers.google.com/analytics/devguides/collection/ga4/reference/events>.
//!
//! A shop made these for Google, not for us: a field that is wrong is left out with a warning, and
//! only what has no usable id is refused. Whatever comes out was made by [`Event::parse`].

use super::error::{Error, ErrorCode, Problem};
use super::event::{Event, Field, Kind};
use super::number::rounded;
use super::read::element;
use super::text::{concat, parse_whole, trim_end, trim_start};
use super::value::Value;

static MISSING: Problem = Problem::new(ErrorCode::MissingField, "is required");
static NOT_LIST: Problem = Problem::new(ErrorCode::BadType, "must be a list");

/// What one of Google's items becomes, field by field, and Google's name for it.
const FIELDS: [(Field, &str); 7] = [
    (Field::ItemId, "item_id"),
    (Field::Title, "item_name"),
    (Field::CategoryPath, "item_category"),
    (Field::Quantity, "quantity"),
    (Field::Price, "price"),
    (Field::OrderId, "transaction_id"),
    (Field::Scenario, "item_list_name"),
];

/// The levels of a category.
const CATEGORIES: [&str; 5] =
    ["item_category", "item_category2", "item_category3", "item_category4", "item_category5"];

/// An entry of a data layer: `{ event, ecommerce }`, `{ event, items }`, or the arguments of a `gtag` call.
#[derive(Clone, Debug)]
pub struct Entry {
    entry: Value,
    lists: Value,
}

impl Entry {
    /// An entry, and which of Google's item lists are recommendations: `true` for all of them, or their
    /// scenarios by the lists' names or ids.
    pub fn new(entry: Value, lists: Value) -> Self {
        Self { entry, lists }
    }

    /// The account that it names, or null: nobody is logged in.
    /// <https://developers.google.com/analytics/devguides/collection/ga4/user-id>
    pub fn user(&self) -> Option<Value> {
        let name = "user_id";
        let id = match &self.entry {
            Value::List(call) => call.iter().find_map(|part| part.field(name)),
            entry => entry.field(name),
        };
        match id? {
            Value::Number(id) => rounded(*id).map(Value::Text),
            // What templates leave where nobody is logged in.
            Value::Text(id) if id.is_empty() => None,
            id => Some(id.clone()),
        }
    }

    /// The events that it is: none for most entries. An item without a usable id goes to `refused`,
    /// what is left out of the others to `advice`.
    pub fn events(
        &self,
        item_type: &str,
        refused: &mut Vec<Error>,
        advice: &mut Vec<Error>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let Some((kind, name, about)) = self.event() else { return events };
        let path = concat(&["dataLayer.", name]);
        let items = about.field("items").unwrap_or(&Value::Null);
        let Some(list) = items.as_list() else {
            let problem = if items.is_null() { &MISSING } else { &NOT_LIST };
            refused.push(problem.at(concat(&[&path, ".items"])));
            return events;
        };
        let mut line = Line { kind, item_type, path: &path, about, advice };
        for (place, item) in list.iter().enumerate() {
            let scenario = if matches!(kind, Kind::ClickRecommended | Kind::Rendered) {
                let scenario = self.scenario(about, item);
                if scenario.is_none() {
                    continue;
                }
                scenario
            } else {
                None
            };
            let at = element(&concat(&[&path, ".items"]), place);
            match line.read(item, scenario, &at) {
                Ok(event) => events.push(event),
                Err(error) => refused.push(error),
            }
        }
        events
    }

    /// The event of ours, Google's name, and the object that has the items.
    fn event(&self) -> Option<(Kind, &str, &Value)> {
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
        let kind = match name {
            "view_item" => Kind::Click,
            "add_to_cart" => Kind::Basket,
            "remove_from_cart" => Kind::DeleteFromBasket,
            "add_to_wishlist" => Kind::Wishlist,
            "purchase" => Kind::Buy,
            // A list of Google's may be a whole category: only those that are said to be are recommendations.
            "select_item" if !self.lists.is_null() => Kind::ClickRecommended,
            "view_item_list" if !self.lists.is_null() => Kind::Rendered,
            _ => return None,
        };
        Some((kind, name, about))
    }

    /// The scenario of the list that the item stood in, where that is a list of recommendations.
    fn scenario(&self, about: &Value, item: &Value) -> Option<Value> {
        // The item's own list goes before the event's.
        let of = |name| text(item, name).or_else(|| text(about, name));
        let (name, id) = (of("item_list_name"), of("item_list_id"));
        if let Value::Bool(all) = self.lists {
            return name.or(id).filter(|_| all).map(|list| Value::Text(list.to_owned()));
        }
        let scenario = |list: Option<&str>| self.lists.field(list?);
        scenario(name).or_else(|| scenario(id)).cloned()
    }
}

/// What the items of one entry have in common.
struct Line<'a> {
    kind: Kind,
    item_type: &'a str,
    path: &'a str,
    about: &'a Value,
    advice: &'a mut Vec<Error>,
}

impl Line<'_> {
    /// The event that one item is.
    fn read(
        &mut self,
        item: &Value,
        mut scenario: Option<Value>,
        at: &str,
    ) -> Result<Event, Error> {
        let mut fields = Vec::new();
        for (field, name) in &FIELDS {
            let given = || item.field(name).cloned();
            let value = match field {
                Field::CategoryPath => Some(category(item)),
                Field::Price => self.price(item),
                Field::Quantity => given().map(number),
                Field::OrderId => self.order(name),
                Field::Scenario => scenario.take(),
                _ => given(),
            };
            fields.push((field.name().to_owned(), value.unwrap_or(Value::Null)));
        }
        if self.kind == Kind::Rendered {
            let id = Value::Map(fields.drain(..1).collect());
            fields.push((Field::Items.name().to_owned(), Value::List(vec![id])));
        }
        let mut fields = Value::Map(fields);
        loop {
            // What an event of this kind has no use for is no news to the shop.
            let error = match Event::parse(self.kind, &fields, self.item_type, &mut Vec::new()) {
                Ok(mut events) => match events.pop() {
                    Some(event) => return Ok(event),
                    None => MISSING.at(at),
                },
                Err(error) => error,
            };
            let wrong = FIELDS.iter().find(|(field, _)| ends_with(&error.field, field.name()));
            let Some((field, name)) = wrong else {
                return Err(Error { field: at.into(), ..error });
            };
            let path = if *field == Field::OrderId { self.path } else { at };
            let error = Error { field: concat(&[path, ".", name]), ..error };
            if *field == Field::ItemId {
                return Err(error);
            }
            self.advice.push(error);
            if let Value::Map(fields) = &mut fields {
                fields.retain(|(name, _)| name != field.name());
            }
        }
    }

    /// What one unit cost. Google's price has the discount taken off already:
    /// <https://developers.google.com/analytics/devguides/collection/ga4/apply-discount>
    fn price(&mut self, item: &Value) -> Option<Value> {
        match self.kind {
            Kind::Basket | Kind::Wishlist | Kind::Buy => {}
            _ => return None,
        }
        let amount = match item.field("price")? {
            Value::Null => return None,
            // What a shop has computed has more digits than it means.
            Value::Number(amount) => rounded(*amount).map_or(Value::Null, Value::Text),
            amount => amount.clone(),
        };
        let name = "currency";
        let Some(currency) = text(item, name).or_else(|| text(self.about, name)) else {
            self.advice.push(MISSING.at(concat(&[self.path, ".", name])));
            return None;
        };
        let currency = Value::Text(currency.to_owned());
        Some(Value::Map(vec![("amount".to_owned(), amount), (name.to_owned(), currency)]))
    }

    /// The order, without which a reloaded page is another purchase.
    fn order(&mut self, name: &str) -> Option<Value> {
        let order = self.about.field(name).filter(|order| !order.is_null());
        if order.is_none() && self.kind == Kind::Buy {
            self.advice.push(MISSING.at(concat(&[self.path, ".", name])));
        }
        order.cloned()
    }
}

/// The levels of the item's category as one path.
fn category(item: &Value) -> Value {
    let mut path = String::new();
    for level in CATEGORIES.iter().filter_map(|name| text(item, name)) {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(trim_end(trim_start(level, b'/'), b'/'));
    }
    Value::Text(path)
}

/// A whole number, also where it was written as text.
fn number(value: Value) -> Value {
    match value.as_text().and_then(parse_whole) {
        Some(number) => Value::Number(number as f64),
        None => value,
    }
}

/// A field's text, where there is some.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.field(name)?.as_text().filter(|text| !text.is_empty())
}

fn ends_with(path: &str, name: &str) -> bool {
    path.as_bytes().ends_with(name.as_bytes())
}
