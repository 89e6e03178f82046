//! The tables `[[forward]]`: vendors that get the events of batches.
//!
//! A table has the options of a destination of the tracker, in snake case, read by the tracker's own
//! code, and the settings of forwarding.

use super::faults::Faults;
use super::purpose::{Purpose, of_service};
use crate::destination::{Destination, Server};
use crate::limits::Limits;
use recobeacon_engine::error::{Error, ErrorCode};
use recobeacon_engine::event::Kind;
use recobeacon_engine::fields::{Fields, Report};
use recobeacon_engine::protocol::{Envelope, Protocol};
use recobeacon_engine::value::Value;
use std::collections::BTreeMap;
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

/// A key in the form of each vendor, in the place of one that is not read. It is never sent.
const UNREAD: &str = "not.read";
const WHOLE_ADDRESS: &str =
    "must be a whole address with http or https, like https://vendor.example";
const VENDORS: &str = "must be \"ibexa\", \"yoochoose\", \"factfinder\" or \"intempt\"";

/// Reads the tables. Faults do not repeat a value, which may be a key.
pub fn read(
    tables: Option<toml::Value>,
    purpose: Purpose,
    faults: &mut Faults<'_>,
) -> Vec<Arc<Destination>> {
    let entries = |value| match value {
        toml::Value::Table(table) => Some(table),
        _ => None,
    };
    let sentence = "must be tables [[forward]]";
    let tables = faults.list("forward".to_owned(), tables, entries, sentence);
    let mut names = Vec::new();
    let mut destinations = Vec::new();
    for (place, entries) in tables.into_iter().enumerate() {
        let mut table = Table::new(format!("forward[{place}]"), entries, faults);
        let name = table.name(&names);
        destinations.extend(table.destination(&name, purpose).map(Arc::new));
        names.push(name);
    }
    destinations
}

/// A table that is being read.
struct Table<'f, 'a> {
    /// `forward[0]`.
    key: String,
    /// The settings that were not read yet, with their names in snake case.
    rest: toml::Table,
    /// The settings whose name in the file is in another case, with that name.
    respelt: BTreeMap<String, String>,
    /// The settings with a fault. Another fault of these may only follow from it.
    wrong: Vec<String>,
    faults: &'f mut Faults<'a>,
}

impl<'f, 'a> Table<'f, 'a> {
    fn new(key: String, entries: toml::Table, faults: &'f mut Faults<'a>) -> Self {
        let (mut rest, mut respelt) = (toml::Table::new(), BTreeMap::new());
        for (name, value) in entries {
            let right = snake(&camel(&name));
            if right != name {
                respelt.insert(right.clone(), name);
            }
            rest.insert(right, value);
        }
        Self { key, rest, respelt, wrong: Vec::new(), faults }
    }

    /// Adds the setting's first fault. The path may go on behind the setting's name.
    fn fail(&mut self, path: &str, sentence: &str) {
        let (name, inner) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        if !self.wrong.iter().any(|wrong| wrong == name) {
            let name = self.respelt.get(name).map_or(name, String::as_str);
            self.faults.add(format!("{}.{name}{inner}", self.key), sentence);
        }
        self.wrong.push(name.to_owned());
    }

    fn name(&mut self, others: &[String]) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        match self.rest.remove("name") {
            Some(toml::Value::String(name))
                if (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(plain) =>
            {
                if others.contains(&name) {
                    self.fail("name", &format!("{name:?} appears twice"));
                }
                name
            }
            Some(_) | None => {
                let sentence = format!("must be 1 to {NAME_BYTES} letters, digits and -_.");
                self.fail("name", &sentence);
                String::new()
            }
        }
    }

    fn destination(mut self, name: &str, purpose: Purpose) -> Option<Destination> {
        let rate = self.whole("requests_per_second", RATE, &RATES);
        let connections = self.whole("connections", CONNECTION_COUNT, &CONNECTIONS);
        let patience = self.whole("timeout_seconds", PATIENCE, &SECONDS);
        let max_events = self.whole("max_events", QUEUE, &EVENTS);
        let visitor_address = self.switch("visitor_address");
        let visitor_agent = self.switch("visitor_agent");
        let hours = self.rest.remove("max_age_hours");
        self.read_key(purpose);
        let endpoint = self.rest.get("endpoint").and_then(toml::Value::as_str).map(str::to_owned);
        let protocol = self.protocol();
        let longest = protocol.as_ref().map_or(Limits::TRACKER_AGE_MS, Destination::longest_age_ms);
        let longest = longest / HOUR_MS;
        self.rest.extend(hours.map(|hours| ("max_age_hours".to_owned(), hours)));
        let default = longest.min(Limits::UNDATED_AGE_MS / HOUR_MS);
        let hours = self.whole("max_age_hours", default, &(1..=longest));
        // Every address of a destination begins with its endpoint.
        let address = endpoint.or_else(|| protocol.as_ref().map(default_address))?;
        let server = Server::read(&address);
        if server.is_none() {
            self.fail("endpoint", WHOLE_ADDRESS);
        }
        Some(Destination {
            name: name.into(),
            protocol: protocol?,
            server: server?,
            rate: rate as u32,
            connections: connections as usize,
            timeout: Duration::from_secs(patience),
            max_age_ms: hours * HOUR_MS,
            max_events,
            visitor_address,
            visitor_agent,
        })
    }

