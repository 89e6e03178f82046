//! What can be wrong, as a closed set of codes that a shop can rely on.

use super::text::concat;
use std::fmt;

/// The codes of `TrackerError` in index.d.ts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The configuration is unusable.
    Config,
    /// A required field is absent.
    MissingField,
    /// A field is of the wrong type.
    BadType,
    /// A field is outside its range, too long or empty.
    OutOfRange,
    /// A field has a character that no vendor's URL can carry.
    BadCharacter,
    /// A user id looks like an e-mail address.
    PersonalData,
    /// A purchase that this browser has sent already.
    DuplicateOrder,
    /// No such method.
    UnknownEvent,
    /// A field of the configuration or of an event that we do not know; it is ignored.
    UnknownOption,
    /// The vendor, or this version, has no such event.
    UnsupportedEvent,
    /// The oldest event gave way to a newer one.
    QueueFull,
    /// The event was older than `queue.maxAgeMs`.
    Expired,
    /// The endpoint said no for good.
    Refused,
    /// A text in the outbox cannot be read.
    Damaged,
    /// Retries ended, or the endpoint cannot be reached at all.
    Unreachable,
}

impl ErrorCode {
    /// The code as JavaScript sees it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::MissingField => "missing-field",
            Self::BadType => "bad-type",
            Self::OutOfRange => "out-of-range",
            Self::BadCharacter => "bad-character",
            Self::PersonalData => "personal-data",
            Self::DuplicateOrder => "duplicate-order",
            Self::UnknownEvent => "unknown-event",
            Self::UnknownOption => "unknown-option",
            Self::UnsupportedEvent => "unsupported-event",
            Self::QueueFull => "queue-full",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Damaged => "damaged",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A problem with one value, before it is known where the value stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem.
    pub code: ErrorCode,
    /// What would have been right, to be read after the field's name.
    pub detail: &'static str,
}

impl Problem {
    /// A problem of this kind; `detail` goes on from the field's name: "must be ...".
    pub const fn new(code: ErrorCode, detail: &'static str) -> Self {
        Self { code, detail }
    }

    /// Says where the value stood.
    pub fn at(&self, field: impl Into<String>) -> Error {
        Error { code: self.code, field: field.into(), detail: self.detail }
    }
}

/// A page that makes more of something than any page needs.
pub static TOO_MUCH: Problem =
    Problem::new(ErrorCode::OutOfRange, "has too much to measure on this page");

/// A problem and the path to the field at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of problem.
    pub code: ErrorCode,
    /// Path to the field, for example `buy.price` or `rendered.items[2]`; the destination's name
    /// where an event was lost on the way.
    pub field: String,
    /// What would have been right.
    pub detail: &'static str,
}

impl Error {
    /// What is wrong, for a person.
    pub fn message(&self) -> String {
        concat(&[&self.field, " ", self.detail])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Error {}
