//! The protocols of the destinations: from events to requests. Each has its own file.

mod batch;
#[cfg(feature = "vendors")]
mod factfinder;
mod ibexa;
#[cfg(feature = "vendors")]
mod intempt;
#[cfg(feature = "vendors")]
mod json_post;
#[cfg(not(feature = "vendors"))]
mod vendors_absent;

use batch::Batch;
pub use batch::Envelope;
#[cfg(feature = "vendors")]
use factfinder::FactFinder;
use ibexa::{Dialect, Ibexa};
#[cfg(feature = "vendors")]
use intempt::Intempt;
#[cfg(not(feature = "vendors"))]
use vendors_absent::{FactFinder, Intempt};

use super::error::{Error, ErrorCode, NOT_TEXT, Problem};
use super::event::{Field, Kind};
use super::fields::Fields;
use super::limits::Limits;
use super::percent::push_encoded;
use super::record::Record;
use super::request::Request;
use super::text::{concat, split_once};
use super::value::Value;

static OTHER_MODULE: Problem = Problem::new(
    ErrorCode::UnsupportedEvent,
    "needs recobeacon-all.wasm; recobeacon.wasm lacks it",
);
static NOT_ADDRESS: Problem =
    Problem::new(ErrorCode::OutOfRange, "must be an http address, or relative to the page");
static ADDRESS_CHARACTER: Problem =
    Problem::new(ErrorCode::BadCharacter, "must have no space, backslash or fragment");

/// Whether an event may be sent again if the outcome of its request is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryPolicy {
    /// Yes. The event id makes it count once.
    Idempotent,
    /// Once. A second arrival changes nothing but costs the vendor a request.
    OnceMore,
    /// No. Each arrival counts.
    AtMostOnce,
}

/// The events that one request may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchShape {
    /// A single event, in its URL.
    Single,
    /// Several events of one kind.
    SameKind,
    /// Several events of any kind.
    Mixed,
}

/// An event in the destination's format, or the reason why there is none.
pub type Encoded = Result<String, Error>;

/// The length of `{"track":[]}`, the longer envelope of the vendors' lists.
const LIST_BYTES: usize = 12;

/// The protocols' names in the configuration.
const NAMES: [&str; 5] = ["batch", "ibexa", "yoochoose", "factfinder", "intempt"];

/// The protocol of a destination.
#[derive(Debug)]
pub enum Protocol {
    /// A first-party collector.
    Batch(Batch),
    /// Ibexa Personalization, or its older form YOOCHOOSE.
    Ibexa(Ibexa),
    /// FACT-Finder.
    FactFinder(FactFinder),
    /// Intempt.
    Intempt(Intempt),
}

