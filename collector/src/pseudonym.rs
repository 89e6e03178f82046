//! User ids as keyed hashes: the only form in which they are stored, reported or logged.
//!
//! A plain hash of an e-mail address or a customer number can be reversed by trying all values. A
//! keyed hash cannot be reversed without the key. Each row has the number of its key.

use crate::error::ConfigError;
use crate::private;
use hmac::{Hmac, KeyInit, Mac};
use recobeacon_engine::json::push_hex;
use sha2::Sha256;
use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Shortest secret in bytes.
const SECRET_BYTES: usize = 16;
/// Length in bytes of a generated secret.
const NEW_SECRET_BYTES: usize = 32;
/// Bytes of a hash that are kept. 128 bits suffice for any number of visitors.
const HASH_BYTES: usize = 16;
/// The input for recognising a key. It is longer than any user id, so it cannot be one.
const KEY_CHECK: [u8; 1024] = [0; 1024];

/// A key for user ids.
#[derive(Clone)]
pub struct Key {
    /// The number, stored with each row.
    pub number: u32,
    /// The secret. It is neither logged nor stored in the database.
    pub secret: Vec<u8>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("number", &self.number).finish_non_exhaustive()
    }
}

/// Hashes user ids with the key of the highest number.
#[derive(Clone, Debug)]
pub struct Hasher {
    current: Keyed,
    /// The other keys, from the highest number to the lowest.
    older: Vec<Keyed>,
}

#[derive(Clone, Debug)]
struct Keyed {
    number: u32,
    mac: Hmac<Sha256>,
}

impl Hasher {
    /// Uses the key of the highest number. Without keys it uses the key file beside the database,
    /// and creates it if it is missing.
    ///
    /// # Errors
    /// The key file cannot be created or read.
    pub fn new(keys: &[Key], database: &Path) -> Result<Self, ConfigError> {
        let mut keys = if keys.is_empty() { kept_keys(database)? } else { keys.to_vec() };
        keys.sort_by_key(|key| std::cmp::Reverse(key.number));
        let mut keyed = keys.iter().map(Keyed::new).collect::<Result<Vec<_>, _>>()?.into_iter();
        let current = keyed.next().ok_or(ConfigError::new("keys: there is no key"))?;
        Ok(Self { current, older: keyed.collect() })
    }

    /// Like [`Hasher::new`], for a command: makes no key file.
    ///
    /// # Errors
    /// There is no key, or the key file cannot be read.
    pub fn existing(keys: &[Key], database: &Path) -> Result<Self, ConfigError> {
        let path = key_file(database);
        if keys.is_empty() && !path.exists() {
            let sentence = format!("the key file {} does not exist", path.display());
            return Err(ConfigError::new(sentence));
        }
        Self::new(keys, database)
    }

    /// The number of the key.
    pub fn key(&self) -> u32 {
        self.current.number
    }

    /// The first 32 digits of the id's HMAC-SHA256 in lower-case hex.
    pub fn hash(&self, id: &str) -> String {
        self.current.digest(id.as_bytes())
    }

    /// The id's hash, with its hash by each older key.
    pub fn older(&self, id: &str) -> Vec<(String, String)> {
        if self.older.is_empty() {
            return Vec::new();
        }
        let hash = self.hash(id);
        self.older.iter().map(|key| (hash.clone(), key.digest(id.as_bytes()))).collect()
    }

    /// The id's hash by each key, the current one first, with the key's number.
    pub fn all(&self, id: &str) -> Vec<(u32, String)> {
        self.keys().map(|key| (key.number, key.digest(id.as_bytes()))).collect()
    }

    /// For each key its number and a key for another purpose, the current one first. It cannot be
    /// computed from any stored hash, because no user id is as long as its input.
    pub fn derived(&self, purpose: &str) -> Vec<(u32, [u8; 32])> {
        let derive = |key: &Keyed| {
            let mut mac = key.mac.clone();
            mac.update(&KEY_CHECK);
            mac.update(purpose.as_bytes());
            (key.number, mac.finalize().into_bytes().into())
        };
        self.keys().map(derive).collect()
    }

    /// For each key its number, and a hash by which the database recognises it without storing it.
    pub fn checks(&self) -> Vec<(u32, String)> {
        self.keys().map(Keyed::check).collect()
    }

    /// That of the current key.
    pub fn check(&self) -> (u32, String) {
        self.current.check()
    }

    fn keys(&self) -> impl Iterator<Item = &Keyed> {
        std::iter::once(&self.current).chain(&self.older)
    }
}

impl Keyed {
    fn new(key: &Key) -> Result<Self, ConfigError> {
        let mac = Hmac::new_from_slice(&key.secret)
            .map_err(|_| ConfigError::new("keys: the secret's length is not valid for HMAC"))?;
        Ok(Self { number: key.number, mac })
    }

    fn check(&self) -> (u32, String) {
        (self.number, self.digest(&KEY_CHECK))
    }

    fn digest(&self, message: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(message);
        let digest = mac.finalize().into_bytes();
        let mut hex = String::with_capacity(2 * HASH_BYTES);
        digest.iter().take(HASH_BYTES).for_each(|byte| push_hex(&mut hex, *byte));
        hex
    }
}

