//! The configuration: a TOML file and command line flags, which override it. All of it is checked
//! before anything starts.

pub mod cluster;
pub mod customers;
mod faults;
pub mod feeds;
mod forward;
pub mod help;
pub mod network;
pub mod origin;
mod purpose;
pub mod retention;
pub mod variants;
mod vendors;
pub use purpose::Purpose;
pub use vendors::{FactFinder, Intempt, Vendors, Yoochoose};

use crate::api_key::Secret;
use crate::destination::Destination;
use crate::error::ConfigError;
use crate::limits::Limits;
use crate::place::Place;
use crate::pseudonym::{Key, parse_secret};
use crate::whole::Whole;
use cluster::{Cluster, FileCluster};
use customers::{Customers, FileCustomer};
use faults::Faults;
use feeds::Feeds;
use network::Network;
use recobeacon_engine::identity::ID_COOKIE;
use retention::Retention;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use variants::Plans;
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
    /// The database.
    pub database: Place,
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
    /// The recommendations made of the stored events. Absent: there are none.
    pub feeds: Option<Feeds>,
    /// The plans of tests of recommendations.
    pub variants: Plans,
    /// The vendors that get the events of batches.
    pub forward: Vec<Arc<Destination>>,
    /// The stream between collectors and the writer. `None`: this collector has the database.
    pub cluster: Option<Cluster>,
    /// Limits.
    pub limits: Limits,
    /// Sentences about settings that are valid and may surprise. `check` prints them.
    pub notes: Vec<String>,
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
    pub database: Option<Place>,
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
    listen: Option<Address>,
    admin_listen: Option<Address>,
    inspector: bool,
    database: Option<Place>,
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
    feeds: Option<feeds::FileFeeds>,
    variants: Vec<variants::FilePlan>,
    forward: Option<toml::Value>,
    cluster: Option<FileCluster>,
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
    number: Option<Whole>,
    secret: Option<String>,
}

/// An address of a listener.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Address(SocketAddr);

impl TryFrom<String> for Address {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        address(&text).map(Self)
    }
}

/// Reads the address of a listener.
///
/// # Errors
/// A sentence with the form.
pub fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "must be an IP address with a port, such as 127.0.0.1:8787")
}

/// The default address of the event listener.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8787);
/// The default address of the admin listener.
const ADMIN_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8788);
/// The shortest admin token. A shorter one could be guessed.
const TOKEN_BYTES: usize = 16;
/// The default lifetime of the identity cookie.
const COOKIE_DAYS: u64 = 90;
/// The fault of a customer that is not [known](Config::knows_customer).
pub const UNKNOWN_CUSTOMER: &str = "is not in the configuration, and no event has this customer";
/// Browsers limit a cookie's lifetime to this (RFC 6265bis).
const COOKIE_DAYS_MAX: u64 = 400;
/// The default of `trusted_proxies`: this machine.
const PROXIES: [&str; 2] = ["127.0.0.0/8", "::1"];

