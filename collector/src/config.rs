//! The configuration: a TOML file, and flags that beat it. Checked as a whole before anything starts.

mod vendors;

pub use vendors::{FactFinder, Intempt, Vendors, Yoochoose};

use crate::hashing::{Key, parse_secret};
use crate::limits::Limits;
use serde::Deserialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use vendors::Tables;

/// What the collector runs with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The database's file.
    pub database: PathBuf,
    /// The folder that is served under `/dist/`.
    pub dist: Option<PathBuf>,
    /// The folder that is served under `/`.
    pub site: Option<PathBuf>,
    /// With this token events can be read from elsewhere than the machine itself.
    pub admin_token: Option<String>,
    /// Keys for user ids. Empty: a random one is made and kept beside the database.
    pub keys: Vec<Key>,
    /// The identity cookie that is renewed; none is where this is absent.
    pub cookie: Option<CookieConfig>,
    /// What the vendors' interfaces are served with.
    pub vendors: Vendors,
    /// Bounds.
    pub limits: Limits,
}

/// The table `[cookie]`: which cookie is renewed, so that it outlives the seven days that Safari
/// grants to cookies written by scripts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CookieConfig {
    /// Its name, as in the tracker's `identity.cookieName`.
    #[serde(default = "cookie_name")]
    pub name: String,
    /// Its domain, as the tracker writes it: the registrable domain of the shop.
    pub domain: Option<String>,
    /// Its life from each renewal.
    #[serde(default = "cookie_days")]
    pub days: u32,
}

fn cookie_name() -> String {
    "reco_id".to_owned()
}

fn cookie_days() -> u32 {
    90
}

/// What is wrong with a configuration, in one sentence.
#[derive(Debug)]
pub struct ConfigError(String);

impl ConfigError {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

/// What can be said by flags.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Beats `listen`.
    pub listen: Option<SocketAddr>,
    /// Beats `database`.
    pub database: Option<PathBuf>,
    /// Beats `dist`.
    pub dist: Option<PathBuf>,
    /// Beats `site`.
    pub site: Option<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    database: Option<PathBuf>,
    dist: Option<PathBuf>,
    site: Option<PathBuf>,
    admin_token: Option<String>,
    keys: Vec<FileKey>,
    cookie: Option<CookieConfig>,
    ibexa: vendors::Ibexa,
    yoochoose: Yoochoose,
    factfinder: vendors::FileFactFinder,
    intempt: vendors::FileIntempt,
    limits: Limits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileKey {
    number: u32,
    secret: String,
}

/// Shortest admin token: what a person can type is guessed from elsewhere.
const TOKEN_BYTES: usize = 16;
/// Browsers cut a cookie's life to this (RFC 6265bis).
const COOKIE_DAYS_MAX: u32 = 400;

impl Config {
    /// Reads the file, if there is one, and lets the flags beat it.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong.
    pub fn load(file: Option<&Path>, flags: Overrides) -> Result<Self, ConfigError> {
        let Some(path) = file else { return Self::from_toml("", flags) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError::new(format!("{} cannot be read: {error}", path.display()))
        })?;
        Self::from_toml(&text, flags)
            .map_err(|error| ConfigError::new(format!("{}: {error}", path.display())))
    }

    /// Reads the text of a configuration file, and lets the flags beat it.
    ///
    /// # Errors
    /// Something in it is wrong.
    pub fn from_toml(text: &str, flags: Overrides) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| place(text, &error))?;
        let File { ibexa, yoochoose, factfinder, intempt, .. } = file;
        let vendors = Tables { ibexa, yoochoose, factfinder, intempt }.check()?;
        let config = Self {
            listen: flags
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8787))),
            database: flags
                .database
                .or(file.database)
                .unwrap_or_else(|| PathBuf::from("recobeacon.sqlite")),
            dist: flags.dist.or(file.dist),
            site: flags.site.or(file.site),
            admin_token: file.admin_token,
            keys: file.keys.into_iter().map(FileKey::check).collect::<Result<_, _>>()?,
            cookie: file.cookie,
            vendors,
            limits: file.limits,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong = |sentence: String| Err(ConfigError(sentence));
        for (name, folder) in [("dist", &self.dist), ("site", &self.site)] {
            if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
                return wrong(format!("{name}: {} is not a folder", folder.display()));
            }
        }
        if self.admin_token.as_ref().is_some_and(|token| token.len() < TOKEN_BYTES) {
            return wrong(format!("admin_token: must have at least {TOKEN_BYTES} characters"));
        }
        let mut numbers: Vec<u32> = self.keys.iter().map(|key| key.number).collect();
        numbers.sort_unstable();
        if let Some([twice, _]) = numbers.array_windows().find(|[a, b]| a == b) {
            return wrong(format!("keys: number {twice} is there twice"));
        }
        if let Some(cookie) = &self.cookie {
            cookie.check()?;
        }
        self.limits.check().or_else(|name| wrong(format!("limits.{name}: must not be 0")))
    }
}

impl CookieConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let plain = |text: &str, more: &[u8]| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
        };
        if !plain(&self.name, b"-_.") {
            return Err(ConfigError::new("cookie.name: must have letters, digits and -_. only"));
        }
        if self.domain.as_ref().is_some_and(|domain| !plain(domain, b"-.")) {
            return Err(ConfigError::new("cookie.domain: must be a domain name"));
        }
        if self.days == 0 || self.days > COOKIE_DAYS_MAX {
            return Err(ConfigError(format!("cookie.days: must be 1 to {COOKIE_DAYS_MAX}")));
        }
        Ok(())
    }
}

impl FileKey {
    fn check(self) -> Result<Key, ConfigError> {
        let secret = parse_secret(&self.secret).map_err(|problem| {
            ConfigError(format!("keys: secret of {}: {problem}", self.number))
        })?;
        Ok(Key { number: self.number, secret })
    }
}

/// Not the error's own text: that repeats the line, and the line may hold a secret.
fn place(text: &str, error: &toml::de::Error) -> ConfigError {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    ConfigError(format!("line {line}: {}", error.message()))
}
