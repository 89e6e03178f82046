//! A user id before it is hashed.

use crate::pseudonym::Hasher;
use recobeacon_engine::error::Problem;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use std::fmt;

/// The id of an account or a visitor. It cannot be printed. Only its hash is stored, returned or
/// logged.
#[derive(Clone, PartialEq, Eq)]
pub struct UserId(String);

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(..)")
    }
}

impl UserId {
    /// Applies the tracker's rule for identifiers. The rule `pseudonym` refuses e-mail addresses,
    /// but shops that send these to a vendor must not lose events here.
    ///
    /// # Errors
    /// The rule that the value breaks.
    pub fn read(value: &Value) -> Result<Self, &'static Problem> {
        rules::identifier(value).map(Self)
    }

    /// Applies the tracker's rule for ids of people, which refuses e-mail addresses.
    ///
    /// # Errors
    /// The rule that the value breaks.
    pub fn pseudonym(value: &Value) -> Result<Self, &'static Problem> {
        rules::pseudonym(value).map(Self)
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hash, the only form in which the id is stored.
    pub fn hashed(&self, hasher: &Hasher) -> String {
        hasher.hash(&self.0)
    }
}