    /// Reads the tracker's options of a destination.
    fn protocol(&mut self) -> Option<Protocol> {
        let options = std::mem::take(&mut self.rest).into_iter();
        let options = Value::Map(options.map(|(name, one)| (camel(&name), value(one))).collect());
        if options.field("protocol").and_then(Value::as_text) == Some("batch") {
            let sentence = format!("{VENDORS}: \"batch\" is for collectors");
            self.fail("protocol", &sentence);
            self.misspelt();
            return None;
        }
        let mut report = Report::default();
        let mut fields = Fields::new("", &options, &mut report);
        let protocol = Protocol::read(&mut fields);
        fields.end();
        for error in report.error.iter().chain(&report.further) {
            self.tell(error);
        }
        // Without a protocol, no option is known.
        for error in report.unknown.iter().filter(|_| protocol.is_some()) {
            self.tell(error);
        }
        self.misspelt();
        protocol
    }

    /// Adds an error of the tracker's reader, with the name as in the file.
    fn tell(&mut self, error: &Error) {
        let path = error.field.trim_start_matches('.');
        let (name, inner) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
        let name = snake(name);
        let sentence = match (name.as_str(), error.code) {
            (_, ErrorCode::UnknownOption) => "is not known",
            ("endpoint", ErrorCode::OutOfRange) => WHOLE_ADDRESS,
            ("protocol", ErrorCode::OutOfRange) => VENDORS,
            (_, _) => error.detail,
        };
        self.fail(&format!("{name}{inner}"), sentence);
    }

    /// Adds a fault of each known setting whose name is not in snake case.
    fn misspelt(&mut self) {
        for (right, name) in &self.respelt {
            if !self.wrong.contains(right) {
                let sentence = format!("is not known: settings are in snake case, like `{right}`");
                self.faults.add(format!("{}.{name}", self.key), sentence);
            }
        }
    }

    /// Reads the key of the vendor into `api_key`: from the table, from an environment variable, or
    /// from a file.
    fn read_key(&mut self, purpose: Purpose) {
        let [plain, variable, file] = ["api_key", "api_key_env", "api_key_file"].map(|name| {
            match self.rest.remove(name)? {
                toml::Value::String(text) => Some(text),
                _ => {
                    self.fail(name, "must be text");
                    None
                }
            }
        });
        let key = match (plain, variable, file) {
            (plain, None, None) => Ok(plain),
            (None, Some(_), None) | (None, None, Some(_)) if !purpose.needs_all() => {
                Ok(Some(UNREAD.to_owned()))
            }
            (None, Some(name), None) => std::env::var(&name).map(Some).map_err(|_| {
                ("api_key_env", format!("the environment variable {name:?} is not set"))
            }),
            (None, None, Some(path)) => match std::fs::read_to_string(Path::new(&path)) {
                Ok(text) => Ok(Some(text.trim().to_owned())),
                Err(_) if purpose.is_of_service(Path::new(&path)) => {
                    let key = format!("{}.api_key_file", self.key);
                    self.faults.add_note(&key, of_service(Path::new(&path)));
                    Ok(Some(UNREAD.to_owned()))
                }
                Err(error) => Err(("api_key_file", format!("{path} cannot be read: {error}"))),
            },
            (_, _, file) => {
                let name = if file.is_some() { "api_key_file" } else { "api_key_env" };
                Err((name, "use one of api_key, api_key_env and api_key_file".to_owned()))
            }
        };
        match key {
            Ok(key) => {
                self.rest.extend(key.map(|key| ("api_key".to_owned(), toml::Value::String(key))));
            }
            Err((name, sentence)) => self.fail(name, &sentence),
        }
        // Without the wrong key, a required one would be missing.
        if self.wrong.iter().any(|wrong| wrong.starts_with("api_key")) {
            self.wrong.push("api_key".to_owned());
        }
    }

    fn whole(&mut self, name: &str, default: u64, bounds: &RangeInclusive<u64>) -> u64 {
        let Some(value) = self.rest.remove(name) else { return default };
        let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
        number.filter(|number| bounds.contains(number)).unwrap_or_else(|| {
            let (least, most) = (bounds.start(), bounds.end());
            self.fail(name, &format!("must be a whole number, {least} to {most}"));
            default
        })
    }

    fn switch(&mut self, name: &str) -> bool {
        match self.rest.remove(name) {
            None => false,
            Some(toml::Value::Boolean(on)) => on,
            Some(_) => {
                self.fail(name, "must be true or false");
                false
            }
        }
    }
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

/// `customerId` becomes `customer_id`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
