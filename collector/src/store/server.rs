//! The tables of a database of PostgreSQL, and their migration.

use super::db::postgres::Postgres;
use super::db::{self, Connection};
use super::schema::SchemaError;
use crate::limits::Limits;
use crate::place::Server;
use std::time::Duration;

/// One migration for each version. The table `schema_version` has the number of the applied ones. A
/// published migration is never changed; new ones are appended.
const MIGRATIONS: &[&str] = &[include_str!("steps/postgres.sql")];

/// The newest version.
pub const NEWEST: usize = MIGRATIONS.len();

/// Connects. `patience` is that with another transaction that writes.
pub fn connect(server: &Server, patience: Duration) -> db::Result<Connection> {
    Ok(Postgres::connect(server, patience)?.into())
}

/// Connects for reading only.
pub fn read(server: &Server) -> db::Result<Connection> {
    let connection = connect(server, Limits::BUSY)?;
    connection.execute_batch("SET default_transaction_read_only = on")?;
    Ok(connection)
}

/// The number of migrations that the database has.
pub fn number(connection: &Connection) -> db::Result<usize> {
    let sql = "SELECT to_regclass('schema_version') IS NOT NULL";
    if !connection.query_row(sql, (), |row| row.get::<_, bool>(0))? {
        return Ok(0);
    }
    let sql = "SELECT version FROM schema_version";
    connection.query_row(sql, (), |row| Ok(row.get::<_, u32>(0)? as usize))
}

/// Migrates the database to this version.
pub fn migrate(connection: &mut Connection) -> Result<(), SchemaError> {
    // If two programs start at once, the second one waits and finds the migration done.
    let transaction = connection.transaction()?;
    let done = number(&transaction)?;
    let missing = MIGRATIONS.get(done..).ok_or(SchemaError::Newer)?;
    if missing.is_empty() {
        return Ok(());
    }
    if done == 0 {
        transaction.execute_batch(
            "CREATE TABLE schema_version (version BIGINT NOT NULL);
             INSERT INTO schema_version VALUES (0)",
        )?;
    } else {
        tracing::info!("the database of version {done} is migrated to version {NEWEST}");
    }
    for step in missing {
        transaction.execute_batch(step)?;
    }
    transaction.execute("UPDATE schema_version SET version = ?", [NEWEST as i64])?;
    Ok(transaction.commit()?)
}
