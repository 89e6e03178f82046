//! Purchases with an order's number: each line of an order is one row, whichever device, page, shop
//! system or file reports it.
//!
//! A line is the n-th line of one item (type and id) within one report. A report is one call of one
//! page: its events have one stream and one time, also in several batches. A file's report is the
//! lines of one time in one import. Price and quantity are not part of a line, because a changed
//! order would otherwise count in addition to the original. So an order has as many lines of an
//! item as the report with most of them, in whatever order the reports arrive.

use super::db::{self, Connection, Optional, Transaction, params};
use super::reader::{self, Page};
use super::row::Row;
use crate::event::{INTERFACES, SHOP};
use recobeacon_engine::event::Kind;
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

impl Line {
    fn of(event: &Row<&str>) -> Option<Self> {
        serde_json::from_str(event.fields).ok().filter(|line: &Self| line.order_id.is_some())
    }
}

/// The earlier reports of the line that an event reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Nothing, or the event belongs to no order.
    New,
    /// The shop has confirmed it, and this is the first report of a page.
    ConfirmedBefore,
    /// It was reported before.
    Copy,
}

/// The way in which an event arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Through an interface, or from the shop.
    Interface,
    /// From a history file, in the import that began at this time.
    File(u64),
}

/// Prepares a connection for the import of one file.
pub fn begin_file(connection: &Connection) -> db::Result<()> {
    // Of this import only: the lines of another import are another report.
    connection.execute_batch(
        "CREATE TEMP TABLE file_events (id TEXT PRIMARY KEY) WITHOUT ROWID;
         CREATE TEMP TABLE file_reports (
             order_row BIGINT NOT NULL,
             item_type TEXT NOT NULL,
             item_id TEXT NOT NULL,
             at BIGINT NOT NULL,
             lines BIGINT NOT NULL,
             PRIMARY KEY (order_row, item_type, item_id, at)
         ) WITHOUT ROWID",
    )
}

/// Counts a purchase. Only a new line gets a row.
pub fn admit(transaction: &Transaction<'_>, event: &Row<&str>, way: Way) -> db::Result<Report> {
    let line = if event.kind == Kind::Buy.name() { Line::of(event) } else { None };
    let Some(line) = line else {
        for id in &event.older_ids {
            if is_known(transaction, id)? {
                return Ok(Report::Copy);
            }
        }
        return Ok(Report::New);
    };
    match way {
        Way::Interface => admit_request(transaction, event, &line),
        Way::File(begun) => admit_file(transaction, event, &line, begun),
    }
}

fn admit_request(
    transaction: &Transaction<'_>,
    event: &Row<&str>,
    line: &Line,
) -> db::Result<Report> {
    if is_known(transaction, event.id)? {
        return Ok(Report::Copy);
    }
    let is_shop = event.source == SHOP;
    let row = order(transaction, event, line, is_shop)?;
    note(transaction, event.id, row)?;
    // The shop's ids rise with the lines of an item, so all its reports are one.
    let stream = event.stream.unwrap_or_default();
    let at = if is_shop { 0 } else { event.at as i64 };
    let lines: i64 = transaction
        .prepare_cached(
            "INSERT INTO order_reports (order_row, item_type, item_id, stream, at, lines)
             VALUES (?, ?, ?, ?, ?, 1)
             ON CONFLICT (order_row, item_type, item_id, stream, at)
             DO UPDATE SET lines = order_reports.lines + 1 RETURNING lines",
        )?
        .query_row(params![row, line.item_type, line.item_id, stream, at], |row| row.get(0))?;
    let place = Place { order: row, line, n: lines - 1 };
    if place.add(transaction, is_shop)? {
        return Ok(Report::New);
    }
    let is_first = place.confirm(transaction, is_shop)?;
    if is_shop {
        return Ok(Report::Copy);
    }
    if is_first {
        return Ok(Report::ConfirmedBefore);
    }
    transaction
        .prepare_cached("UPDATE orders SET copies = copies + 1 WHERE row = ?")?
        .execute([row])?;
    Ok(Report::Copy)
}

/// A file's lines are what the shop knows, except rows of pages in an export.
fn admit_file(
    transaction: &Transaction<'_>,
    event: &Row<&str>,
    line: &Line,
    begun: u64,
) -> db::Result<Report> {
    let first = "INSERT INTO file_events (id) VALUES (?) ON CONFLICT DO NOTHING";
    if transaction.prepare_cached(first)?.execute([event.id])? == 0 {
        return Ok(Report::Copy);
    }
    let known = is_known(transaction, event.id)?;
    // The event may have been corrected to another order. It keeps its first one.
    if known && !is_of_order(transaction, event, line)? {
        return Ok(Report::Copy);
    }
    let is_shop = !INTERFACES.contains(&event.source);
    let row = order(transaction, event, line, is_shop)?;
    // An exported row has its own time of receipt. Each is a line, whichever report it came from.
    let at = if event.received_at == begun { event.at as i64 } else { 0 };
    let count = |change: i64| -> db::Result<i64> {
        transaction
            .prepare_cached(
                "INSERT INTO file_reports (order_row, item_type, item_id, at, lines)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (order_row, item_type, item_id, at)
                 DO UPDATE SET lines = file_reports.lines + excluded.lines RETURNING lines",
            )?
            .query_row(params![row, line.item_type, line.item_id, at, change], |row| row.get(0))
    };
    let place = Place { order: row, line, n: count(1)? - 1 };
    // An event that is stored cannot be a further line as well.
    if known {
        if !place.is_there(transaction)? {
            count(-1)?;
        }
    } else if place.add(transaction, is_shop)? {
        note(transaction, event.id, row)?;
        return Ok(Report::New);
    }
    place.confirm(transaction, is_shop)?;
    Ok(Report::Copy)
}

