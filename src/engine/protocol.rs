//! The languages of the receiving ends: events in, requests out. One file each.

mod batch;
mod ibexa;

pub use batch::{Batch, Envelope};
pub use ibexa::Ibexa;

use super::error::{Error, ErrorCode, Problem};
use super::event::Kind;
use super::limits::Limits;
use super::record::Record;
use super::text::concat;
use super::value::Value;

static NOT_TEXT: Problem = Problem::new(ErrorCode::BadType, "must be text");
static NOT_ADDRESS: Problem = Problem::new(ErrorCode::OutOfRange, "must be an address");
static ADDRESS_CHARACTER: Problem =
    Problem::new(ErrorCode::BadCharacter, "must have no space, backslash or fragment");

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address: absolute, or relative to the page.
    pub url: String,
    /// The body, sent as `text/plain` so that no preflight is needed.
    pub body: Option<String>,
    /// Ask in `no-cors` mode: the answer cannot be read, and a vendor that sends no CORS headers
    /// is not taken for one that refused.
    pub no_cors: bool,
}

/// Whether an event may be sent a second time when it is not known what became of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The event id makes it count once.
    Idempotent,
    /// Each arrival counts.
    AtMostOnce,
}

/// What is spoken at a destination.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// A first-party collector.
    Batch(Batch),
    /// Ibexa Personalization.
    Ibexa(Ibexa),
}

/// An event in the form of its destination, or why there is none.
pub type Encoded = Result<String, Error>;

impl Protocol {
    /// The destination's name in `stats()` and in warnings.
    pub fn name(&self) -> String {
        match self {
            Self::Batch(batch) => concat(&["batch ", batch.endpoint()]),
            Self::Ibexa(ibexa) => concat(&["ibexa ", ibexa.customer_id()]),
        }
    }

    /// The method of its requests.
    pub fn method(&self) -> Method {
        match self {
            Self::Batch(_) => Method::Post,
            Self::Ibexa(ibexa) => ibexa.method(),
        }
    }

    /// What it can bear.
    pub fn class(&self) -> Class {
        match self {
            Self::Batch(_) => Class::Idempotent,
            Self::Ibexa(_) => Class::AtMostOnce,
        }
    }

    /// Whether one request holds many events.
    pub fn batches(&self) -> bool {
        match self {
            Self::Batch(_) => true,
            Self::Ibexa(_) => false,
        }
    }

    /// The most bytes that a request has beside its events.
    pub fn envelope_bytes(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.envelope_bytes(),
            Self::Ibexa(_) => 0,
        }
    }

    /// The event in the destination's words; what is worth saying once goes to `advice`.
    ///
    /// # Errors
    /// The vendor has no such event, or its own rules refuse this one.
    pub fn encode(&self, record: &Record, advice: &mut Vec<Error>) -> Encoded {
        match self {
            Self::Batch(batch) => Ok(batch.encode(record)),
            Self::Ibexa(ibexa) => ibexa.encode(record, advice),
        }
    }

    /// The most that one encoded event may have.
    pub fn fits(&self, encoded: &str) -> bool {
        match self {
            Self::Batch(batch) => batch.fits(encoded),
            Self::Ibexa(_) => ibexa::fits(encoded),
        }
    }

    /// The request for these encoded events.
    pub fn request(&self, encoded: &[&str], envelope: &Envelope<'_>) -> Request {
        match self {
            Self::Batch(batch) => batch.request(encoded, envelope),
            Self::Ibexa(ibexa) => ibexa.request(encoded),
        }
    }
}

/// The error that says that a vendor has no word for a kind of event.
pub fn unsupported(kind: Kind) -> Error {
    Problem::new(ErrorCode::UnsupportedEvent, "is not known to this destination").at(kind.name())
}

/// An address, absolute or relative to the page.
fn address(value: &Value) -> Result<String, &'static Problem> {
    let url = value.as_text().ok_or(&NOT_TEXT)?;
    if url.is_empty() || url.len() > Limits::URL_BYTES {
        return Err(&NOT_ADDRESS);
    }
    if url.bytes().any(|b| b <= b' ' || b == b'\\' || b == b'#') {
        return Err(&ADDRESS_CHARACTER);
    }
    Ok(url.to_owned())
}
