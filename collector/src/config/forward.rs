//! The tables `[[forward]]`: vendors that get the events of batches.
//!
//! A table has the options of a destination of the tracker, in snake case, read by the tracker's own
//! code, and the settings of forwarding.

use super::vendors::wrong;
use crate::destination::{Destination, Server};
use crate::error::ConfigError;
use crate::limits::Limits;
use recobeacon_engine::event::Kind;
use recobeacon_engine::fields::{Fields, Report};
use recobeacon_engine::protocol::{Envelope, Protocol};
use recobeacon_engine::value::Value;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest name of a destination.
const NAME_BYTES: usize = 64;
const HOUR_MS: u64 = 3_600_000;
const RATES: RangeInclusive<u64> = 1..=10_000;
const CONNECTIONS: RangeInclusive<u64> = 1..=100;
const SECONDS: RangeInclusive<u64> = 1..=600;
const EVENTS: RangeInclusive<u64> = 1..=10_000_000;
const RATE: u64 = 20;
const CONNECTION_COUNT: u64 = 4;
const PATIENCE: u64 = 30;
const QUEUE: u64 = 100_000;

/// Reads the tables. Errors do not repeat a value, which may be a key.
pub fn read(tables: Option<toml::Value>) -> Result<Vec<Arc<Destination>>, ConfigError> {
    let failed = || wrong("forward: must be tables [[forward]]".to_owned());
    let Some(tables) = tables else { return Ok(Vec::new()) };
    let toml::Value::Array(tables) = tables else { return Err(failed()) };
    let mut known: Vec<Arc<Destination>> = Vec::new();
    for table in tables {
        let toml::Value::Table(table) = table else { return Err(failed()) };
        let destination = one(table)?;
        if known.iter().any(|one| one.name == destination.name) {
            return Err(wrong(format!("forward.name: {:?} appears twice", destination.name)));
        }
        known.push(Arc::new(destination));
    }
    Ok(known)
}

fn one(mut table: toml::Table) -> Result<Destination, ConfigError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let name = match table.remove("name") {
        Some(toml::Value::String(name))
            if (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(plain) =>
        {
            name
        }
        Some(_) | None => {
            return Err(wrong(format!(
                "forward.name: must be 1 to {NAME_BYTES} letters, digits and -_."
            )));
        }
    };
    settings(&name, table).map_err(|sentence| wrong(format!("forward {name:?}: {sentence}")))
}

fn settings(name: &str, mut table: toml::Table) -> Result<Destination, String> {
    let mut whole = |name: &str, default: u64, bounds: &RangeInclusive<u64>| {
        whole(name, table.remove(name), default, bounds)
    };
    let rate = whole("requests_per_second", RATE, &RATES)?;
    let connections = whole("connections", CONNECTION_COUNT, &CONNECTIONS)?;
    let patience = whole("timeout_seconds", PATIENCE, &SECONDS)?;
    let max_events = whole("max_events", QUEUE, &EVENTS)?;
    let hours = table.remove("max_age_hours");
    let visitor_address = switch("visitor_address", table.remove("visitor_address"))?;
    let visitor_agent = switch("visitor_agent", table.remove("visitor_agent"))?;
    if let Some(key) = secret(&mut table)? {
        table.insert("api_key".to_owned(), toml::Value::String(key));
    }
    let endpoint = table.get("endpoint").and_then(toml::Value::as_str).map(str::to_owned);
    let protocol = protocol(table)?;
    let longest = Destination::longest_age_ms(&protocol) / HOUR_MS;
    let default = longest.min(Limits::UNDATED_AGE_MS / HOUR_MS);
    let hours = self::whole("max_age_hours", hours, default, &(1..=longest))?;
    // Every address of a destination begins with its endpoint.
    let address = endpoint.unwrap_or_else(|| default_address(&protocol));
    let server = Server::read(&address)
        .ok_or("endpoint: must be a whole address, like https://vendor.example")?;
    Ok(Destination {
        name: name.into(),
        protocol,
        server,
        rate: rate as u32,
        connections: connections as usize,
        timeout: Duration::from_secs(patience),
        max_age_ms: hours * HOUR_MS,
        max_events,
        visitor_address,
        visitor_agent,
    })
}