/// The first 128 bits of the text's HMAC-SHA256 with a derived key.
pub fn bits(key: &[u8; 32], text: &str) -> [u8; 16] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 16] };
    mac.update(text.as_bytes());
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// Parses a secret in hexadecimal form.
///
/// # Errors
/// The fault, without the secret.
pub fn parse_secret(hex: &str) -> Result<Vec<u8>, &'static str> {
    let digits: Option<Vec<u32>> = hex.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.ok_or("must be hexadecimal")?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() < SECRET_BYTES {
        return Err("must have at least 32 hexadecimal digits, and an even number of them");
    }
    Ok(pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect())
}

/// The file with the keys of a collector whose configuration has none. Its first line is key 1, and
/// each further line the next key.
pub fn key_file(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".key");
    PathBuf::from(path)
}

/// Makes a secret, in hexadecimal form.
///
/// # Errors
/// The system has no random bits.
pub fn new_secret() -> Result<String, ConfigError> {
    let mut secret = [0; NEW_SECRET_BYTES];
    getrandom::fill(&mut secret)
        .map_err(|error| ConfigError::new(format!("there are no random bits: {error}")))?;
    Ok(secret.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Reads the keys from the key file, or creates the file at the first start. If the file is lost,
/// known visitors appear as new ones.
fn kept_keys(database: &Path) -> Result<Vec<Key>, ConfigError> {
    let path = &key_file(database);
    let failed = |what: &str, error: &dyn fmt::Display| {
        ConfigError::new(format!("the key file {} {what}: {error}", path.display()))
    };
    // The key is stored before the database is made.
    private::make_folder(database)
        .map_err(|error| failed("is in a folder that cannot be created", &error))?;
    match private::create_beside(path, database) {
        Ok(mut file) => {
            let hex = new_secret()?;
            file.write_all(format!("{hex}\n").as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| failed("cannot be written", &error))?;
            parse_keys(&hex).map_err(|problem| failed("is damaged", &problem))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            private::close_to_others(path)
                .map_err(|error| failed("cannot be made private", &error))?;
            let text =
                std::fs::read_to_string(path).map_err(|error| failed("cannot be read", &error))?;
            parse_keys(&text).map_err(|problem| failed("is damaged", &problem))
        }
        Err(error) => Err(failed("cannot be created", &error)),
    }
}

fn parse_keys(text: &str) -> Result<Vec<Key>, &'static str> {
    let key = |(number, hex): (u32, &str)| Ok(Key { number, secret: parse_secret(hex.trim())? });
    // An empty file has one line without a secret, which is an error.
    (1..).zip(text.trim_end().split('\n')).map(key).collect()
}

/// Adds a key to the key file. The next start uses it. Returns its number.
///
/// # Errors
/// There is no key file, it is damaged, or it cannot be replaced.
pub fn add_key(database: &Path) -> Result<u32, ConfigError> {
    let path = key_file(database);
    let failed = |error: &dyn fmt::Display| {
        ConfigError::new(format!("the key file {} cannot be changed: {error}", path.display()))
    };
    let mut text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
    let number = parse_keys(&text).map_err(|problem| failed(&problem))?.len() as u32 + 1;
    text.truncate(text.trim_end().len());
    text.push_str(&format!("\n{}\n", new_secret()?));
    private::replace(&path, database, text.as_bytes()).map_err(|error| failed(&error))?;
    Ok(number)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Computed by Python: `hmac.new(bytes.fromhex(key), id.encode(), "sha256").hexdigest()[:32]`.
    #[test]
    fn hashes_match_an_independent_implementation() {
        let secret = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        let key = Key { number: 7, secret: parse_secret(secret).unwrap() };
        let hasher = Hasher::new(&[key], Path::new("unused")).unwrap();
        assert_eq!(hasher.hash("johndoe"), "a1bf54c2232c966f8201ba97add4126b");
        assert_eq!(hasher.hash("Jürgen/Müller 漢字"), "285ff5bd175dc7a712b458daffa24b62");
        assert_eq!(hasher.key(), 7);
    }

    #[test]
    fn the_key_with_the_highest_number_is_used() {
        let key = |number| Key { number, secret: vec![number as u8; 32] };
        let hasher = Hasher::new(&[key(2), key(9), key(3)], Path::new("unused")).unwrap();
        assert_eq!(hasher.key(), 9);
        assert_eq!(
            hasher.hash("a"),
            Hasher::new(&[key(9)], Path::new("unused")).unwrap().hash("a")
        );
    }

    #[test]
    fn a_secret_is_hexadecimal_with_at_least_16_bytes() {
        assert_eq!(parse_secret(&"0F".repeat(16)), Ok(vec![15; 16]));
        for wrong in ["", "0f", &"0f".repeat(15), &("0f".repeat(16) + "0"), &"0g".repeat(16)] {
            assert!(parse_secret(wrong).is_err(), "{wrong}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_key_file_is_created_once_and_readable_by_its_owner_only() {
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
