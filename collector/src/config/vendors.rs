//! The tables of the vendors' interfaces: known customers, addresses and keys.

use crate::api_key::Secret;
use crate::customer;
use crate::error::ConfigError;
use crate::factfinder::{Channel, Channels};
use crate::import::LicenseKeys;
use crate::intempt::Names;
use crate::limits::Limits;
use recobeacon_engine::base64::base64;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration of the vendors' interfaces.
#[derive(Clone, Debug)]
pub struct Vendors {
    /// The known Ibexa customers. Absent: every alphanumeric id is accepted.
    pub customers: Option<Vec<String>>,
    /// The license keys that sign imported events, of Ibexa's and YOOCHOOSE's customers.
    pub license_keys: LicenseKeys,
    /// YOOCHOOSE's interface.
    pub yoochoose: Yoochoose,
    /// FACT-Finder's interfaces.
    pub factfinder: FactFinder,
    /// Intempt's interface.
    pub intempt: Intempt,
}

/// The table `[yoochoose]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Yoochoose {
    /// The solution ids that begin its addresses.
    pub solutions: Vec<String>,
    /// The known customers. Absent: every alphanumeric id is accepted.
    pub customers: Option<Vec<String>>,
}

impl Default for Yoochoose {
    fn default() -> Self {
        Self { solutions: vec!["ebl".to_owned(), "news".to_owned()], customers: None }
    }
}

/// The table `[factfinder]`.
#[derive(Clone, Debug)]
pub struct FactFinder {
    /// The path before its addresses: empty, or segments that each begin with a slash.
    pub base_path: String,
    /// The accepted keys. Empty: no key is needed.
    pub keys: Vec<Secret>,
    /// The channels and their currencies.
    pub channels: Channels,
}

/// The table `[intempt]`. Requests send a key in one of two forms; each key is kept in both.
#[derive(Clone, Debug)]
pub struct Intempt {
    /// The shop's own event names.
    pub names: Names,
    /// `identifier.secret`, in the query. Empty: no key is needed.
    pub keys: Vec<Secret>,
    /// `identifier:secret` in base64, after `Basic`.
    pub basic: Vec<Secret>,
}

