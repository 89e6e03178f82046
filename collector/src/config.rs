//! The configuration: a TOML file and command line flags, which override it. All of it is checked
//! before anything starts.

pub mod customers;
mod faults;
mod forward;
pub mod help;
pub mod network;
pub mod origin;
pub mod retention;
mod vendors;
pub use vendors::{FactFinder, Intempt, Vendors, Yoochoose};

use crate::api_key::Secret;
use crate::destination::Destination;
use crate::error::ConfigError;
use crate::limits::Limits;
use crate::pseudonym::{Key, parse_secret};
use crate::whole::{self, Whole};
use customers::{Customers, FileCustomer};
use faults::Faults;
use network::Network;
use retention::Retention;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vendors::Tables;

/// The collector's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the event listener. Port 0 takes a free port.
    pub listen: SocketAddr,
    /// The address of the admin listener, which reads out stored events. Without a token it must be
    /// a loopback address.
    pub admin_listen: SocketAddr,
    /// Whether pages under loopback names may read stored events. The demo shop's inspector needs
    /// this.
    pub inspector: bool,
    /// The path of the database file.
    pub database: PathBuf,
    /// The folder that is served under `/dist/`.
    pub dist: Option<PathBuf>,
    /// The folder that is served under `/`.
    pub site: Option<PathBuf>,
    /// The token that every request to the admin listener must have, if there is one.
    pub admin_token: Option<Secret>,
    /// Reverse proxies. Limits per address do not apply to them, because their requests come from
    /// many clients.
    pub trusted_proxies: Vec<Network>,
    /// Keys for hashing user ids. If there are none, a random key is made and stored beside the
    /// database.
    pub keys: Vec<Key>,
    /// The identity cookie that the collector renews. Absent: it renews none.
    pub cookie: Option<CookieConfig>,
    /// The configuration of the vendors' interfaces.
    pub vendors: Vendors,
    /// The origins whose pages may send, and the bounds of each customer.
    pub customers: Customers,
    /// The log on standard error.
    pub log: Log,
    /// How long rows are kept.
    pub retention: Retention,
    /// The vendors that get the events of batches.
    pub forward: Vec<Arc<Destination>>,
    /// Limits.
    pub limits: Limits,
}

/// The table `[log]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// Whether each response has a line: method, path without query and ids, status, bytes, time.
    pub access: bool,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The table `[cookie]`: the cookie that the collector renews. Safari limits cookies written by
/// scripts to seven days.
#[derive(Clone, Debug)]
pub struct CookieConfig {
    /// The cookie's name, as in the tracker's `identity.cookieName`.
    pub name: String,
    /// The cookie's domain, as the tracker writes it: the registrable domain of the shop.
    pub domain: Option<String>,
    /// The cookie's lifetime in days from each renewal.
    pub days: u32,
}

/// The settings that have a flag.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Overrides `listen`.
    pub listen: Option<SocketAddr>,
    /// Overrides `admin_listen`.
    pub admin_listen: Option<SocketAddr>,
    /// Overrides `database`.
    pub database: Option<PathBuf>,
    /// Overrides `dist`.
    pub dist: Option<PathBuf>,
    /// Overrides `site`.
    pub site: Option<PathBuf>,
    /// Switches `inspector` on.
    pub inspector: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    admin_listen: Option<SocketAddr>,
    inspector: bool,
    database: Option<PathBuf>,
    dist: Option<PathBuf>,
    site: Option<PathBuf>,
    admin_token: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    origins: Option<Vec<String>>,
    customers: Vec<FileCustomer>,
    keys: Vec<FileKey>,
    cookie: Option<FileCookie>,
    ibexa: vendors::Ibexa,
    yoochoose: Yoochoose,
    factfinder: vendors::FileFactFinder,
    intempt: vendors::FileIntempt,
    log: Log,
    retention: retention::FileRetention,
    forward: Option<toml::Value>,
    limits: BTreeMap<String, Whole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCookie {
    name: Option<String>,
    domain: Option<String>,
    days: Option<Whole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    number: Whole,
    secret: String,
}

/// The default address of the event listener.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);
/// The default address of the admin listener.
const ADMIN_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8788);
/// The shortest admin token. A shorter one could be guessed.
const TOKEN_BYTES: usize = 16;
/// The default name of the identity cookie.
const COOKIE_NAME: &str = "reco_id";
/// The default lifetime of the identity cookie.
const COOKIE_DAYS: u64 = 90;
/// Browsers limit a cookie's lifetime to this (RFC 6265bis).
const COOKIE_DAYS_MAX: u64 = 400;
/// The default of `trusted_proxies`: this machine.
const PROXIES: [&str; 2] = ["127.0.0.0/8", "::1"];