fn is_known(transaction: &Transaction<'_>, id: &str) -> db::Result<bool> {
    let known = "SELECT 1 FROM order_events WHERE id = ?1
                 UNION ALL SELECT 1 FROM events WHERE id = ?1";
    transaction.prepare_cached(known)?.exists([id])
}

/// Whether the known event belongs to the order that it names.
fn is_of_order(transaction: &Transaction<'_>, event: &Row<&str>, line: &Line) -> db::Result<bool> {
    let same = "SELECT 1 FROM order_events JOIN orders ON orders.row = order_row
                WHERE id = ? AND customer = ? AND orders.order_id = ?";
    let customer = event.customer.unwrap_or_default();
    transaction.prepare_cached(same)?.exists(params![event.id, customer, line.order_id])
}

/// Notes that the event reported a line of the order.
fn note(transaction: &Transaction<'_>, id: &str, order: i64) -> db::Result<()> {
    transaction
        .prepare_cached("INSERT INTO order_events (id, order_row) VALUES (?, ?)")?
        .execute(params![id, order])?;
    Ok(())
}

/// The n-th line of an item in an order.
struct Place<'a> {
    order: i64,
    line: &'a Line,
    n: i64,
}

impl Place<'_> {
    /// Adds it. Returns whether it is new.
    fn add(&self, transaction: &Transaction<'_>, is_shop: bool) -> db::Result<bool> {
        let Self { order, line, n } = self;
        let sql = "INSERT INTO order_lines VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
        let values = params![order, line.item_type, line.item_id, n, !is_shop, is_shop];
        Ok(transaction.prepare_cached(sql)?.execute(values)? == 1)
    }

    /// Marks it as reported. Returns whether this is the first report of a page, or of the shop.
    fn confirm(&self, transaction: &Transaction<'_>, is_shop: bool) -> db::Result<bool> {
        let Self { order, line, n } = self;
        let reporter = if is_shop { "shop" } else { "page" };
        let sql = format!(
            "UPDATE order_lines SET {reporter} = true
             WHERE order_row = ? AND item_type = ? AND item_id = ? AND n = ? AND NOT {reporter}"
        );
        let values = params![order, line.item_type, line.item_id, n];
        Ok(transaction.prepare_cached(&sql)?.execute(values)? == 1)
    }

    fn is_there(&self, transaction: &Transaction<'_>) -> db::Result<bool> {
        let Self { order, line, n } = self;
        let sql = "SELECT 1 FROM order_lines
                   WHERE order_row = ? AND item_type = ? AND item_id = ? AND n = ?";
        let values = params![order, line.item_type, line.item_id, n];
        transaction.prepare_cached(sql)?.exists(values)
    }
}

/// The order's row. A new order gets one.
fn order(
    transaction: &Transaction<'_>,
    event: &Row<&str>,
    line: &Line,
    is_shop: bool,
) -> db::Result<i64> {
    let order = &line.order_id;
    let customer = event.customer.unwrap_or_default();
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
    let sql = "INSERT INTO orders (customer, order_id, first_at, page_at, shop_at)
               VALUES (?, ?, ?, ?, ?)";
    transaction.insert(sql, params![customer, order, at, page, shop])?.ok_or(db::Error::NoRow)
}

/// All orders after a row.
pub fn all(connection: &Connection, after: i64, limit: u32) -> db::Result<Page> {
    list(connection, "", after, limit)
}

/// Orders that only pages have reported.
pub fn by_page(connection: &Connection, after: i64, limit: u32) -> db::Result<Page> {
    list(connection, "AND shop_at IS NULL", after, limit)
}

/// Orders that only the shop has reported.
pub fn by_shop(connection: &Connection, after: i64, limit: u32) -> db::Result<Page> {
    list(connection, "AND page_at IS NULL", after, limit)
}

/// Orders that a page and the shop have reported.
pub fn by_both(connection: &Connection, after: i64, limit: u32) -> db::Result<Page> {
    list(connection, "AND page_at IS NOT NULL AND shop_at IS NOT NULL", after, limit)
}

fn list(connection: &Connection, only: &str, after: i64, limit: u32) -> db::Result<Page> {
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
