//! Stores many rows in PostgreSQL at once: COPY into a temporary table, then one INSERT.
//!
//! The result is that of inserting one after another. Each statement would wait for the server's answer,
//! so only the lines of orders have statements of their own.

use super::db::postgres::{Postgres, without_nul};
use super::db::{self, Connection, Transaction};
use super::orders::{self, Report, Way};
use super::row::{Inserted, Row};
use super::visitors;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

const COLUMNS: &str = "id, type, at, received_at, sent_at, source, stream, seq, place, client,
                       customer, user, anonymous, key, fields";

/// Makes the temporary table of this connection. It is empty at each begin of a transaction.
fn make_table(open: &Postgres) -> db::Result<()> {
    open.batch(&format!(
        "CREATE TEMP TABLE IF NOT EXISTS incoming ON COMMIT DELETE ROWS AS
         SELECT 0::bigint AS n, {COLUMNS} FROM events WITH NO DATA"
    ))
}

/// Inserts the rows in their order, except those whose event or line of an order is stored.
pub fn insert(
    transaction: &Transaction<'_>,
    rows: &[Row<&str>],
    way: Way,
) -> db::Result<Vec<Inserted>> {
    let mut results = Vec::with_capacity(rows.len());
    let (mut known, mut lines) = (HashSet::new(), String::new());
    for (n, row) in rows.iter().enumerate() {
        let is_copy = row.older_ids.iter().any(|id| known.contains(id)) || !known.insert(row.id);
        let report = if is_copy { Report::Copy } else { orders::admit(transaction, row, way)? };
        results.push(match report {
            Report::New => {
                write_line(&mut lines, n, row);
                // Until the server says that it is new.
                Inserted::Copy
            }
            Report::ConfirmedBefore => Inserted::ConfirmedBefore,
            Report::Copy => Inserted::Copy,
        });
    }
    let mut numbers = HashMap::new();
    if !lines.is_empty() {
        numbers = copy(transaction, &lines)?;
    }
    for (row, result) in rows.iter().zip(&mut results) {
        if *result == Inserted::Copy
            && let Some(number) = numbers.remove(without_nul(row.id, false).as_ref())
        {
            *result = Inserted::New(number);
            if row.has_more_ids {
                visitors::index_fields(transaction, number, row.fields)?;
            }
        }
    }
    Ok(results)
}

/// Returns the numbers of the new rows, by their ids.
fn copy(connection: &Connection, lines: &str) -> db::Result<HashMap<String, i64>> {
    let Connection::Postgres(open) = connection else { return Err(db::Error::Closed) };
    make_table(open)?;
    open.copy(&format!("COPY incoming (n, {COLUMNS}) FROM STDIN"), lines.as_bytes())?;
    // Not NOT EXISTS, for which the server may read the whole index: it does not know how few rows the
    // temporary table has. Not ON CONFLICT alone, which uses up a number for each copy.
    let sql = format!(
        "INSERT INTO events ({COLUMNS})
         SELECT {COLUMNS} FROM incoming
         WHERE coalesce((SELECT false FROM events AS stored WHERE stored.id = incoming.id), true)
         ORDER BY n ON CONFLICT (id) DO NOTHING RETURNING id, row"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    open.batch("DELETE FROM incoming")?;
    Ok(rows.into_iter().collect())
}

/// A line in the text format of COPY:
/// <https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2>.
fn write_line(out: &mut String, n: usize, row: &Row<&str>) {
    // Writing to a text cannot fail.
    let _ = write!(out, "{n}");
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
