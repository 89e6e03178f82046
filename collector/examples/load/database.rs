//! A collector's database, filled and written to without a collector.

use super::body::{Random, id, now_ms, time};
use recobeacon_collector::limits::Limits;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::path::Path;
use std::time::Instant;

/// Rows of a transaction of `fill`.
const FILL_GROUP: u64 = 20_000;
/// Rows that are copied.
const TEMPLATES: usize = 2000;

/// The statement that inserts a row of `events` in all of its columns, and the places of two of
/// them. The columns come from the database, so that the shape is always the collector's.
struct Shape {
    columns: Vec<String>,
    insert: String,
}

impl Shape {
    fn read(connection: &Connection) -> Self {
        let mut names = connection.prepare("SELECT name FROM pragma_table_info('events')").unwrap();
        let columns: Vec<String> = names
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .filter(|name| name != "row")
            .collect();
        let marks = vec!["?"; columns.len()].join(", ");
        let insert = format!(
            "INSERT INTO events ({}) VALUES ({marks}) ON CONFLICT (id) DO NOTHING",
            columns.join(", ")
        );
        Self { columns, insert }
    }

    fn place(&self, name: &str) -> usize {
        self.columns.iter().position(|column| column == name).unwrap()
    }

    fn rows(&self, connection: &Connection, after: i64, most: usize) -> Vec<Vec<Value>> {
        let columns = self.columns.join(", ");
        let sql = format!("SELECT {columns} FROM events WHERE row > ? ORDER BY row LIMIT ?");
        let mut statement = connection.prepare(&sql).unwrap();
        let read = |row: &rusqlite::Row<'_>| (0..self.columns.len()).map(|i| row.get(i)).collect();
        statement.query_map((after, most as i64), read).unwrap().map(Result::unwrap).collect()
    }
}

pub fn fill(database: &Path, rows: u64, spread_days: u64) -> String {
    let connection = Connection::open(database).unwrap();
    // A crash while filling does no harm, and flushing would take minutes.
    connection.pragma_update(None, "synchronous", "OFF").unwrap();
    connection.pragma_update(None, "cache_size", -500_000).unwrap();
    let shape = Shape::read(&connection);
    let mut templates = shape.rows(&connection, 0, TEMPLATES);
    assert!(!templates.is_empty(), "the database has no row to copy");
    let (id_place, at_place, stream) =
        (shape.place("id"), shape.place("at"), shape.place("stream"));
    let count: i64 =
        connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
    let mut random = Random(now_ms());
    let mut done = count as u64;
    while done < rows {
        connection.execute_batch("BEGIN").unwrap();
        let mut statement = connection.prepare_cached(&shape.insert).unwrap();
        let until = rows.min(done + FILL_GROUP);
        while done < until {
            let length = templates.len();
            let row = &mut templates[done as usize % length];
            let at = time(spread_days, &mut random);
            row[id_place] = Value::Text(id(at, &mut random));
            row[at_place] = Value::Integer(at as i64);
            row[stream] = Value::Text(format!("fill{:016x}", done / 20));
            statement.execute(params_from_iter(row.iter())).unwrap();
            done += 1;
        }
        drop(statement);
        connection.execute_batch("COMMIT").unwrap();
    }
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let last: i64 =
        connection.query_row("SELECT max(row) FROM events", [], |row| row.get(0)).unwrap();
    format!(r#"{{"last":{last}}}"#)
}

pub fn insert(from: &Path, into: &Path, after: i64, group: usize) -> String {
    let source = Connection::open(from).unwrap();
    let shape = Shape::read(&source);
    let rows = shape.rows(&source, after, 3_000_000);
    let connection = Connection::open(into).unwrap();
    // The collector's settings.
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.pragma_update(None, "cache_size", -i64::from(Limits::CACHE_KIB)).unwrap();
    connection.pragma_update(None, "wal_autocheckpoint", Limits::WAL_PAGES).unwrap();
    let begun = Instant::now();
    for group in rows.chunks(group) {
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut statement = connection.prepare_cached(&shape.insert).unwrap();
        for row in group {
            let new = statement.execute(params_from_iter(row.iter())).unwrap();
            assert_eq!(new, 1, "the row is there already");
        }
        drop(statement);
        connection.execute_batch("COMMIT").unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    format!(r#"{{"events":{},"seconds":{seconds:.3}}}"#, rows.len())
}
