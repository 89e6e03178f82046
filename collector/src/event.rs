//! What is stored: events, and the requests that brought them.

/// An event that was found valid, and is not stored yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// UUIDv7: what makes it count once.
    pub id: String,
    /// The method's name in index.d.ts.
    pub kind: &'static str,
    /// When it happened by the visitor's clock, as it was sent.
    pub at: u64,
    /// The account, hashed.
    pub user: Option<String>,
    /// The anonymous visitor, hashed.
    pub anonymous: Option<String>,
    /// Whether there are further hashed ids among the fields.
    pub has_more_ids: bool,
    /// The event's own fields, as a JSON object.
    pub fields: String,
}

/// One request's events. They are stored together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How they came.
    pub source: Source,
    /// When they came, by the collector's clock.
    pub received_at: u64,
    /// The number of the key that the user ids were hashed with.
    pub key: u32,
    /// The events, in the order of the request.
    pub events: Vec<NewEvent>,
}

/// How events came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// As a batch of the tracker.
    Batch(BatchHead),
    /// By a vendor's interface, for this customer: what the vendor tells its customers apart by.
    Vendor(Vendor, String),
}

/// Whose interface it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Ibexa Personalization. Its customer is the customer id.
    Ibexa,
    /// YOOCHOOSE, the older form of the same.
    Yoochoose,
    /// FACT-Finder. Its customer is the channel.
    FactFinder,
    /// Intempt. Its customer is organization, project and source, joined by slashes.
    Intempt,
}

/// What stood around the events of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchHead {
    /// The page instance.
    pub stream: String,
    /// The batch's number within it.
    pub seq: u64,
    /// Size of the body, in bytes.
    pub bytes: usize,
    /// What sent it.
    pub client: Option<String>,
    /// When, by the visitor's clock.
    pub sent_at: Option<u64>,
}

impl Source {
    /// Its name in the rows.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Batch(_) => "batch",
            Self::Vendor(Vendor::Ibexa, _) => "ibexa",
            Self::Vendor(Vendor::Yoochoose, _) => "yoochoose",
            Self::Vendor(Vendor::FactFinder, _) => "factfinder",
            Self::Vendor(Vendor::Intempt, _) => "intempt",
        }
    }

    /// The batch, where it was one.
    pub fn batch(&self) -> Option<&BatchHead> {
        match self {
            Self::Batch(head) => Some(head),
            Self::Vendor(..) => None,
        }
    }

    /// The customer, where the interface has one.
    pub fn customer(&self) -> Option<&str> {
        match self {
            Self::Batch(_) => None,
            // A ready-made link of Ibexa's may name none.
            Self::Vendor(_, customer) => Some(customer.as_str()).filter(|name| !name.is_empty()),
        }
    }
}
