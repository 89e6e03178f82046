//! `GET|POST /Tracking.ff?channel=..&event=..`: the interface of versions 6 and 7.
//!
//! A request sends several events of one type by repeating parameters. The vendor's clients
//! concatenate the queries of the events (`id=1&count=2&id=3&count=4`): a repeated parameter begins
//! the next event. If the events then have different parameters, the parameters are read as lists
//! (`id=1&id=3&count=2&count=4`), and a parameter that appears once applies to every event.

use super::Channels;
use super::read::{self, IDS, Wrong};
use super::schema::{self, FILTERS, SHARED};
use crate::customer;
use crate::error::Refusal;
use crate::query;
use crate::vendor_event::VendorEvent;
use recobeacon_engine::value::Value;
use std::collections::BTreeMap;

/// The separator between two values of a filter.
const OR: &str = "~~~";

type Pair = (String, String);

/// Reads a query or a form with at most `most` events, and prices in the channel's currency.
/// Returns the channel and the events.
///
/// # Errors
/// 403 if the channel is not known, 413 if there are too many events, else 400 with the first
/// fault.
pub fn read(
    query: &str,
    channels: &Channels,
    most: usize,
) -> Result<(String, Vec<VendorEvent>), Refusal> {
    let pairs = query::pairs(query)?;
    let events = split(&pairs, most)?;
    let channel = customer::check("channel", common(&events, "channel")?)?;
    let currency = channels.currency(&channel)?;
    let word = schema::tracking_ff(&common(&events, "event")?)
        .ok_or(Refusal::invalid("The parameter [event] is not a known event"))?;
    let known = |name: &str| {
        let fields = word.fields.iter();
        SHARED.contains(&name)
            || IDS.iter().any(|(theirs, _)| *theirs == name)
            || fields.clone().any(|named| named.theirs == name)
    };
    let read = |event: &Vec<&Pair>| {
        let mut fields: Vec<(String, Value)> = Vec::new();
        let mut filters = Vec::new();
        for (name, value) in event {
            match name.strip_prefix("filter") {
                Some(field) if !field.is_empty() => filters.push(filter(field, value)),
                _ if known(name) => fields.push((name.clone(), Value::Text(value.clone()))),
                _ => {}
            }
        }
        fields.push((FILTERS.to_owned(), Value::List(filters)));
        read::event(&word, &Value::Map(fields), currency)
            .map_err(|Wrong { field, detail }| parameter(&field, detail))
    };
    let events = events.iter().map(read).collect::<Result<_, _>>()?;
    Ok((channel, events))
}

fn parameter(name: &str, detail: &str) -> Refusal {
    Refusal::invalid(format!("The parameter [{name}] {detail}"))
}

/// Converts a filter to the REST interface's form, so that the rows of both interfaces are the
/// same.
fn filter(name: &str, values: &str) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    let value = |one| {
        Value::Map(vec![
            ("exclude".to_owned(), Value::Bool(false)),
            ("type".to_owned(), text("or")),
            ("value".to_owned(), text(one)),
        ])
    };
    Value::Map(vec![
        ("name".to_owned(), text(name)),
        ("substring".to_owned(), Value::Bool(false)),
        ("values".to_owned(), Value::List(values.split(OR).map(value).collect())),
    ])
}

/// A required parameter that must be the same in all events.
fn common(events: &[Vec<&Pair>], name: &str) -> Result<String, Refusal> {
    let mut values = events.iter().map(|event| {
        event.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    });
    let first = values.next().flatten().filter(|value| !value.is_empty());
    let first = first.ok_or_else(|| parameter(name, "is required"))?;
    if values.any(|value| value != Some(first)) {
        return Err(parameter(name, "must be the same for all events of a request"));
    }
    Ok(first.to_owned())
}

/// Splits the parameters into events.
fn split(pairs: &[Pair], most: usize) -> Result<Vec<Vec<&Pair>>, Refusal> {
    let mut values: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    let mut behind: Vec<Vec<&Pair>> = vec![Vec::new()];
    for pair in pairs {
        values.entry(&pair.0).or_default().push(pair);
        match behind.last_mut() {
            Some(event) if event.iter().all(|(name, _)| *name != pair.0) => event.push(pair),
            _ => behind.push(vec![pair]),
        }
    }
    let count = values.values().map(Vec::len).max().unwrap_or(1);
    if count > most {
        return Err(Refusal::TooLarge(format!("there must be at most {most} events")));
    }
    if behind.len() == count {
        for event in &mut behind {
            for name in SHARED {
                let missing = event.iter().all(|(known, _)| known != name);
                let first = values.get(name).and_then(|all| all.first());
                event.extend(first.filter(|_| missing));
            }
        }
        return Ok(behind);
    }
    let mut events: Vec<Vec<&Pair>> = vec![Vec::new(); count];
    for (name, values) in values {
        if values.len() != 1 && values.len() != count {
            let name = if schema::is_parameter(name) { name } else { "of another name" };
            return Err(parameter(name, "must appear once, or once for each event"));
        }
        for (event, pair) in events.iter_mut().zip(values.into_iter().cycle()) {
            event.push(pair);
        }
    }
    Ok(events)
}
