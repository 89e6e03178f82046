//! A row of the table `events`.

use super::orders::{self, Report, Way};
use super::visitors;
use rusqlite::{OptionalExtension, Row as Columns, Transaction, params};

/// A row without its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// UUIDv7. An event with the same id is stored once.
    pub id: String,
    /// The method's name in index.d.ts.
    pub kind: String,
    /// The time by the visitor's clock.
    pub at: u64,
    /// The time of receipt by the collector's clock.
    pub received_at: u64,
    /// The time of sending by the visitor's clock.
    pub sent_at: Option<u64>,
    /// The interface that received it.
    pub source: String,
    /// The id of the page instance.
    pub stream: Option<String>,
    /// The batch's number within the stream.
    pub seq: Option<u64>,
    /// The event's place in its batch.
    pub place: Option<u64>,
    /// The name and version of the client.
    pub client: Option<String>,
    /// The customer's name in a vendor's interface.
    pub customer: Option<String>,
    /// The account, hashed.
    pub user: Option<String>,
    /// The anonymous visitor, hashed.
    pub anonymous: Option<String>,
    /// The number of the key of all hashes in the row.
    pub key: Option<u32>,
    /// The event's own fields, as a JSON object.
    pub fields: String,
    /// Whether the fields hold further hashed ids. It is not stored.
    pub has_more_ids: bool,
    /// The ids that a file's line had with older keys. They are not stored.
    pub older_ids: Vec<String>,
    /// The hashes of a file's account and visitor by older keys. They are not stored.
    pub older_hashes: Vec<String>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is stored under this number.
    New(i64),
    /// It has no row, because the shop has confirmed this line of an order. It is the first report
    /// of a page.
    ConfirmedBefore,
    /// It was stored before.
    Copy,
}

const INSERT: &str = "
    INSERT INTO events (id, type, at, received_at, sent_at, source, stream, seq, place, client,
                        customer, user, anonymous, key, fields)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO NOTHING
    RETURNING row";

impl Row {
    /// Inserts it, unless an event with this id or a line of its order exists.
    pub fn insert(&self, transaction: &Transaction<'_>, way: Way) -> rusqlite::Result<Inserted> {
        match orders::admit(transaction, self, way)? {
            Report::New => {}
            Report::ConfirmedBefore => return Ok(Inserted::ConfirmedBefore),
            Report::Copy => return Ok(Inserted::Copy),
        }
        let signed = |number: Option<u64>| number.map(|number| number as i64);
        let values = params![
            self.id,
            self.kind,
            self.at as i64,
            self.received_at as i64,
            signed(self.sent_at),
            self.source,
            self.stream,
            signed(self.seq),
            signed(self.place),
            self.client,
            self.customer,
            self.user,
            self.anonymous,
            self.key,
            self.fields,
        ];
        let number =
            transaction.prepare_cached(INSERT)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(number) = number.filter(|_| self.has_more_ids) {
            visitors::index_fields(transaction, number, &self.fields)?;
        }
        Ok(number.map_or(Inserted::Copy, Inserted::New))
    }

    /// Reads it from a query of all columns.
    pub fn read(row: &Columns<'_>) -> rusqlite::Result<Self> {
        // All stored numbers are zero or positive.
        let whole = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
        let some = |name: &str| {
            row.get::<_, Option<i64>>(name).map(|number| number.map(i64::unsigned_abs))
        };
        Ok(Self {
            id: row.get("id")?,
            kind: row.get("type")?,
            at: whole("at")?,
            received_at: whole("received_at")?,
            sent_at: some("sent_at")?,
            source: row.get("source")?,
            stream: row.get("stream")?,
            seq: some("seq")?,
            place: some("place")?,
            client: row.get("client")?,
            customer: row.get("customer")?,
            user: row.get("user")?,
            anonymous: row.get("anonymous")?,
            key: row.get("key")?,
            fields: row.get("fields")?,
            has_more_ids: false,
            older_ids: Vec::new(),
            older_hashes: Vec::new(),
        })
    }
}
