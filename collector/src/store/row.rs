//! A row of the table `events`.

use super::db::{self, Row as Columns, Transaction, params};
use super::orders::{self, Report, Way};
use super::visitors;

/// A row without its number. The writer's rows borrow their texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<T = String> {
    /// UUIDv7. An event with the same id is stored once.
    pub id: T,
    /// The method's name in index.d.ts.
    pub kind: T,
    /// The time by the visitor's clock.
    pub at: u64,
    /// The time of receipt by the collector's clock.
    pub received_at: u64,
    /// The time of sending by the visitor's clock.
    pub sent_at: Option<u64>,
    /// The interface that received it.
    pub source: T,
    /// The id of the page instance.
    pub stream: Option<T>,
    /// The batch's number within the stream.
    pub seq: Option<u64>,
    /// The event's place in its batch.
    pub place: Option<u64>,
    /// The name and version of the client.
    pub client: Option<T>,
    /// The customer's name in a vendor's interface.
    pub customer: Option<T>,
    /// The account, hashed.
    pub user: Option<T>,
    /// The anonymous visitor, hashed.
    pub anonymous: Option<T>,
    /// The number of the key of all hashes in the row.
    pub key: Option<u32>,
    /// The event's own fields, as a JSON object.
    pub fields: T,
    /// Whether the fields hold further hashed ids. It is not stored.
    pub has_more_ids: bool,
    /// The ids that a file's line had with older keys. They are not stored.
    pub older_ids: Vec<T>,
    /// The hashes of a file's account and visitor by older keys. They are not stored.
    pub older_hashes: Vec<T>,
}

/// The result of an insertion.
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
    ON CONFLICT (id) DO NOTHING";

impl Row<&str> {
    /// Inserts it, unless an event with this id or a line of its order exists.
    pub fn insert(&self, transaction: &Transaction<'_>, way: Way) -> db::Result<Inserted> {
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
        let Some(number) = transaction.insert(INSERT, values)? else { return Ok(Inserted::Copy) };
        if self.has_more_ids {
            visitors::index_fields(transaction, number, self.fields)?;
        }
        Ok(Inserted::New(number))
    }
}

impl Row {
    /// The same row for inserting.
    pub fn borrowed(&self) -> Row<&str> {
        Row {
            id: &self.id,
            kind: &self.kind,
            at: self.at,
            received_at: self.received_at,
            sent_at: self.sent_at,
            source: &self.source,
            stream: self.stream.as_deref(),
            seq: self.seq,
            place: self.place,
            client: self.client.as_deref(),
            customer: self.customer.as_deref(),
            user: self.user.as_deref(),
            anonymous: self.anonymous.as_deref(),
            key: self.key,
            fields: &self.fields,
            has_more_ids: self.has_more_ids,
            older_ids: self.older_ids.iter().map(String::as_str).collect(),
            older_hashes: self.older_hashes.iter().map(String::as_str).collect(),
        }
    }

    /// Reads it from a query of all columns.
    pub fn read(row: &Columns<'_>) -> db::Result<Self> {
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
