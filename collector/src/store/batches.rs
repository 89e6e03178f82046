//! The table `batches`: each batch of the tracker, and how often it came again.

use super::db::{self, Transaction, params};
use crate::event::Delivery;
use serde::Serialize;
use std::collections::HashMap;

const INSERT: &str = "
    INSERT INTO batches (stream, seq, bytes, events, stored, received_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (stream, seq)
    DO UPDATE SET copies = batches.copies + 1, stored = batches.stored + excluded.stored";

/// All batches of a transaction at once, each of them in one row.
const INSERT_ALL: &str = "
    INSERT INTO batches (stream, seq, bytes, events, stored, received_at, copies)
    SELECT stream, seq, bytes, events, stored, received_at, copies
    FROM json_to_recordset(CAST(? AS json)) AS new (stream TEXT, seq BIGINT, bytes BIGINT,
        events BIGINT, stored BIGINT, received_at BIGINT, copies BIGINT)
    ON CONFLICT (stream, seq)
    DO UPDATE SET copies = batches.copies + excluded.copies + 1,
                  stored = batches.stored + excluded.stored";

/// The row of a batch.
#[derive(Serialize)]
struct Row<'a> {
    stream: &'a str,
    seq: i64,
    bytes: i64,
    events: i64,
    stored: i64,
    received_at: i64,
    /// How often it came again within the transaction.
    copies: i64,
}

impl<'a> Row<'a> {
    /// The row of a delivery with so many new events, if it is a batch.
    fn of(delivery: &'a Delivery, stored: u32) -> Option<Self> {
        let head = delivery.source.batch()?;
        Some(Self {
            stream: &head.stream,
            seq: head.seq as i64,
            bytes: head.bytes as i64,
            events: delivery.events.len() as i64,
            stored: i64::from(stored),
            received_at: delivery.received_at as i64,
            copies: 0,
        })
    }
}

/// Notes a batch with so many new events, or a copy of one.
pub fn insert(transaction: &Transaction<'_>, delivery: &Delivery, stored: u32) -> db::Result<()> {
    let Some(row) = Row::of(delivery, stored) else { return Ok(()) };
    let values = params![row.stream, row.seq, row.bytes, row.events, row.stored, row.received_at];
    transaction.prepare_cached(INSERT)?.execute(values).map(drop)
}

/// Notes batches in PostgreSQL, which would answer each statement on its own.
pub fn insert_all<'a>(
    transaction: &Transaction<'_>,
    deliveries: impl Iterator<Item = (&'a Delivery, u32)>,
) -> db::Result<()> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut places = HashMap::new();
    for row in deliveries.filter_map(|(delivery, stored)| Row::of(delivery, stored)) {
        let place = *places.entry((row.stream, row.seq)).or_insert(rows.len());
        match rows.get_mut(place) {
            Some(first) => {
                first.copies += 1;
                first.stored += row.stored;
            }
            None => rows.push(row),
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let list = serde_json::to_string(&rows).unwrap_or_default();
    transaction.prepare_cached(INSERT_ALL)?.execute([list]).map(drop)
}