impl Config {
    /// Reads the file, if there is one, and applies the flags.
    ///
    /// # Errors
    /// The file cannot be read, or a setting is invalid.
    pub fn load(
        file: Option<&Path>,
        flags: Overrides,
        purpose: Purpose,
    ) -> Result<Self, ConfigError> {
        let Some(path) = file else { return Self::read("", flags, purpose) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!("{} cannot be read: {error}", path.display()))
        })?;
        let mut config = Self::read(&text, flags, purpose).map_err(|error| error.within(path))?;
        let places = config.variants.values_mut().map(|plan| &mut plan.place);
        for place in config.notes.iter_mut().chain(places) {
            *place = format!("{}: {place}", path.display());
        }
        Ok(config)
    }

    /// Whether a table names this customer, or else the database has it, which `is_stored` asks: a
    /// misspelt name would look like another customer.
    ///
    /// # Errors
    /// `is_stored` failed.
    pub fn knows_customer<E>(
        &self,
        name: &str,
        is_stored: impl FnOnce() -> Result<bool, E>,
    ) -> Result<bool, E> {
        if self.has_customer(name) { Ok(true) } else { is_stored() }
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

    /// Reads the text of a configuration file as the collector does, and applies the flags.
    ///
    /// # Errors
    /// A setting is invalid.
    pub fn from_toml(text: &str, flags: Overrides) -> Result<Self, ConfigError> {
        Self::read(text, flags, Purpose::Serve)
    }

    fn read(text: &str, flags: Overrides, purpose: Purpose) -> Result<Self, ConfigError> {
        let (mut faults, file) = Faults::read::<File>(text);
        let File { ibexa, yoochoose, factfinder, intempt, .. } = file;
        let vendors = Tables { ibexa, yoochoose, factfinder, intempt }.check(&mut faults);
        let limits = faults.take(Limits::set(file.limits)).unwrap_or_default();
        let customers = Customers::check(file.origins, file.customers, &limits, &mut faults);
        let mut config = Self {
            listen: flags.listen.or(file.listen.map(|Address(one)| one)).unwrap_or(LISTEN),
            admin_listen: flags
                .admin_listen
                .or(file.admin_listen.map(|Address(one)| one))
                .unwrap_or(ADMIN_LISTEN),
            inspector: flags.inspector || file.inspector,
            database: flags
                .database
                .or(file.database)
                .unwrap_or_else(|| PathBuf::from("recobeacon.sqlite").into()),
            dist: flags.dist.or(file.dist),
            site: flags.site.or(file.site),
            admin_token: file.admin_token.map(|token| admin_token(&token, &mut faults)),
            trusted_proxies: proxies(file.trusted_proxies, &mut faults),
            keys: keys(file.keys, &mut faults),
            cookie: file.cookie.map(|cookie| cookie.check(&mut faults)),
            vendors,
            customers,
            log: file.log,
            retention: file.retention.check(&mut faults),
            feeds: file.feeds.map(|feeds| feeds.check(&mut faults)),
            variants: variants::check(file.variants, &mut faults),
            limits,
            forward: forward::read(file.forward, purpose, &mut faults),
            cluster: file.cluster.map(|cluster| cluster.check(purpose, &mut faults)),
            notes: Vec::new(),
        };
        if let (Place::Server(server), Some(cluster)) = (&mut config.database, &config.cluster) {
            server.ca.clone_from(&cluster.ca);
        }
        config.check(purpose, &mut faults);
        config.notes = faults.take_notes();
        if faults.is_empty() { Ok(config) } else { Err(faults.into_error()) }
    }

    /// Checks settings that depend on each other, and those that a flag can set.
    fn check(&self, purpose: Purpose, faults: &mut Faults<'_>) {
        for (name, folder) in [("dist", &self.dist), ("site", &self.site)] {
            let is_wrong = |folder: &&PathBuf| purpose.needs_all() && !folder.is_dir();
            if let Some(folder) = folder.as_ref().filter(is_wrong) {
                faults.add(name.to_owned(), format!("{} is not a folder", folder.display()));
            }
        }
        let is_public = !self.admin_listen.ip().to_canonical().is_loopback();
        if self.admin_token.is_none() && is_public && faults.is_right("admin_token") {
            let sentence = format!(
                "{} can be reached from elsewhere, so admin_token must be set; \
                 without a token use a loopback address like {ADMIN_LISTEN}",
                self.admin_listen
            );
            faults.add("admin_listen".to_owned(), sentence);
        }
        if is_taken(self.listen, self.admin_listen)
            && faults.is_right("listen")
            && faults.is_right("admin_listen")
        {
            let names = ["admin_listen", "listen"];
            let [name, other] =
                if faults.has_key("admin_listen") { names } else { ["listen", "admin_listen"] };
            let sentence = format!("must have another port than {other}");
            faults.add(name.to_owned(), sentence);
        }
        if self.database.file().is_none() {
            if self.keys.is_empty() && faults.is_right("keys") {
                let sentence = "must have a key, because PostgreSQL has no file beside it for one";
                faults.add("keys".to_owned(), sentence);
            }
            if self.limits.database_mib > 0 {
                let sentence = "cannot be used with PostgreSQL: limit its size there";
                faults.add("limits.database_mib".to_owned(), sentence);
            }
        }
        if self.cluster.is_some() {
            if self.keys.is_empty() && faults.is_right("keys") {
                let sentence = "must have a key, because all collectors must hash ids alike";
                faults.add("keys".to_owned(), sentence);
            }
            if self.customers.bounds_rows() {
                let sentence =
                    "cannot be used with [cluster], because collectors do not see the database";
                faults.add("limits.customer_rows".to_owned(), sentence);
            }
            if self.feeds.is_some() && self.database.file().is_some() {
                let sentence = "needs a database of PostgreSQL in a cluster, which the collectors \
                                can read";
                faults.add("feeds".to_owned(), sentence);
            }
        }
        if self.inspector && self.admin_token.is_some() {
            let sentence = "cannot be used with admin_token, because the page has no token";
            faults.add("inspector".to_owned(), sentence);
        }
    }
}

