//! API keys and tokens. Only a SHA-256 digest of each is kept. The comparison takes the same time
//! for right and wrong guesses, so that timing reveals nothing.

use sha2::{Digest, Sha256};
use std::fmt;

/// A secret that a request must present.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// Makes the digest of this text.
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether the given text is the secret.
    pub fn is(&self, given: &[u8]) -> bool {
        let given = Sha256::digest(given);
        self.0.iter().zip(given.iter()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }

    /// Whether the given text is one of the secrets. Compares with all of them, so that the time
    /// does not depend on the match.
    pub fn is_one_of(secrets: &[Self], given: &[u8]) -> bool {
        secrets.iter().fold(false, |found, secret| found | secret.is(given))
    }
}
