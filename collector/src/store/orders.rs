//! Purchases with an order's number: each line of an order is one row, whichever device, page or
//! shop system reports it.
//!
//! A line is the n-th line of one item (type and id) within one report. A report is one call of one
//! page: its events have one stream and one time, also in several batches. Price and quantity are
//! not part of a line, because a changed order would otherwise count in addition to the original.
//! So an order has as many lines of an item as the report with most of them, in whatever order the
//! reports arrive.

use super::reader::{self, Page};
use super::row::Row;
use crate::event::SHOP;
use recobeacon_engine::event::Kind;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Deserialize;

/// The fields that identify a line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    order_id: Option<String>,
    #[serde(default)]
    item_type: String,
    #[serde(default)]
    item_id: String,
}

/// What is known about the line that an event reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Nothing, or the event belongs to no order.
    New,
    /// The shop has confirmed it, and this is the first report of a page.
    ConfirmedBefore,
    /// It was reported before.
    Copy,
}

/// Counts a purchase. Only a new line gets a row.
pub fn admit(transaction: &Transaction<'_>, event: &Row) -> rusqlite::Result<Report> {
    if event.kind != Kind::Buy.name() {
        return Ok(Report::New);
    }
    let Ok(Line { order_id: Some(id), item_type, item_id }) = serde_json::from_str(&event.fields)
    else {
        return Ok(Report::New);
    };
    let known = "SELECT 1 FROM order_events WHERE id = ?1
                 UNION ALL SELECT 1 FROM events WHERE id = ?1";
    if transaction.prepare_cached(known)?.exists([&event.id])? {
        return Ok(Report::Copy);
    }
    let is_shop = event.source == SHOP;
    let row = order(transaction, event, &id, is_shop)?;
    transaction
        .prepare_cached("INSERT INTO order_events (id, order_row) VALUES (?, ?)")?
        .execute(params![event.id, row])?;
    // The shop's ids rise with the lines of an item, so all its reports are one.
    let stream = event.stream.as_deref().unwrap_or_default();
    let at = if is_shop { 0 } else { event.at as i64 };
    let lines: i64 = transaction
        .prepare_cached(
            "INSERT INTO order_reports (order_row, item_type, item_id, stream, at, lines)
             VALUES (?, ?, ?, ?, ?, 1)
             ON CONFLICT DO UPDATE SET lines = lines + 1 RETURNING lines",
        )?
        .query_row(params![row, item_type, item_id, stream, at], |row| row.get(0))?;
    let line = params![row, item_type, item_id, lines - 1, !is_shop, is_shop];
    let is_new = transaction
        .prepare_cached("INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")?
        .execute(line)?
        == 1;
    if is_new {
        return Ok(Report::New);
    }
    let line = params![row, item_type, item_id, lines - 1];
    let reporter = if is_shop { "shop" } else { "page" };
    let update = format!(
        "UPDATE order_lines SET {reporter} = 1
         WHERE order_row = ? AND item_type = ? AND item_id = ? AND n = ? AND NOT {reporter}"
    );
    let is_first = transaction.prepare_cached(&update)?.execute(line)? == 1;
    if is_shop {
        return Ok(Report::Copy);
    }
    transaction
        .prepare_cached("UPDATE orders SET copies = copies + 1 WHERE row = ?")?
        .execute([row])?;
    Ok(if is_first { Report::ConfirmedBefore } else { Report::Copy })
}

/// The order's row. A new order gets one.
fn order(
    transaction: &Transaction<'_>,
    event: &Row,
    order: &str,
    is_shop: bool,
) -> rusqlite::Result<i64> {
    let customer = event.customer.as_deref().unwrap_or_default();
    let at = event.received_at as i64;
    let (page, shop) = if is_shop { (None, Some(at)) } else { (Some(at), None) };
    // An update that changes nothing would still use up a number of AUTOINCREMENT.
    let find = "SELECT row FROM orders WHERE customer = ? AND order_id = ?";
    let found = transaction.prepare_cached(find)?.query_row((customer, order), |row| row.get(0));
    if let Some(row) = found.optional()? {
        transaction
            .prepare_cached(
                "UPDATE orders SET page_at = coalesce(page_at, ?2), shop_at = coalesce(shop_at, ?3)
                 WHERE row = ?1 AND (page_at IS NULL OR shop_at IS NULL)",
            )?
            .execute(params![row, page, shop])?;
        return Ok(row);
    }
    transaction
        .prepare_cached(
            "INSERT INTO orders (customer, order_id, first_at, page_at, shop_at)
             VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![customer, order, at, page, shop])?;
    Ok(transaction.last_insert_rowid())
}

/// All orders after a row.
pub fn all(connection: &Connection, after: i64, limit: u32) -> rusqlite::Result<Page> {
    list(connection, "", after, limit)
}

/// Orders that only pages have reported.
pub fn by_page(connection: &Connection, after: i64, limit: u32) -> rusqlite::Result<Page> {
    list(connection, "AND shop_at IS NULL", after, limit)
}

/// Orders that only the shop has reported.
pub fn by_shop(connection: &Connection, after: i64, limit: u32) -> rusqlite::Result<Page> {
    list(connection, "AND page_at IS NULL", after, limit)
}

/// Orders that a page and the shop have reported.
pub fn by_both(connection: &Connection, after: i64, limit: u32) -> rusqlite::Result<Page> {
    list(connection, "AND page_at IS NOT NULL AND shop_at IS NOT NULL", after, limit)
}

fn list(connection: &Connection, only: &str, after: i64, limit: u32) -> rusqlite::Result<Page> {
    let sql = format!(
        "SELECT row, customer, order_id, first_at, page_at, shop_at, copies,
                CASE WHEN shop_at IS NULL THEN 'page' WHEN page_at IS NULL THEN 'shop'
                     ELSE 'both' END AS reported,
                (SELECT count(*) FROM order_lines WHERE order_row = orders.row) AS lines,
                (SELECT count(*) FROM order_lines
                 WHERE order_row = orders.row AND page) AS page_lines,
                (SELECT count(*) FROM order_lines
                 WHERE order_row = orders.row AND shop) AS shop_lines
         FROM orders WHERE row > ? {only} ORDER BY row LIMIT ?"
    );
    reader::rows(connection, &sql, after, limit, |row, object| {
        reader::text(row, object, "orderId", "order_id")?;
        let customer: String = row.get("customer")?;
        object.some_text("customer", Some(customer.as_str()).filter(|name| !name.is_empty()));
        reader::text(row, object, "reported", "reported")?;
        for (name, column) in [
            ("firstAt", "first_at"),
            ("pageAt", "page_at"),
            ("shopAt", "shop_at"),
            ("lines", "lines"),
            ("pageLines", "page_lines"),
            ("shopLines", "shop_lines"),
            ("copies", "copies"),
        ] {
            reader::whole(row, object, name, column)?;
        }
        Ok("{}".to_owned())
    })
}