impl Config {
    /// Reads the file, if there is one, and applies the flags.
    ///
    /// # Errors
    /// The file cannot be read, or a setting is invalid.
    pub fn load(file: Option<&Path>, flags: Overrides) -> Result<Self, ConfigError> {
        let Some(path) = file else { return Self::from_toml("", flags) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!("{} cannot be read: {error}", path.display()))
        })?;
        Self::from_toml(&text, flags).map_err(|error| error.within(path))
    }

    /// Whether any table names this customer or channel.
    pub fn has_customer(&self, name: &str) -> bool {
        let Vendors { customers, license_keys, yoochoose, factfinder, intempt: _ } = &self.vendors;
        let lists = [customers, &yoochoose.customers].into_iter().flatten();
        self.customers.has(name)
            || self.retention.customers.contains_key(name)
            || lists.flatten().any(|known| known == name)
            || license_keys.has(name)
            || factfinder.channels.0.iter().flatten().any(|channel| channel.name == name)
    }

    /// Reads the text of a configuration file, and applies the flags.
    ///
    /// # Errors
    /// A setting is invalid.
    pub fn from_toml(text: &str, flags: Overrides) -> Result<Self, ConfigError> {
        let (mut faults, file) = Faults::read::<File>(text);
        let File { ibexa, yoochoose, factfinder, intempt, .. } = file;
        let vendors = faults.take(Tables { ibexa, yoochoose, factfinder, intempt }.check());
        let trusted_proxies = faults.take(proxies(file.trusted_proxies));
        let keys = file.keys.into_iter().map(FileKey::check).collect::<Result<_, _>>();
        let keys = faults.take(keys);
        let cookie = faults.take(file.cookie.map(FileCookie::check).transpose());
        let limits = faults.take(Limits::set(file.limits));
        let all = limits.clone().unwrap_or_default();
        let customers = Customers::check(file.origins, file.customers, &all, &mut faults);
        let forward = faults.take(forward::read(file.forward));
        let retention = faults.take(file.retention.check());
        let admin_token =
            faults.take(file.admin_token.map(|token| admin_token(&token)).transpose());
        let (
            Some(vendors),
            Some(trusted_proxies),
            Some(keys),
            Some(cookie),
            Some(limits),
            Some(admin_token),
            Some(retention),
            Some(forward),
        ) = (vendors, trusted_proxies, keys, cookie, limits, admin_token, retention, forward)
        else {
            return Err(faults.into_error());
        };
        let config = Self {
            listen: flags.listen.or(file.listen).unwrap_or(LISTEN),
            admin_listen: flags.admin_listen.or(file.admin_listen).unwrap_or(ADMIN_LISTEN),
            inspector: flags.inspector || file.inspector,
            database: flags
                .database
                .or(file.database)
                .unwrap_or_else(|| PathBuf::from("recobeacon.sqlite")),
            dist: flags.dist.or(file.dist),
            site: flags.site.or(file.site),
            admin_token,
            trusted_proxies,
            keys,
            cookie,
            vendors,
            customers,
            log: file.log,
            retention,
            limits,
            forward,
        };
        // A setting that was left out for its fault must not cause a second one here.
        if faults.is_empty() {
            config.check(&mut faults);
        }
        if faults.is_empty() { Ok(config) } else { Err(faults.into_error()) }
    }

    /// Checks settings that depend on each other, and those that a flag can set.
    fn check(&self, faults: &mut Faults<'_>) {
        let mut wrong = |key: &str, sentence: String| faults.add(key.to_owned(), sentence);
        for (name, folder) in [("dist", &self.dist), ("site", &self.site)] {
            if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
                wrong(name, format!("{} is not a folder", folder.display()));
            }
        }
        if self.admin_token.is_none() && !self.admin_listen.ip().to_canonical().is_loopback() {
            let sentence = format!(
                "{} can be reached from elsewhere, so admin_token must be set; \
                 without a token use a loopback address like {ADMIN_LISTEN}",
                self.admin_listen
            );
            wrong("admin_listen", sentence);
        }
        if self.inspector && self.admin_token.is_some() {
            let sentence = "cannot be used with admin_token, because the page has no token";
            wrong("inspector", sentence.to_owned());
        }
        let mut numbers: Vec<u32> = self.keys.iter().map(|key| key.number).collect();
        numbers.sort_unstable();
        if let Some([twice, _]) = numbers.array_windows().find(|[a, b]| a == b) {
            wrong("keys", format!("number {twice} appears twice"));
        }
    }
}

fn admin_token(token: &str) -> Result<Secret, ConfigError> {
    if token.len() < TOKEN_BYTES {
        return Err(ConfigError::new(format!(
            "admin_token: must have at least {TOKEN_BYTES} characters"
        )));
    }
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        // A header does not keep spaces at its ends, and other characters have no one encoding there.
        return Err(ConfigError::new(
            "admin_token: must have ASCII characters only, and no spaces",
        ));
    }
    Ok(Secret::new(token))
}

fn proxies(networks: Option<Vec<String>>) -> Result<Vec<Network>, ConfigError> {
    let networks = networks.unwrap_or_else(|| PROXIES.map(str::to_owned).to_vec());
    let read = |text: &String| {
        Network::parse(text).ok_or_else(|| {
            ConfigError::new(format!(
                "trusted_proxies: {text:?} is not an address like 10.0.0.1 or 10.0.0.0/8"
            ))
        })
    };
    networks.iter().map(read).collect()
}

impl FileCookie {
    fn check(self) -> Result<CookieConfig, ConfigError> {
        let plain = |text: &str, more: &[u8]| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
        };
        let name = self.name.unwrap_or_else(|| COOKIE_NAME.to_owned());
        if !plain(&name, b"-_.") {
            return Err(ConfigError::new("cookie.name: may only have letters, digits and -_."));
        }
        if self.domain.as_ref().is_some_and(|domain| !plain(domain, b"-.")) {
            return Err(ConfigError::new("cookie.domain: must be a domain name"));
        }
        let days = self.days.map(|days| whole::within("cookie.days", days, &(1..=COOKIE_DAYS_MAX)));
        let days = days.transpose().map_err(ConfigError::new)?.unwrap_or(COOKIE_DAYS) as u32;
        Ok(CookieConfig { name, domain: self.domain, days })
    }
}

impl FileKey {
    fn check(self) -> Result<Key, ConfigError> {
        let number = whole::within("keys.number", self.number, &(0..=u64::from(u32::MAX)));
        let number = number.map_err(ConfigError::new)? as u32;
        let secret = parse_secret(&self.secret)
            .map_err(|problem| ConfigError::new(format!("keys: secret of {number}: {problem}")))?;
        Ok(Key { number, secret })
    }
}
