//! Secrets that requests are held against: of each only a digest is kept, and compared whole, so
//! that the time taken says nothing of how much of a guess was right.

use sha2::{Digest, Sha256};
use std::fmt;

/// What a request must name to be let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// The secret of this text.
    pub fn new(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Whether this is it.
    pub fn is(&self, given: &[u8]) -> bool {
        let given = Sha256::digest(given);
        self.0.iter().zip(given.iter()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
    }

    /// Whether this is one of them. All are compared, whichever was right.
    pub fn is_one_of(secrets: &[Self], given: &[u8]) -> bool {
        secrets.iter().fold(false, |found, secret| found | secret.is(given))
    }
}
