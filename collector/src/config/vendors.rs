//! The tables of the vendors' interfaces: known customers, addresses and keys.

use super::faults::Faults;
use crate::api_key::Secret;
use crate::customer;
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
    name: Option<String>,
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
    pub fn check(self, faults: &mut Faults<'_>) -> Vendors {
        let Self { ibexa, yoochoose, factfinder, intempt } = self;
        check_customers("ibexa", ibexa.customers.as_deref(), faults);
        check_customers("yoochoose", yoochoose.customers.as_deref(), faults);
        check_solutions(&yoochoose.solutions, faults);
        let factfinder = FactFinder {
            base_path: base_path(factfinder.base_path, &yoochoose.solutions, faults),
            keys: keys("factfinder", factfinder.keys, faults)
                .iter()
                .map(|key| Secret::new(key))
                .collect(),
            channels: channels(factfinder.channels, faults),
        };
        let intempt = intempt_table(intempt, faults);
        let license_keys = license_keys(ibexa.license_keys, faults);
        Vendors { customers: ibexa.customers, license_keys, yoochoose, factfinder, intempt }
    }
}

fn check_customers(table: &str, customers: Option<&[String]>, faults: &mut Faults<'_>) {
    let wrong = customers.unwrap_or_default().iter().filter(|customer| !customer::is_id(customer));
    for customer in wrong {
        faults.add(format!("{table}.customers"), format!("{customer:?} is not alphanumeric"));
    }
}

/// Reads the table of customers and keys. Its faults do not repeat a key.
fn license_keys(value: Option<toml::Value>, faults: &mut Faults<'_>) -> LicenseKeys {
    let read = |(customer, key): (String, toml::Value)| match key {
        toml::Value::String(key) if customer::is_id(&customer) && !key.is_empty() => {
            Some((customer, key))
        }
        _ => None,
    };
    let keys = match value {
        None => Some(Vec::new()),
        Some(toml::Value::Table(table)) => table.into_iter().map(read).collect(),
        Some(_) => None,
    };
    if keys.is_none() {
        faults.add("ibexa.license_keys".to_owned(), "must be a table of customers and texts");
    }
    LicenseKeys::new(keys.unwrap_or_default())
}

/// Whether this can be a path segment without percent-encoding.
fn is_plain(segment: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    (1..=Limits::CUSTOMER_BYTES).contains(&segment.len())
        && segment.bytes().all(plain)
        && !matches!(segment, "." | "..")
}

fn check_solutions(solutions: &[String], faults: &mut Faults<'_>) {
    for (place, solution) in solutions.iter().enumerate() {
        let mut earlier = solutions.iter().take(place);
        let sentence = if !is_plain(solution) {
            "may only have letters, digits and -_.~"
        } else if TAKEN.contains(&solution.as_str()) || earlier.any(|one| one == solution) {
            "is taken already"
        } else {
            continue;
        };
        faults.add("yoochoose.solutions".to_owned(), format!("{solution:?} {sentence}"));
    }
}

fn base_path(path: Option<String>, solutions: &[String], faults: &mut Faults<'_>) -> String {
    let Some(path) = path.filter(|path| !path.is_empty()) else { return String::new() };
    let mut wrong = |sentence: &str| {
        faults.add("factfinder.base_path".to_owned(), format!("{path:?} {sentence}"));
    };
    let segments = path.strip_prefix('/').map(|path| path.split('/'));
    let first = segments.clone().and_then(|mut segments| segments.next());
    let taken = |first: &str| TAKEN.contains(&first) || solutions.iter().any(|one| one == first);
    if !segments.is_some_and(|mut segments| segments.all(is_plain)) {
        wrong("must be like \"/FACT-Finder\"");
    } else if first.is_some_and(taken) {
        wrong("is taken already");
    }
    path
}

fn channels(channels: Option<Vec<FileChannel>>, faults: &mut Faults<'_>) -> Channels {
    let Some(channels) = channels else { return Channels(None) };
    let mut known: Vec<Channel> = Vec::new();
    for (place, FileChannel { name, currency }) in channels.into_iter().enumerate() {
        let key = format!("factfinder.channels[{place}]");
        let Some(name) = faults.required(&key, "name", name) else { continue };
        if !customer::is_name(&name) {
            faults.add(format!("{key}.name"), format!("{name:?} is not a channel name"));
        } else if known.iter().any(|channel| channel.name == name) {
            faults.add(format!("{key}.name"), format!("{name:?} appears twice"));
        }
        let code = currency.map(|code| rules::currency(&Value::Text(code))).transpose();
        if code.is_err() {
            faults.add(format!("{key}.currency"), "must be a code of ISO 4217 like EUR");
        }
        known.push(Channel { name, currency: code.unwrap_or_default() });
    }
    Channels(Some(known))
}

/// Reads the keys of a table. Its faults do not repeat a key.
fn keys(table: &str, value: Option<toml::Value>, faults: &mut Faults<'_>) -> Vec<String> {
    let visible = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic());
    let read = |value| match value {
        toml::Value::String(key) if visible(&key) => Some(key),
        _ => None,
    };
    faults.list(format!("{table}.keys"), value, read, "must be a list of texts without spaces")
}

fn intempt_table(table: FileIntempt, faults: &mut Faults<'_>) -> Intempt {
    let names = Names::new(table.names).unwrap_or_else(|sentences| {
        for sentence in sentences {
            faults.add("intempt.names".to_owned(), sentence);
        }
        Names::default()
    });
    let mut intempt = Intempt { names, keys: Vec::new(), basic: Vec::new() };
    for key in keys("intempt", table.keys, faults) {
        let parts = key.split_once('.').filter(|(identifier, secret)| {
            !identifier.is_empty() && !identifier.contains(':') && !secret.is_empty()
        });
        let Some((identifier, secret)) = parts else {
            faults.add("intempt.keys".to_owned(), "each must be like identifier.secret");
            break;
        };
        intempt.basic.push(Secret::new(&base64(format!("{identifier}:{secret}").as_bytes())));
        intempt.keys.push(Secret::new(&key));
    }
    intempt
}
