//! The place of the database: a file of SQLite, or a server of PostgreSQL.

use serde::Deserialize;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// The place of the database.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL.
    Server(Box<Server>),
}

/// A database of PostgreSQL.
#[derive(Clone)]
pub struct Server {
    /// The address and the account.
    pub config: postgres::Config,
    /// A file with the certificates (PEM) that the server's certificate is checked with, beside those
    /// of the operating system.
    pub ca: Option<PathBuf>,
}

/// The beginnings of an address of PostgreSQL.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

impl Place {
    /// Reads a path or an address.
    ///
    /// # Errors
    /// A sentence about an address, without its password.
    pub fn parse(text: OsString) -> Result<Self, &'static str> {
        let is_address = |text: &&str| SCHEMES.iter().any(|scheme| text.starts_with(scheme));
        let Some(address) = text.to_str().filter(is_address) else {
            return Ok(Self::File(PathBuf::from(text)));
        };
        let sentence = "must be a path, or an address like postgres://user@host/database";
        let config: postgres::Config = address.parse().map_err(|_| sentence)?;
        if config.get_hosts().is_empty() || config.get_dbname().is_none() {
            return Err(sentence);
        }
        Ok(Self::Server(Box::new(Server { config, ca: None })))
    }

    /// The file of SQLite.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

    /// The path beside which the key file is. A database of PostgreSQL has none: its configuration
    /// must have keys.
    pub fn beside(&self) -> &Path {
        self.file().unwrap_or(Path::new(""))
    }
}

impl TryFrom<String> for Place {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text.into())
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

impl fmt::Display for Server {
    /// Without the account and its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use postgres::config::Host;
        f.write_str("postgres://")?;
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            f.write_str(if place > 0 { "," } else { "" })?;
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                #[cfg(unix)]
                Host::Unix(path) => path.display().fmt(f)?,
            }
            let ports = self.config.get_ports();
            if let Some(port) = ports.get(place).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Place, &'static str> {
        Place::parse(text.into())
    }

    #[test]
    fn a_password_is_never_shown() {
        let place = parse("postgres://reco:secret@10.0.0.1:5433,db.example/events").unwrap();
        assert_eq!(place.to_string(), "postgres://10.0.0.1:5433,db.example:5432/events");
        assert!(!format!("{place:?}").contains("secret"));
        assert!(place.file().is_none());
        let wrong = parse("postgresql://reco:secret@host:port/events").unwrap_err();
        assert!(!wrong.contains("secret"));
    }

    #[test]
    fn an_address_names_a_host_and_a_database_and_everything_else_is_a_path() {
        for wrong in ["postgres://", "postgres:///events", "postgres://host", "postgres://h:x/d"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for path in ["events.sqlite", "postgres", "/var/lib/postgres:/x", "http://host/events"] {
            assert_eq!(parse(path).unwrap().file(), Some(Path::new(path)));
        }
    }
}
