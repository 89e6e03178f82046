//! User ids as keyed hashes: the only form in which they are stored, reported or logged.
//!
//! A plain hash of an e-mail address or a customer number is undone by trying them all; without
//! the key this one is not. Rows say by the key's number which key theirs was made with.

use crate::config::ConfigError;
use crate::private;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// Shortest secret, in bytes.
const SECRET_BYTES: usize = 16;
/// Bytes of the secret that is made where none is configured.
const NEW_SECRET_BYTES: usize = 32;
/// Bytes of a hash that are kept: 128 bits tell any number of visitors apart.
const HASH_BYTES: usize = 16;
/// What is hashed to recognise a key. Longer than any user id, so it never is one.
const KEY_CHECK: [u8; 1024] = [0; 1024];

/// A key for user ids.
#[derive(Clone)]
pub struct Key {
    /// Stored with each row.
    pub number: u32,
    /// Kept out of logs and of the database.
    pub secret: Vec<u8>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Hashes user ids with the newest key.
#[derive(Clone, Debug)]
pub struct Hasher {
    number: u32,
    mac: Hmac<Sha256>,
}

impl Hasher {
    /// With the key of the highest number, or with the one beside the database, which is made
    /// where it is missing.
    ///
    /// # Errors
    /// The key file cannot be made or read.
    pub fn new(keys: &[Key], database: &Path) -> Result<Self, ConfigError> {
        match keys.iter().max_by_key(|key| key.number) {
            Some(key) => Self::with(key),
            None => Self::with(&Key { number: 1, secret: kept_secret(&key_file(database))? }),
        }
    }

    fn with(key: &Key) -> Result<Self, ConfigError> {
        let mac = Hmac::new_from_slice(&key.secret)
            .map_err(|_| ConfigError::new("keys: the secret has no length that HMAC takes"))?;
        Ok(Self { number: key.number, mac })
    }

    /// The number of the key.
    pub fn key(&self) -> u32 {
        self.number
    }

    /// HMAC-SHA256 of the id in lower-case hex, cut to 32 digits.
    pub fn hash(&self, id: &str) -> String {
        self.digest(id.as_bytes())
    }

    /// By this the database recognises the key without holding it.
    pub fn check(&self) -> String {
        self.digest(&KEY_CHECK)
    }

    fn digest(&self, message: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(message);
        let digest = mac.finalize().into_bytes();
        digest.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A secret from its hexadecimal form.
///
/// # Errors
/// What is wrong with it, without repeating it.
pub fn parse_secret(hex: &str) -> Result<Vec<u8>, &'static str> {
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or("must be hexadecimal")?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() < SECRET_BYTES {
        return Err("must have at least 32 hexadecimal digits, and an even number of them");
    }
    Ok(pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect())
}

fn key_file(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".key");
    PathBuf::from(path)
}

/// The secret in the file, made at the first start. Losing it splits every visitor's history.
fn kept_secret(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let failed = |what: &str, error: &dyn fmt::Display| {
        ConfigError::new(format!("the key file {} {what}: {error}", path.display()))
    };
    match private::create(path) {
        Ok(mut file) => {
            let mut secret = vec![0; NEW_SECRET_BYTES];
            getrandom::fill(&mut secret).map_err(|error| failed("has no random bits", &error))?;
            let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
            file.write_all(hex.as_bytes())
                .and_then(|()| file.write_all(b"\n"))
                .and_then(|()| file.sync_all())
                .map_err(|error| failed("cannot be written", &error))?;
            Ok(secret)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            private::close_to_others(path)
                .map_err(|error| failed("cannot be closed to others", &error))?;
            let mut hex = String::new();
            std::fs::File::open(path)
                .and_then(|mut file| file.read_to_string(&mut hex))
                .map_err(|error| failed("cannot be read", &error))?;
            parse_secret(hex.trim()).map_err(|problem| failed("is damaged", &problem))
        }
        Err(error) => Err(failed("cannot be made", &error)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Computed by Python: `hmac.new(bytes.fromhex(key), id.encode(), "sha256").hexdigest()[:32]`.
    #[test]
    fn hashes_are_those_of_an_independent_implementation() {
        let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let key = Key { number: 7, secret: parse_secret(secret).unwrap() };
        let hasher = Hasher::with(&key).unwrap();
        assert_eq!(hasher.hash("johndoe"), "a1bf54c2232c966f8201ba97add4126b");
        assert_eq!(hasher.hash("Jürgen/Müller 漢字"), "285ff5bd175dc7a712b458daffa24b62");
        assert_eq!(hasher.key(), 7);
    }

    #[test]
    fn the_key_with_the_highest_number_hashes() {
        let key = |number| Key { number, secret: vec![number as u8; 32] };
        let hasher = Hasher::new(&[key(2), key(9), key(3)], Path::new("unused")).unwrap();
        assert_eq!(hasher.key(), 9);
        assert_eq!(hasher.hash("a"), Hasher::with(&key(9)).unwrap().hash("a"));
    }

    #[test]
    fn a_secret_is_hex_of_16_bytes_or_more() {
        assert_eq!(parse_secret(&"0F".repeat(16)), Ok(vec![15; 16]));
        for wrong in ["", "0f", &"0f".repeat(15), &("0f".repeat(16) + "0"), &"0g".repeat(16)] {
            assert!(parse_secret(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_made_once_and_for_the_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("events.sqlite");
        let first = Hasher::new(&[], &database).unwrap();
        let again = Hasher::new(&[], &database).unwrap();
        assert_eq!(first.hash("a"), again.hash("a"));
        let kept = folder.path().join("events.sqlite.key");
        assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o644)).unwrap();
        Hasher::new(&[], &database).unwrap();
        assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&kept, "").unwrap();
        assert!(Hasher::new(&[], &database).unwrap_err().to_string().contains("is damaged"));
    }
}