/// An address of a destination that has the vendor's own endpoint.
fn default_address(protocol: &Protocol) -> String {
    match protocol {
        Protocol::Ibexa(ibexa) => ibexa.base().to_owned(),
        Protocol::Batch(_) | Protocol::FactFinder(_) | Protocol::Intempt(_) => {
            let envelope = Envelope { stream: "", seq: 0, sent_at: 0, ack: false };
            protocol.request(Kind::Click, &[], &envelope).url
        }
    }
}

/// Reads the tracker's options of a destination.
fn protocol(table: toml::Table) -> Result<Protocol, String> {
    let options = table.into_iter().map(|(name, option)| (camel(&name), value(option)));
    let options = Value::Map(options.collect());
    if options.field("protocol").and_then(Value::as_text) == Some("batch") {
        return Err("protocol: \"batch\" is for collectors; events are forwarded to vendors".into());
    }
    let mut report = Report::default();
    let mut fields = Fields::new("", &options, &mut report);
    let protocol = Protocol::read(&mut fields);
    fields.end();
    let mut unknown = Vec::new();
    report.end(&mut unknown).map_err(|error| snake(&error.message()))?;
    match (protocol, unknown.first()) {
        (Some(protocol), None) => Ok(protocol),
        (Some(_), Some(error)) => Err(format!("{}: is not known", snake(&error.field))),
        (None, _) => Err("protocol: must be the name of a vendor".to_owned()),
    }
}

/// The key from the table, from an environment variable, or from a file.
fn secret(table: &mut toml::Table) -> Result<Option<String>, String> {
    let mut text = |name: &str| match table.remove(name) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{name}: must be text")),
    };
    let (plain, variable, file) = (text("api_key")?, text("api_key_env")?, text("api_key_file")?);
    match (plain, variable, file) {
        (None, None, None) => Ok(None),
        (Some(key), None, None) => Ok(Some(key)),
        (None, Some(name), None) => std::env::var(&name)
            .map(Some)
            .map_err(|_| format!("api_key_env: the environment variable {name:?} is not set")),
        (None, None, Some(path)) => std::fs::read_to_string(Path::new(&path))
            .map(|text| Some(text.trim().to_owned()))
            .map_err(|error| format!("api_key_file: {path} cannot be read: {error}")),
        (_, _, _) => Err("use one of api_key, api_key_env and api_key_file".to_owned()),
    }
}

fn whole(
    name: &str,
    value: Option<toml::Value>,
    default: u64,
    bounds: &RangeInclusive<u64>,
) -> Result<u64, String> {
    let Some(value) = value else { return Ok(default) };
    let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
    number.filter(|number| bounds.contains(number)).ok_or_else(|| {
        format!("{name}: must be a whole number, {} to {}", bounds.start(), bounds.end())
    })
}

fn switch(name: &str, value: Option<toml::Value>) -> Result<bool, String> {
    match value {
        None => Ok(false),
        Some(toml::Value::Boolean(on)) => Ok(on),
        Some(_) => Err(format!("{name}: must be true or false")),
    }
}

/// A value for the tracker's reader. It has no times.
fn value(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => Value::Number(number as f64),
        toml::Value::Float(number) => Value::Number(number),
        toml::Value::Boolean(on) => Value::Bool(on),
        toml::Value::Datetime(_) => Value::Opaque,
        toml::Value::Array(list) => Value::List(list.into_iter().map(self::value).collect()),
        toml::Value::Table(table) => {
            Value::Map(table.into_iter().map(|(name, one)| (name, self::value(one))).collect())
        }
    }
}

/// `customer_id` becomes `customerId`.
fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut raise = false;
    for c in name.chars() {
        match (c, raise) {
            ('_', _) => raise = true,
            (c, true) => {
                out.extend(c.to_uppercase());
                raise = false;
            }
            (c, false) => out.push(c),
        }
    }
    out
}

/// The tracker's sentence about an option with the option's name as in the file.
fn snake(sentence: &str) -> String {
    let (name, rest) = sentence.split_once(' ').unwrap_or((sentence, ""));
    let mut out = String::new();
    for c in name.trim_start_matches('.').chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    if rest.is_empty() { out } else { format!("{out}: {rest}") }
}
