//! Stores many rows in PostgreSQL at once, by COPY.
//!
//! The result is that of inserting one after another. Each statement would wait for the server's answer,
//! so only the lines of orders have statements of their own. The transaction is the only one that writes
//! ([`Connection::transaction`]), so an id that is not stored when it is looked up is not stored later
//! by another connection.

use super::db::postgres::without_nul;
use super::db::{self, Connection, Transaction, params};
use super::orders::{self, Report, Way};
use super::row::{Inserted, Row};
use super::visitors;
use std::collections::HashSet;
use std::fmt::Write;

const COPY: &str =
    "COPY events (row, id, type, at, received_at, sent_at, source, stream, seq, place,
                                 client, customer, user, anonymous, key, fields) FROM STDIN";
/// Takes the next numbers of rows, and returns the last one.
const NUMBERS: &str = "SELECT setval(name, nextval(name) + ? - 1)
     FROM (SELECT CAST(pg_get_serial_sequence('events', 'row') AS regclass) AS name) AS sequence";

/// Inserts the rows in their order, except those whose event or line of an order is stored.
pub fn insert(
    transaction: &Transaction<'_>,
    rows: &[Row<&str>],
    way: Way,
) -> db::Result<Vec<Inserted>> {
    let mut known = HashSet::new();
    let mut reports = Vec::with_capacity(rows.len());
    for row in rows {
        let is_copy = row.older_ids.iter().any(|id| known.contains(id)) || !known.insert(row.id);
        reports.push(if is_copy { Report::Copy } else { orders::admit(transaction, row, way)? });
    }
    let new = rows.iter().zip(&reports).filter(|(_, report)| **report == Report::New);
    let stored = stored(transaction, new.map(|(row, _)| row.id))?;
    for (row, report) in rows.iter().zip(&mut reports) {
        if *report == Report::New && stored.contains(without_nul(row.id, false).as_ref()) {
            *report = Report::Copy;
        }
    }
    let new = reports.iter().filter(|report| **report == Report::New);
    let mut numbers = numbers(transaction, new.count())?;
    let (mut lines, mut results) = (String::new(), Vec::with_capacity(rows.len()));
    for (row, report) in rows.iter().zip(reports) {
        results.push(match report {
            Report::New => {
                let number = numbers.next().ok_or(db::Error::NoRow)?;
                write_line(&mut lines, number, row);
                Inserted::New(number)
            }
            Report::ConfirmedBefore => Inserted::ConfirmedBefore,
            Report::Copy => Inserted::Copy,
        });
    }
    copy(transaction, &lines)?;
    for (row, result) in rows.iter().zip(&results) {
        if let Inserted::New(number) = *result
            && row.has_more_ids
        {
            visitors::index_fields(transaction, number, row.fields)?;
        }
    }
    Ok(results)
}

/// Those of the ids that are stored.
fn stored<'a>(
    connection: &Connection,
    ids: impl Iterator<Item = &'a str>,
) -> db::Result<HashSet<String>> {
    let ids: Vec<&str> = ids.collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    // A query for each id, so that the server looks into the index. It reads all rows for a join or an
    // array if it made the plan when there were few.
    let sql = "SELECT new.id FROM json_array_elements_text(CAST(? AS json)) AS new (id)
               WHERE (SELECT true FROM events WHERE events.id = new.id)";
    let mut statement = connection.prepare_cached(sql)?;
    let list = serde_json::Value::from(ids).to_string();
    Ok(statement.query_map([list], |row| row.get(0))?.into_iter().collect())
}

/// This many new numbers of rows.
fn numbers(connection: &Connection, count: usize) -> db::Result<impl Iterator<Item = i64>> {
    let count = count as i64;
    let last: i64 = match count {
        0 => 0,
        _ => connection.query_row(NUMBERS, params![count], |row| row.get(0))?,
    };
    Ok(last - count + 1..=last)
}

fn copy(connection: &Connection, lines: &str) -> db::Result<()> {
    let Connection::Postgres(open) = connection else { return Err(db::Error::Closed) };
    if lines.is_empty() { Ok(()) } else { open.copy(COPY, lines.as_bytes()) }
}

/// A line in the text format of COPY:
/// <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2>.
fn write_line(out: &mut String, number: i64, row: &Row<&str>) {
    // Writing to a text cannot fail.
    let _ = write!(out, "{number}");
    write_text(out, Some(row.id), false);
    write_text(out, Some(row.kind), false);
    write_number(out, Some(row.at));
    write_number(out, Some(row.received_at));
    write_number(out, row.sent_at);
    write_text(out, Some(row.source), false);
    write_text(out, row.stream, false);
    write_number(out, row.seq);
    write_number(out, row.place);
    write_text(out, row.client, false);
    write_text(out, row.customer, false);
    write_text(out, row.user, false);
    write_text(out, row.anonymous, false);
    write_number(out, row.key.map(u64::from));
    write_text(out, Some(row.fields), true);
    out.push('\n');
}

fn write_number(out: &mut String, number: Option<u64>) {
    let _ = match number {
        // As in SQLite's columns, whose numbers have a sign.
        Some(number) => write!(out, "\t{}", number as i64),
        None => write!(out, "\t\\N"),
    };
}

fn write_text(out: &mut String, text: Option<&str>, is_json: bool) {
    out.push('\t');
    let Some(text) = text else { return out.push_str("\\N") };
    for one in without_nul(text, is_json).chars() {
        match one {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            one => out.push(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_cell_whatever_it_has() {
        let mut out = String::new();
        write_text(&mut out, Some("a\tb\nc\\N\r\0ä"), false);
        write_text(&mut out, Some("\\N"), false);
        write_text(&mut out, None, false);
        write_text(&mut out, Some(r#"{"a":"\u0000\\"}"#), true);
        assert_eq!(out, "\ta\\tb\\nc\\\\N\\r\u{fffd}ä\t\\\\N\t\\N\t{\"a\":\"\\\\ufffd\\\\\\\\\"}");
    }
}