impl Protocol {
    /// Reads a destination's fields.
    pub fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        if f.get("protocol").is_none() {
            f.missing("protocol");
        }
        let known = "must be \"batch\", \"ibexa\", \"yoochoose\", \"factfinder\" or \"intempt\"";
        Some(match f.choice("protocol", &NAMES, known)? {
            0 => Self::Batch(Batch::read(f)),
            1 => Self::Ibexa(Ibexa::read(f, Dialect::Ibexa)),
            #[cfg(feature = "vendors")]
            2 => Self::Ibexa(Ibexa::read(f, Dialect::Yoochoose)),
            #[cfg(feature = "vendors")]
            3 => Self::FactFinder(FactFinder::read(f)),
            #[cfg(feature = "vendors")]
            4 => Self::Intempt(Intempt::read(f)),
            _ => {
                f.fail("protocol", &OTHER_MODULE);
                return None;
            }
        })
    }

    /// The destination's name in `stats()` and in warnings.
    pub fn name(&self) -> String {
        match self {
            Self::Batch(batch) => batch.name(),
            Self::Ibexa(ibexa) => ibexa.name(),
            Self::FactFinder(factfinder) => factfinder.name(),
            Self::Intempt(intempt) => intempt.name(),
        }
    }

    /// Whether its requests can be beacons: a POST without own headers.
    pub fn bears_beacons(&self) -> bool {
        match self {
            Self::Batch(_) => true,
            Self::Ibexa(ibexa) => ibexa.bears_beacons(),
            Self::FactFinder(factfinder) => factfinder.bears_beacons(),
            Self::Intempt(intempt) => intempt.bears_beacons(),
        }
    }

    /// The retry policy for events of this kind.
    pub fn retry_policy(&self, kind: Kind) -> RetryPolicy {
        match self {
            Self::Batch(_) => RetryPolicy::Idempotent,
            // Ibexa uses the highest percentage of a user and an item.
            Self::Ibexa(_) if kind == Kind::Consume => RetryPolicy::OnceMore,
            // Intempt's documentation promises to remove duplicate ids, but its own clients' notes
            // deny it.
            Self::Intempt(intempt) if intempt.is_idempotent() => RetryPolicy::Idempotent,
            // Ibexa counts n `buy` events as a quantity of n.
            Self::Ibexa(_) | Self::FactFinder(_) | Self::Intempt(_) => RetryPolicy::AtMostOnce,
        }
    }

    /// Whether only 204 acknowledges a request. The collector uses no other success; a vendor may
    /// use any.
    pub fn answers_204(&self) -> bool {
        matches!(self, Self::Batch(_))
    }

    /// The events that one request may hold.
    pub fn batch_shape(&self) -> BatchShape {
        match self {
            Self::Batch(_) | Self::Intempt(_) => BatchShape::Mixed,
            Self::Ibexa(_) => BatchShape::Single,
            Self::FactFinder(factfinder) => factfinder.batch_shape(),
        }
    }

    /// The largest size of a request without its events.
    pub fn envelope_bytes(&self) -> usize {
        match self {
            Self::Batch(batch) => batch.envelope_bytes(),
            Self::Ibexa(_) => 0,
            Self::FactFinder(_) | Self::Intempt(_) => LIST_BYTES,
        }
    }

    /// Whether its events have the visitor's session.
    pub fn has_sessions(&self) -> bool {
        matches!(self, Self::FactFinder(_))
    }

    /// The event in the destination's format. Warnings go to `advice`.
    ///
    /// # Errors
    /// The vendor has no such event, or its rules refuse this one.
    pub fn encode(&self, record: &Record, advice: &mut Vec<Error>) -> Encoded {
        match self {
            Self::Batch(batch) => Ok(batch.encode(record)),
            Self::Ibexa(ibexa) => ibexa.encode(record, advice),
            Self::FactFinder(factfinder) => factfinder.encode(record, advice),
            Self::Intempt(intempt) => intempt.encode(record),
        }
    }

    /// The request for a vendor's ready-made link, if the link belongs to this destination.
    pub fn own_link(&self, url: &str) -> Option<String> {
        if let Self::Ibexa(ibexa) = self { ibexa.own_link(url) } else { None }
    }

    /// Whether it fits into one request.
    pub fn fits(&self, encoded: &str) -> bool {
        let most = match self.batch_shape() {
            BatchShape::Single => Limits::REQUEST_URL as u64,
            BatchShape::Mixed | BatchShape::SameKind => Limits::BATCH_BYTES_MAX,
        };
        (encoded.len() + self.envelope_bytes()) as u64 <= most
    }

    /// The request for `fetchLater`, whose outcome stays unknown. `None` if it must not arrive
    /// twice.
    pub fn fetch_later_request(
        &self,
        encoded: &[&str],
        envelope: &Envelope<'_>,
    ) -> Option<Request> {
        if let Self::Batch(batch) = self {
            Some(batch.fetch_later_request(encoded, envelope))
        } else {
            None
        }
    }

    /// The request for these encoded events. They are of this kind if the protocol needs one kind
    /// for each request.
    pub fn request(&self, kind: Kind, encoded: &[&str], envelope: &Envelope<'_>) -> Request {
        match self {
            Self::Batch(batch) => batch.request(encoded, envelope),
            Self::Ibexa(ibexa) => ibexa.request(encoded),
            Self::FactFinder(factfinder) => factfinder.request(kind, encoded),
            Self::Intempt(intempt) => intempt.request(encoded),
        }
    }
}

/// The error for a kind of event that the vendor does not support. `detail` names the vendor.
pub fn unsupported(kind: Kind, detail: &'static str) -> Error {
    Problem::new(ErrorCode::UnsupportedEvent, detail).at(kind.name())
}

/// An address, absolute or relative to the page.
pub fn address(value: &Value) -> Result<String, &'static Problem> {
    let url = value.as_text().ok_or(&NOT_TEXT)?;
    if url.is_empty() || url.len() > Limits::URL_BYTES {
        return Err(&NOT_ADDRESS);
    }
    if url.bytes().any(|b| b <= b' ' || b == b'\\' || b == b'#') {
        return Err(&ADDRESS_CHARACTER);
    }
    // In "shop.example:8787/v1/events" a browser takes the host for the scheme.
    let is_path = |text: &str| text.bytes().any(|b| b == b'/' || b == b'?');
    if let Some((scheme, _)) = split_once(url, b':')
        && !is_path(scheme)
        && !matches!(scheme, "http" | "https")
    {
        return Err(&NOT_ADDRESS);
    }
    Ok(url.to_owned())
}

/// The event's field as named in warnings.
fn path(kind: Kind, field: Field) -> String {
    concat(&[kind.name(), ".", field.name()])
}

fn push_segment(url: &mut String, segment: &str) {
    url.push('/');
    push_encoded(url, segment);
}
