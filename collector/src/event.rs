//! The stored data: events, and the requests that delivered them.

use crate::user::UserId;
use std::sync::Arc;

/// The type of an item whose event names none, as in the tracker.
pub const ITEM_TYPE: &str = "1";

/// A valid event that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// UUIDv7. An event with the same id is stored once.
    pub id: String,
    /// The method's name in index.d.ts.
    pub kind: &'static str,
    /// The time by the visitor's clock, as sent.
    pub at: u64,
    /// The account, hashed.
    pub user: Option<String>,
    /// The anonymous visitor, hashed.
    pub anonymous: Option<String>,
    /// Whether the fields hold further hashed ids.
    pub has_more_ids: bool,
    /// The hashes above, each with a hash of the same id by an older key.
    pub older: Vec<(String, String)>,
    /// The event's own fields, as a JSON object.
    pub fields: String,
    /// The ids as sent. They are not stored; forwarding seals them.
    pub ids: Ids,
}

/// The ids of an event that vendors need in the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    /// The account.
    pub user: Option<UserId>,
    /// The anonymous visitor.
    pub anonymous: Option<UserId>,
    /// The visitor's session.
    pub session: Option<UserId>,
    /// The company that the user belongs to.
    pub account: Option<UserId>,
    /// The purchaser that the user buys for.
    pub purchaser: Option<UserId>,
}

/// The events of one request. They are stored together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The interface that received them.
    pub source: Source,
    /// The time of receipt by the collector's clock.
    pub received_at: u64,
    /// The number of the key that the user ids were hashed with.
    pub key: u32,
    /// The events, in the order of the request.
    pub events: Vec<NewEvent>,
    /// The entries of the forwarding queue for these events.
    pub entries: Vec<Entry>,
}

/// An entry of the forwarding queue that is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The event's place in its batch.
    pub place: usize,
    /// The destination.
    pub destination: Arc<str>,
    /// The number of the piece, if the event is split.
    pub piece: u32,
    /// The kind of event.
    pub kind: &'static str,
    /// The visitor, hashed, or the page of an event without a visitor. `None`: it has expired
    /// already.
    pub visitor: Option<String>,
    /// The time of the event.
    pub at: u64,
    /// The time at which the ids are deleted.
    pub expires_at: u64,
    /// Most entries of the destination that may wait.
    pub most: u64,
    /// The key's number and the encrypted content. `None`: it has expired already.
    pub sealed: Option<(u32, Vec<u8>)>,
}

/// The interface that received the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A batch of the tracker.
    Batch(BatchHead),
    /// A vendor's interface, and the customer's name in it.
    Vendor(Vendor, String),
    /// The shop's own list of confirmed orders, and the customer, or an empty text.
    Shop(String),
}

/// The name of the tracker's own interface in the rows.
pub const BATCH: &str = "batch";
/// The name of the shop's list of orders in the rows.
pub const SHOP: &str = "shop";
/// The names of the interfaces for pages in the rows.
pub const INTERFACES: [&str; 5] = [
    BATCH,
    Vendor::Ibexa.name(),
    Vendor::Yoochoose.name(),
    Vendor::FactFinder.name(),
    Vendor::Intempt.name(),
];

/// A vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Ibexa Personalization. Its customer is the customer id.
    Ibexa,
    /// YOOCHOOSE, Ibexa's older interface.
    Yoochoose,
    /// FACT-Finder. Its customer is the channel.
    FactFinder,
    /// Intempt. Its customer is organization, project and source, joined by slashes.
    Intempt,
}

/// The envelope of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchHead {
    /// The id of the page instance.
    pub stream: String,
    /// The batch's number within the stream.
    pub seq: u64,
    /// Size of the body, in bytes.
    pub bytes: usize,
    /// The name and version of the client.
    pub client: Option<String>,
    /// The time of sending by the visitor's clock.
    pub sent_at: Option<u64>,
    /// The customer of the page's origin, if the configuration has one. The body does not name it.
    pub customer: Option<String>,
}

impl Vendor {
    /// The vendor's name in the rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ibexa => "ibexa",
            Self::Yoochoose => "yoochoose",
            Self::FactFinder => "factfinder",
            Self::Intempt => "intempt",
        }
    }
}

impl Source {
    /// The source's name in the rows.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Batch(_) => BATCH,
            Self::Vendor(vendor, _) => vendor.name(),
            Self::Shop(_) => SHOP,
        }
    }

    /// The envelope, if the source is a batch.
    pub fn batch(&self) -> Option<&BatchHead> {
        match self {
            Self::Batch(head) => Some(head),
            Self::Vendor(..) | Self::Shop(_) => None,
        }
    }

    /// The customer, if the source has one.
    pub fn customer(&self) -> Option<&str> {
        match self {
            Self::Batch(head) => head.customer.as_deref(),
            // A ready-made link of Ibexa may name no customer.
            Self::Vendor(_, customer) | Self::Shop(customer) => {
                Some(customer.as_str()).filter(|name| !name.is_empty())
            }
        }
    }
}