/// Whether a listener at one address takes the other one. An unspecified address has all of its kind.
fn is_taken(one: SocketAddr, other: SocketAddr) -> bool {
    let (ip, other_ip) = (one.ip(), other.ip());
    let all =
        (ip.is_unspecified() || other_ip.is_unspecified()) && ip.is_ipv4() == other_ip.is_ipv4();
    one.port() != 0 && one.port() == other.port() && (ip == other_ip || all)
}

fn admin_token(token: &str, faults: &mut Faults<'_>) -> Secret {
    if token.len() < TOKEN_BYTES {
        let sentence = format!("must have at least {TOKEN_BYTES} characters");
        faults.add("admin_token".to_owned(), sentence);
    } else if !token.bytes().all(|b| b.is_ascii_graphic()) {
        // A header does not keep spaces at its ends, and other characters have no one encoding there.
        faults.add("admin_token".to_owned(), "must have ASCII characters only, and no spaces");
    }
    Secret::new(token)
}

fn proxies(networks: Option<Vec<String>>, faults: &mut Faults<'_>) -> Vec<Network> {
    let networks = networks.unwrap_or_else(|| PROXIES.map(str::to_owned).to_vec());
    let mut read = Vec::new();
    for text in networks {
        let network = Network::parse(&text);
        if network.is_none() {
            let sentence = format!("{text:?} is not an address like 10.0.0.1 or 10.0.0.0/8");
            faults.add("trusted_proxies".to_owned(), sentence);
        }
        read.extend(network);
    }
    read
}

fn keys(entries: Vec<FileKey>, faults: &mut Faults<'_>) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut numbers = Vec::new();
    for (place, FileKey { number, secret }) in entries.into_iter().enumerate() {
        let table = format!("keys[{place}]");
        let key = format!("{table}.number");
        let number = faults
            .required(&table, "number", number)
            .and_then(|number| faults.whole(key.clone(), number, &(0..=u64::from(u32::MAX))));
        if let Some(twice) = number.filter(|number| numbers.contains(number)) {
            faults.add(key, format!("{twice} appears twice"));
        }
        numbers.extend(number);
        let secret = faults.required(&table, "secret", secret).and_then(|secret| {
            let secret = parse_secret(&secret);
            secret.map_err(|sentence| faults.add(format!("{table}.secret"), sentence)).ok()
        });
        let key = number.zip(secret);
        keys.extend(key.map(|(number, secret)| Key { number: number as u32, secret }));
    }
    keys
}

impl FileCookie {
    fn check(self, faults: &mut Faults<'_>) -> CookieConfig {
        let plain = |text: &str, more: &[u8]| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
        };
        let name = self.name.unwrap_or_else(|| ID_COOKIE.to_owned());
        if !plain(&name, b"-_.") {
            faults.add("cookie.name".to_owned(), "may only have letters, digits and -_.");
        }
        if self.domain.as_ref().is_some_and(|domain| !plain(domain, b"-.")) {
            faults.add("cookie.domain".to_owned(), "must be a domain name");
        }
        let days = "cookie.days".to_owned();
        let days = faults.whole_or(days, self.days, &(1..=COOKIE_DAYS_MAX), COOKIE_DAYS);
        CookieConfig { name, domain: self.domain, days: days as u32 }
    }
}