/// The tables as written in the file.
pub(super) struct Tables {
    pub ibexa: Ibexa,
    pub yoochoose: Yoochoose,
    pub factfinder: FileFactFinder,
    pub intempt: FileIntempt,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Ibexa {
    customers: Option<Vec<String>>,
    license_keys: Option<toml::Value>,
}

/// The keys are of any type here, because serde's own error would repeat a wrong one.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileFactFinder {
    base_path: Option<String>,
    keys: Option<toml::Value>,
    channels: Option<Vec<FileChannel>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileChannel {
    name: String,
    currency: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FileIntempt {
    keys: Option<toml::Value>,
    names: BTreeMap<String, String>,
}

/// First path segments that other routes already use.
const TAKEN: [&str; 10] = [
    "api",
    "dist",
    "healthz",
    "rest",
    "Tracking.ff",
    "v1",
    "rendered",
    "clickrecommended",
    "triggeropened",
    "clicktriggered",
];

impl Tables {
    pub fn check(self) -> Result<Vendors, ConfigError> {
        let Self { ibexa, yoochoose, factfinder, intempt } = self;
        check_customers("ibexa", ibexa.customers.as_deref())?;
        check_customers("yoochoose", yoochoose.customers.as_deref())?;
        check_solutions(&yoochoose.solutions)?;
        let factfinder = FactFinder {
            base_path: base_path(factfinder.base_path, &yoochoose.solutions)?,
            keys: factfinder_keys(factfinder.keys)?,
            channels: channels(factfinder.channels)?,
        };
        let intempt = intempt_table(intempt)?;
        let license_keys = license_keys(ibexa.license_keys)?;
        Ok(Vendors { customers: ibexa.customers, license_keys, yoochoose, factfinder, intempt })
    }
}

pub(super) fn wrong(sentence: String) -> ConfigError {
    ConfigError::new(sentence)
}

fn check_customers(table: &str, customers: Option<&[String]>) -> Result<(), ConfigError> {
    match customers.unwrap_or_default().iter().find(|customer| !customer::is_id(customer)) {
        Some(customer) => {
            Err(wrong(format!("{table}.customers: {customer:?} is not alphanumeric")))
        }
        None => Ok(()),
    }
}

/// Reads the table of customers and keys. Its errors do not repeat a key.
fn license_keys(value: Option<toml::Value>) -> Result<LicenseKeys, ConfigError> {
    let failed = || wrong("ibexa.license_keys: must be a table of customers and texts".to_owned());
    let toml::Value::Table(table) = value.unwrap_or(toml::Value::Table(toml::Table::new())) else {
        return Err(failed());
    };
    let read = |(customer, key): (String, toml::Value)| match key {
        toml::Value::String(key) if customer::is_id(&customer) && !key.is_empty() => {
            Ok((customer, key))
        }
        _ => Err(failed()),
    };
    Ok(LicenseKeys::new(table.into_iter().map(read).collect::<Result<_, _>>()?))
}

/// Whether this can be a path segment without percent-encoding.
fn is_plain(segment: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    (1..=Limits::CUSTOMER_BYTES).contains(&segment.len())
        && segment.bytes().all(plain)
        && !matches!(segment, "." | "..")
}

fn check_solutions(solutions: &[String]) -> Result<(), ConfigError> {
    for (place, solution) in solutions.iter().enumerate() {
        if !is_plain(solution) {
            return Err(wrong(format!(
                "yoochoose.solutions: {solution:?} may only have letters, digits and -_.~"
            )));
        }
        if TAKEN.contains(&solution.as_str())
            || solutions.iter().take(place).any(|one| one == solution)
        {
            return Err(wrong(format!("yoochoose.solutions: {solution:?} is taken already")));
        }
    }
    Ok(())
}

fn base_path(path: Option<String>, solutions: &[String]) -> Result<String, ConfigError> {
    let Some(path) = path.filter(|path| !path.is_empty()) else { return Ok(String::new()) };
    let segments = path.strip_prefix('/').map(|path| path.split('/'));
    let first = segments.clone().and_then(|mut segments| segments.next());
    if !segments.is_some_and(|mut segments| segments.all(is_plain)) {
        return Err(wrong(format!("factfinder.base_path: {path:?} must be like \"/FACT-Finder\"")));
    }
    let taken = |first: &str| TAKEN.contains(&first) || solutions.iter().any(|one| one == first);
    if first.is_some_and(taken) {
        return Err(wrong(format!("factfinder.base_path: {path:?} is taken already")));
    }
    Ok(path)
}

fn channels(channels: Option<Vec<FileChannel>>) -> Result<Channels, ConfigError> {
    let Some(channels) = channels else { return Ok(Channels(None)) };
    let mut known: Vec<Channel> = Vec::new();
    for FileChannel { name, currency } in channels {
        if !customer::is_name(&name) {
            return Err(wrong(format!("factfinder.channels: {name:?} is not a channel name")));
        }
        if known.iter().any(|channel| channel.name == name) {
            return Err(wrong(format!("factfinder.channels: {name:?} appears twice")));
        }
        let code = currency.map(|code| rules::currency(&Value::Text(code))).transpose();
        let Ok(currency) = code else {
            return Err(wrong(format!(
                "factfinder.channels: the currency of {name:?} must be a code of ISO 4217 like EUR"
            )));
        };
        known.push(Channel { name, currency });
    }
    Ok(Channels(Some(known)))
}

/// Reads the keys of a table. Its errors do not repeat a key.
fn keys(table: &str, value: Option<toml::Value>) -> Result<Vec<String>, ConfigError> {
    let failed = || wrong(format!("{table}.keys: must be a list of texts without spaces"));
    let toml::Value::Array(values) = value.unwrap_or(toml::Value::Array(Vec::new())) else {
        return Err(failed());
    };
    let visible = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic());
    let read = |value| match value {
        toml::Value::String(key) if visible(&key) => Ok(key),
        _ => Err(failed()),
    };
    values.into_iter().map(read).collect()
}

fn factfinder_keys(value: Option<toml::Value>) -> Result<Vec<Secret>, ConfigError> {
    Ok(keys("factfinder", value)?.iter().map(|key| Secret::new(key)).collect())
}

fn intempt_table(table: FileIntempt) -> Result<Intempt, ConfigError> {
    let names =
        Names::new(table.names).map_err(|sentence| wrong(format!("intempt.names: {sentence}")))?;
    let mut intempt = Intempt { names, keys: Vec::new(), basic: Vec::new() };
    for key in keys("intempt", table.keys)? {
        let parts = key.split_once('.').filter(|(identifier, secret)| {
            !identifier.is_empty() && !identifier.contains(':') && !secret.is_empty()
        });
        let (identifier, secret) =
            parts.ok_or(wrong("intempt.keys: each must be like identifier.secret".to_owned()))?;
        intempt.basic.push(Secret::new(&base64(format!("{identifier}:{secret}").as_bytes())));
        intempt.keys.push(Secret::new(&key));
    }
    Ok(intempt)
}
