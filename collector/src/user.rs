//! A user id as it came, on its way to be hashed.

use crate::pseudonym::Hasher;
use recobeacon_engine::error::Problem;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;
use std::fmt;

/// The id of an account or of a visitor. It cannot be printed: what is stored, reported and logged
/// is its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct UserId(String);

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserId(..)")
    }
}

impl UserId {
    /// By the tracker's rule for identifiers. Not `user_id`, which refuses e-mail addresses: shops
    /// that send these to a vendor today must not lose events here.
    ///
    /// # Errors
    /// What would have been right.
    pub fn read(value: &Value) -> Result<Self, &'static Problem> {
        rules::identifier(value).map(Self)
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The only form in which it is stored.
    pub fn hashed(&self, hasher: &Hasher) -> String {
        hasher.hash(&self.0)
    }
}
