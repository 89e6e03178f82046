//! `POST /v1/orders`: a shop's confirmed orders, as JSON.

use crate::batch;
use crate::error::Refusal;
use crate::event::{Ids, NewEvent};
use crate::iso;
use crate::json;
use crate::limits::Limits;
use crate::pseudonym::Hasher;
use crate::{customer, uuid};
use recobeacon_engine::event::Kind;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A request's orders.
#[derive(Debug)]
pub struct Confirmed {
    /// The customer, or empty.
    pub customer: String,
    /// The number of orders.
    pub orders: usize,
    /// A purchase for each line.
    pub events: Vec<NewEvent>,
}

/// The fields are of any type, because serde's own errors would repeat a wrong value.
#[derive(Deserialize)]
struct Body {
    customer: Option<Value>,
    orders: Option<Vec<Value>>,
}

/// The names of an order's fields.
const FIELDS: [&str; 4] = ["orderId", "items", "at", "user"];

/// Reads a body. An order without a time gets `received_at`.
///
/// # Errors
/// 413 if there are too many lines, else 400 with the first fault and the path to it.
pub fn read(
    body: &[u8],
    received_at: u64,
    hasher: &Hasher,
    limits: &Limits,
) -> Result<Confirmed, Refusal> {
    let Body { customer, orders } = json::read(body)?.map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Refusal::invalid(format!(
            "the body is not a JSON object with a list `orders` (line {line}, column {column})"
        ))
    })?;
    let customer = match customer {
        None | Some(Value::Null) => String::new(),
        Some(Value::Text(name)) => checked(name)?,
        Some(_) => return Err(Refusal::invalid("customer: must be text")),
    };
    let orders = orders.filter(|orders| !orders.is_empty());
    let orders = orders.ok_or(Refusal::invalid("orders: must be a list of at least one order"))?;
    let mut lines = Lines { customer: &customer, events: Vec::new(), seen: BTreeMap::new() };
    for (place, order) in orders.iter().enumerate() {
        lines.add(order, received_at, hasher).map_err(|(path, detail)| {
            Refusal::invalid(format!("orders[{place}]{path}: {detail}"))
        })?;
        let most = limits.batch_events;
        if lines.events.len() > most {
            return Err(Refusal::TooLarge(format!("orders: must have at most {most} lines")));
        }
    }
    let events = lines.events;
    Ok(Confirmed { customer, orders: orders.len(), events })
}

/// Intempt's customers have slashes between three names.
fn checked(name: String) -> Result<String, Refusal> {
    for part in name.split('/') {
        customer::check("customer", part.to_owned())?;
    }
    Ok(name)
}

struct Lines<'a> {
    customer: &'a str,
    events: Vec<NewEvent>,
    /// How many lines of an item each order has so far.
    seen: BTreeMap<[String; 3], u32>,
}

/// The path within the order, and the rule that is broken.
type Wrong = (String, &'static str);

impl Lines<'_> {
    fn add(&mut self, order: &Value, received_at: u64, hasher: &Hasher) -> Result<(), Wrong> {
        let wrong = |path: &str, detail| (path.to_owned(), detail);
        let fields = order.as_map().ok_or(wrong("", "must be an object"))?;
        if let Some((name, _)) = fields.iter().find(|(name, _)| !FIELDS.contains(&name.as_str())) {
            return Err((format!(".{name}"), "is not a field of an order"));
        }
        let given = |name| order.field(name).filter(|value| !value.is_null());
        let id = given("orderId").ok_or(wrong(".orderId", "is required"))?;
        let id = rules::identifier(id).map_err(|problem| wrong(".orderId", problem.detail))?;
        let at = given("at").map(iso::time).transpose();
        let at = at.map_err(|sentence| wrong(".at", sentence))?;
        let user = given("user").map(rules::pseudonym).transpose();
        let user = user.map_err(|problem| wrong(".user", problem.detail))?;
        let items = match given("items") {
            Some(Value::List(items)) if !items.is_empty() => items,
            _ => return Err(wrong(".items", "must be a list of at least one item")),
        };
        for (place, item) in items.iter().enumerate() {
            let path = |field: &str| format!(".items[{place}]{field}");
            let Some(fields) = item.as_map() else {
                return Err((path(""), "must be an object"));
            };
            if item.field("orderId").is_some() {
                return Err((path(".orderId"), "belongs to the order"));
            }
            let mut fields = fields.to_vec();
            fields.push(("orderId".to_owned(), Value::Text(id.clone())));
            let mut left_out = Vec::new();
            let json = batch::parse(Kind::Buy, &Value::Map(fields), &mut left_out);
            let failed = |error: &recobeacon_engine::error::Error| {
                let name = Kind::Buy.name();
                (path(error.field.strip_prefix(name).unwrap_or(&error.field)), error.detail)
            };
            let json = json.map_err(|error| failed(&error))?;
            // The shop gets no other message about a wrong field.
            if let Some(error) = left_out.first() {
                return Err(failed(error));
            }
            let json = json.ok_or((path(""), "must be one item"))?;
            self.push(&id, json, at.unwrap_or(received_at), user.as_deref(), hasher);
        }
        Ok(())
    }

    /// The id depends on the order and the line only, so that a repeated request changes nothing.
    fn push(&mut self, order: &str, fields: String, at: u64, user: Option<&str>, hasher: &Hasher) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Item {
            item_type: String,
            item_id: String,
        }
        // `batch::parse` wrote both.
        let Ok(Item { item_type, item_id }) = serde_json::from_str(&fields) else { return };
        let n =
            self.seen.entry([order.to_owned(), item_type.clone(), item_id.clone()]).or_default();
        let id =
            uuid::derived(&["order", self.customer, order, &item_type, &item_id, &n.to_string()]);
        *n += 1;
        self.events.push(NewEvent {
            id,
            kind: Kind::Buy.name(),
            at,
            user: user.map(|user| hasher.hash(user)),
            anonymous: None,
            has_more_ids: false,
            older: user.map(|user| hasher.older(user)).unwrap_or_default(),
            ids: Ids::default(),
            fields,
        });
    }
}
