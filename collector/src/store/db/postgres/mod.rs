//! A connection to PostgreSQL.
//!
//! The client runs its own event loop within each call, so it must never be called on a thread of
//! the runtime.

mod tls;
mod translate;
mod types;

pub use types::{Raw, without_nul};

use super::value::Param;
use super::{Error, Result};
use crate::limits::Limits;
use crate::place::Server;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, Row, Statement};
use std::cell::{RefCell, RefMut};
use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use translate::translate;

/// A statement that the server has prepared, and the names of its parameters.
pub struct Prepared {
    statement: Statement,
    names: Vec<String>,
}

/// A connection to PostgreSQL.
pub struct Postgres {
    /// Absent after `drop` only.
    client: RefCell<Option<Client>>,
    prepared: RefCell<HashMap<String, Arc<Prepared>>>,
    tls: tls::Tls,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

/// The number of the lock that a transaction holds while it writes: it is any number that no other
/// program uses.
const WRITES: i64 = 0x7265_636f_0001;
/// The number of the lock of the collector or writer that stores events.
const LEADS: i64 = 0x7265_636f_0002;

impl Postgres {
    /// Connects.
    pub fn connect(server: &Server, patience: Duration) -> Result<Self> {
        let mut config = server.config.clone();
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Limits::DATABASE_CONNECT);
        }
        config.application_name("recobeacon-collector");
        config.keepalives_idle(Limits::DATABASE_ALIVE);
        config.tcp_user_timeout(Limits::DATABASE_ALIVE * 3);
        let tls = tls::Tls(server.ca.clone());
        let client = config.connect(tls.clone())?;
        let (client, prepared) = (RefCell::new(Some(client)), RefCell::default());
        let open = Self { client, prepared, tls };
        // With its keepalives, the server notices within half a minute that this machine is gone, and
        // frees its locks.
        let alive = Limits::DATABASE_ALIVE.as_secs();
        open.batch(&format!(
            "SET synchronous_commit = on; SET client_min_messages = warning;
             SET lock_timeout = {}; SET tcp_keepalives_idle = {alive};
             SET tcp_keepalives_interval = {alive}; SET tcp_keepalives_count = 2",
            patience.as_millis()
        ))?;
        let encoding: String = {
            let prepared = open.prepare("SHOW server_encoding")?;
            let rows = open.query(&prepared, &[])?;
            rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default()
        };
        if encoding == "UTF8" { Ok(open) } else { Err(Error::Encoding(encoding)) }
    }

    fn client(&self) -> Result<RefMut<'_, Client>> {
        // Another call is not finished, or the connection is closed.
        let client = self.client.try_borrow_mut().map_err(|_| Error::Closed)?;
        RefMut::filter_map(client, Option::as_mut).map_err(|_| Error::Closed)
    }

    /// Whether the server still answers.
    pub fn is_alive(&self) -> bool {
        self.client().is_ok_and(|mut client| client.is_valid(Limits::BUSY).is_ok())
    }

    /// Whether the connection has ended, as far as the last call has shown.
    pub fn is_closed(&self) -> bool {
        self.client().map_or(true, |client| client.is_closed())
    }

    /// Prepares a statement, and keeps it.
    pub fn prepare(&self, sql: &str) -> Result<Arc<Prepared>> {
        if let Some(prepared) = self.prepared.borrow().get(sql) {
            return Ok(Arc::clone(prepared));
        }
        let translated = translate(sql);
        let statement = self.client()?.prepare(&translated.sql)?;
        let prepared = Arc::new(Prepared { statement, names: translated.names });
        let mut all = self.prepared.borrow_mut();
        // Statements with a number of names differ, so there may be many of them.
        if all.len() >= Limits::STATEMENTS {
            all.clear();
        }
        all.insert(sql.to_owned(), Arc::clone(&prepared));
        Ok(prepared)
    }

    /// Runs a query.
    pub fn query(&self, prepared: &Prepared, params: &[Param<'_>]) -> Result<Vec<Row>> {
        let params: Vec<_> = params.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
        Ok(self.client()?.query(&prepared.statement, &params)?)
    }

    /// Runs a statement. Returns the number of rows that it changed.
    pub fn execute(&self, prepared: &Prepared, params: &[Param<'_>]) -> Result<usize> {
        let params: Vec<_> = params.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
        let changed = self.client()?.execute(&prepared.statement, &params)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Runs a query with those of the named parameters that it has, and passes each row.
    pub fn each<E: From<Error>>(
        &self,
        sql: &str,
        named: &[(&str, Param<'_>)],
        mut take: impl FnMut(&Row) -> std::result::Result<(), E>,
    ) -> std::result::Result<(), E> {
        let prepared = self.prepare(sql)?;
        let param = |name: &String| {
            let found = named.iter().find(|(known, _)| known == name);
            found.map_or(Param::Null, |(_, value)| *value)
        };
        let params: Vec<Param<'_>> = prepared.names.iter().map(param).collect();
        let mut client = self.client()?;
        let rows = client.query_raw(&prepared.statement, &params).map_err(Error::from);
        let mut rows = rows?;
        while let Some(row) = rows.next().map_err(Error::from)? {
            take(&row)?;
        }
        Ok(())
    }

    /// Runs statements without parameters.
    pub fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.client()?.batch_execute(&translate(sql).sql)?)
    }

    /// Begins the only transaction that writes. So the numbers of rows become visible in their order,
    /// and a reader that has seen one has seen all before it.
    pub fn begin(&self) -> Result<()> {
        self.batch(&format!("BEGIN; SELECT pg_advisory_xact_lock({WRITES})"))
    }

    /// Whether this connection is the one whose process stores events. It stays so until it ends.
    pub fn leads(&self) -> Result<bool> {
        let prepared = self.prepare(&format!("SELECT pg_try_advisory_lock({LEADS})"))?;
        let rows = self.query(&prepared, &[])?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default())
    }

    /// Copies lines in the text format of COPY into a table. After an error before the first line, the
    /// client closes the connection: <https://github.com/rust-postgres/rust-postgres/issues/789>.
    pub fn copy(&self, sql: &str, lines: &[u8]) -> Result<()> {
        let mut client = self.client()?;
        let mut writer = client.copy_in(&translate(sql).sql)?;
        writer.write_all(lines).map_err(Error::Copy)?;
        writer.finish()?;
        Ok(())
    }

    /// The way to end the query that runs, from another thread.
    pub fn canceller(&self) -> Result<impl Fn() + Send + 'static> {
        let (token, tls) = (self.client()?.cancel_token(), self.tls.clone());
        Ok(move || {
            let _ = token.cancel_query(tls.clone());
        })
    }
}

impl Drop for Postgres {
    /// The client says goodbye to the server, in its event loop.
    fn drop(&mut self) {
        let client = self.client.take();
        if client.is_some() && tokio::runtime::Handle::try_current().is_ok() {
            // Without the thread, the server notices the end of the connection later.
            let _ = std::thread::Builder::new().spawn(move || drop(client));
        }
    }
}
