//! The error codes, a closed set that shops can rely on.

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
    /// A field has a character that vendors' URLs cannot carry.
    BadCharacter,
    /// A user id looks like an e-mail address.
    PersonalData,
    /// This browser has sent the purchase before.
    DuplicateOrder,
    /// There is no such method.
    UnknownEvent,
    /// The field of the configuration or event is unknown and is ignored.
    UnknownOption,
    /// The vendor, or this version, has no such event.
    UnsupportedEvent,
    /// The oldest event was dropped for a newer one.
    QueueFull,
    /// The event was older than `queue.maxAgeMs`.
    Expired,
    /// The endpoint refused the request permanently.
    Refused,
    /// A text in the outbox cannot be read.
    Damaged,
    /// Retries ended, or the endpoint cannot be reached.
    Unreachable,
}

impl ErrorCode {
    /// The code in JavaScript.
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

/// A problem with a value, without the path to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kind of problem.
    pub code: ErrorCode,
    /// The rule that the value breaks. It continues the field's name.
    pub detail: &'static str,
}

impl Problem {
    /// Makes a problem. `detail` continues the field's name: "must be ...".
    pub const fn new(code: ErrorCode, detail: &'static str) -> Self {
        Self { code, detail }
    }

    /// Adds the path to the value.
    pub fn at(&self, field: impl Into<String>) -> Error {
        Error { code: self.code, field: field.into(), detail: self.detail }
    }
}

/// A required value is absent.
pub static MISSING: Problem = Problem::new(ErrorCode::MissingField, "is required");
/// A value is no text.
pub static NOT_TEXT: Problem = Problem::new(ErrorCode::BadType, "must be text");
/// A value is no number, nor a text that is read as one.
pub static NOT_NUMBER: Problem = Problem::new(ErrorCode::BadType, "must be a number");
/// A value is no list.
pub static NOT_LIST: Problem = Problem::new(ErrorCode::BadType, "must be a list");
/// The page measures more than the limits allow.
pub static TOO_MUCH: Problem = Problem::new(ErrorCode::OutOfRange, "is at its limit on this page");

/// A problem and the path to the field at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of problem.
    pub code: ErrorCode,
    /// The path to the field, for example `buy.price` or `rendered.items[2]`. For a lost event: the
    /// destination's name.
    pub field: String,
    /// The rule that the value breaks.
    pub detail: &'static str,
}

impl Error {
    /// The message for people.
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
