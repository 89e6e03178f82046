//! Reads pages of rows as JSON, in the order of storing.

use super::StoreError;
use super::db::{self, Connection, Row};
use super::health::Health;
use super::schema;
use crate::blocking::Bounded;
use crate::limits::Limits;
use crate::place::Place;
use recobeacon_engine::json::Object;
use std::sync::{Arc, Mutex, PoisonError};

/// A page of rows.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Each row's number, and the row as a JSON object.
    pub rows: Vec<(i64, String)>,
}

/// A small pool of read-only connections.
#[derive(Debug)]
pub struct Readers {
    place: Place,
    places: Bounded,
    /// Each with the number of failures before it was opened.
    idle: Arc<Mutex<Vec<(u64, Connection)>>>,
    health: Arc<Health>,
}

/// A query for a page of rows.
pub type Query = fn(&Connection, i64, u32) -> db::Result<Page>;

impl Readers {
    /// Makes the pool without connections.
    pub fn new(place: Place, health: Arc<Health>) -> Self {
        Self { place, places: Bounded::new(Limits::READERS), idle: Arc::default(), health }
    }

    /// Reads a page of rows.
    pub async fn page(&self, query: Query, after: i64, limit: u32) -> Result<Page, StoreError> {
        self.run(move |connection| query(connection, after, limit)).await
    }

    /// Runs a query on a blocking thread.
    pub async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Connection) -> db::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (idle, place) = (Arc::clone(&self.idle), self.place.clone());
        let failures = self.health.failures();
        let work = move || {
            let kept = {
                let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.retain(|(opened, _)| *opened == failures);
                idle.pop()
            };
            // The server may have ended a connection that was idle.
            let kept = kept.filter(|(_, connection)| connection.is_alive());
            let mut connection =
                kept.map_or_else(|| schema::read(&place), |(_, connection)| Ok(connection))?;
            let result = query(&mut connection)?;
            idle.lock().unwrap_or_else(PoisonError::into_inner).push((failures, connection));
            Ok(result)
        };
        let result = self.places.run(work).await;
        result.unwrap_or(Err(db::Error::Closed)).map_err(StoreError::NotRead)
    }

    /// Runs a query, and logs its failure.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> db::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let result = self.run(|connection| query(connection)).await;
        result.inspect_err(|error| self.health.note(error))
    }

    /// Closes the connections. Later queries are refused.
    pub fn close(&self) {
        self.places.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Events after a row.
pub fn events(connection: &Connection, after: i64, limit: u32) -> db::Result<Page> {
    let sql = "SELECT * FROM events WHERE row > ? ORDER BY row LIMIT ?";
    rows(connection, sql, after, limit, |row, object| {
        text(row, object, "id", "id")?;
        text(row, object, "type", "type")?;
        whole(row, object, "at", "at")?;
        whole(row, object, "receivedAt", "received_at")?;
        whole(row, object, "sentAt", "sent_at")?;
        text(row, object, "source", "source")?;
        text(row, object, "stream", "stream")?;
        whole(row, object, "seq", "seq")?;
        whole(row, object, "place", "place")?;
        text(row, object, "client", "client")?;
        text(row, object, "customer", "customer")?;
        text(row, object, "user", "user")?;
        text(row, object, "anonymous", "anonymous")?;
        whole(row, object, "key", "key")?;
        row.get("fields")
    })
}

/// Batches after a row.
pub fn batches(connection: &Connection, after: i64, limit: u32) -> db::Result<Page> {
    let sql = "SELECT * FROM batches WHERE row > ? ORDER BY row LIMIT ?";
    rows(connection, sql, after, limit, |row, object| {
        text(row, object, "stream", "stream")?;
        for name in ["seq", "bytes", "events", "stored", "copies"] {
            whole(row, object, name, name)?;
        }
        whole(row, object, "receivedAt", "received_at")?;
        Ok("{}".to_owned())
    })
}

/// Builds the rows. `write` writes the columns and returns the object to which the event's fields
/// are appended.
pub(super) fn rows(
    connection: &Connection,
    sql: &str,
    after: i64,
    limit: u32,
    write: fn(&Row<'_>, &mut Object<'_>) -> db::Result<String>,
) -> db::Result<Page> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((after, limit), |row| {
        let mut json = String::new();
        let mut object = Object::new(&mut json);
        whole(row, &mut object, "row", "row")?;
        let more = write(row, &mut object)?;
        if let Some(fields) = more.strip_prefix('{').filter(|fields| *fields != "}") {
            json.push(',');
            json.push_str(fields);
        } else {
            object.end();
        }
        Ok((row.get("row")?, json))
    })?;
    Ok(Page { rows })
}

pub(super) fn text(
    row: &Row<'_>,
    object: &mut Object<'_>,
    name: &str,
    column: &str,
) -> db::Result<()> {
    object.some_text(name, row.get::<_, Option<String>>(column)?.as_deref());
    Ok(())
}

pub(super) fn whole(
    row: &Row<'_>,
    object: &mut Object<'_>,
    name: &str,
    column: &str,
) -> db::Result<()> {
    // All stored numbers are zero or positive.
    object.some_whole(name, row.get::<_, Option<i64>>(column)?.map(i64::unsigned_abs));
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_writes_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (n)").unwrap();
        let readers = Readers::new(path.into(), Arc::default());
        let place: i64 = readers
            .run(|open| open.query_row("PRAGMA temp_store", (), |row| row.get(0)))
            .await
            .unwrap();
        assert_eq!(place, 2, "in memory: https://www.sqlite.org/pragma.html#pragma_temp_store");
    }

    #[tokio::test]
    async fn a_connection_opened_before_a_failure_is_not_reused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("a"), folder.path().join("b"));
        let make = |path: &std::path::Path, name: &str| {
            let sql = format!("CREATE TABLE t (name TEXT); INSERT INTO t VALUES ('{name}')");
            rusqlite::Connection::open(path).unwrap().execute_batch(&sql).unwrap();
        };
        make(&path, "wrong");
        make(&away, "right");
        let health = Arc::new(Health::default());
        let readers = Readers::new(path.clone().into(), Arc::clone(&health));
        let query: Query = |connection, _, _| {
            let name = connection.query_row("SELECT name FROM t", (), |row| row.get(0))?;
            Ok(Page { rows: vec![(0, name)] })
        };
        let name = async || readers.page(query, 0, 1).await.unwrap().rows[0].1.clone();
        assert_eq!(name().await, "wrong");
        health.failed(&"the file was replaced");
        std::fs::rename(&away, &path).unwrap();
        assert_eq!(name().await, "right");
    }
}
