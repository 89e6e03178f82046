//! Encrypts what the queue keeps of a visitor: XChaCha20-Poly1305 with random nonces
//! (draft-irtf-cfrg-xchacha). The keys are derived from those for hashing user ids.

use crate::error::ConfigError;
use crate::pseudonym::{self, Hasher, Key};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::fmt;
use std::path::Path;

/// The length of a nonce. With so many random bits no two are the same.
const NONCE_BYTES: usize = 24;
/// The purpose of the derived key.
const PURPOSE: &str = "forwarding queue 1";
/// The purpose of the hashes that sessions are made of.
const SESSION: &str = "forwarded session 1";

/// The keys by number.
pub struct Seals {
    keys: Vec<(u32, XChaCha20Poly1305)>,
    /// The number of the key for new entries.
    newest: u32,
    /// Derives sessions.
    sessions: [u8; 32],
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seals").field("newest", &self.newest).finish_non_exhaustive()
    }
}

/// The part of an entry that is bound to its content: a sealed content that is moved to another
/// entry does not open.
pub struct Place<'a> {
    /// The destination's name.
    pub destination: &'a str,
    /// The event's id.
    pub event: &'a str,
    /// The piece.
    pub piece: u32,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!("{}\0{}\0{}", self.destination, self.event, self.piece).into_bytes()
    }
}

impl Seals {
    /// Derives the keys. Older keys open the entries that were made with them.
    ///
    /// # Errors
    /// The key file cannot be read.
    pub fn new(keys: &[Key], database: &Path) -> Result<Self, ConfigError> {
        let hasher = Hasher::new(keys, database)?;
        let cipher = |(number, key): (u32, [u8; 32])| (number, XChaCha20Poly1305::new(&key.into()));
        let sessions = hasher.derived(SESSION).into_iter().next();
        let (_, sessions) = sessions.ok_or_else(|| ConfigError::new("keys: there are none"))?;
        Ok(Self {
            newest: hasher.key(),
            sessions,
            keys: hasher.derived(PURPOSE).into_iter().map(cipher).collect(),
        })
    }

    /// Encrypts. Returns the key's number and the bytes, or `None` if the system has no random
    /// bits.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Option<(u32, Vec<u8>)> {
        let (number, cipher) = self.keys.iter().find(|(number, _)| *number == self.newest)?;
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload { msg: plain, aad: &place.bytes() };
        let mut bytes = nonce.to_vec();
        bytes.extend(cipher.encrypt(&XNonce::from(nonce), payload).ok()?);
        Some((*number, bytes))
    }

    /// Decrypts. `None` if the key is missing, or if the bytes were changed or moved.
    pub fn open(&self, place: &Place<'_>, number: u32, bytes: &[u8]) -> Option<Vec<u8>> {
        let (_, cipher) = self.keys.iter().find(|(known, _)| *known == number)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: sealed, aad: &place.bytes() };
        cipher.decrypt(&XNonce::from(*nonce), payload).ok()
    }

    /// Bits that depend on the secret and this text only.
    pub fn session_bits(&self, of: &str) -> [u8; 16] {
        pseudonym::bits(&self.sessions, of)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn seals(numbers: &[u32]) -> Seals {
        let key = |number: &u32| Key { number: *number, secret: vec![*number as u8; 32] };
        Seals::new(&numbers.iter().map(key).collect::<Vec<_>>(), Path::new("unused")).unwrap()
    }

    const PLACE: Place<'_> = Place { destination: "a", event: "e", piece: 0 };

    #[test]
    fn a_sealed_content_opens_only_unchanged_in_its_place_and_with_its_key() {
        let seals = seals(&[1]);
        let (number, bytes) = seals.seal(&PLACE, b"johndoe").unwrap();
        assert!(!bytes.windows(7).any(|part| part == b"johndoe"));
        assert_eq!(seals.open(&PLACE, number, &bytes).unwrap(), b"johndoe");
        for place in [
            Place { destination: "b", ..PLACE },
            Place { event: "f", ..PLACE },
            Place { piece: 1, ..PLACE },
        ] {
            assert_eq!(seals.open(&place, number, &bytes), None);
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(seals.open(&PLACE, number, &changed), None, "byte {at}");
        }
        assert_eq!(seals.open(&PLACE, number, &bytes[..10]), None);
        assert_eq!(super::tests::seals(&[2]).open(&PLACE, 2, &bytes), None);
    }

    #[test]
    fn a_new_key_seals_and_the_older_one_still_opens() {
        let (number, bytes) = seals(&[1]).seal(&PLACE, b"x").unwrap();
        let both = seals(&[1, 2]);
        assert_eq!(both.open(&PLACE, number, &bytes).unwrap(), b"x");
        assert_eq!(both.seal(&PLACE, b"x").unwrap().0, 2);
    }

    #[test]
    fn two_contents_have_different_nonces() {
        let seals = seals(&[1]);
        assert_ne!(seals.seal(&PLACE, b"x").unwrap().1, seals.seal(&PLACE, b"x").unwrap().1);
    }
}
