//! The number of stored rows of each customer, for the bound on it.
//!
//! Triggers count, so that the numbers stay right whoever inserts or deletes rows: the writer, an
//! import, or an operator with SQL. Without a bound there are no triggers, and nothing is counted.

use super::StoreError;
use super::db::{self, Connection, Optional};
use super::reader::Readers;
use crate::limits::Limits;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Counts what is there, then each change.
const BEGIN: &str = "
    CREATE TABLE customer_rows (
        source TEXT NOT NULL,
        customer TEXT NOT NULL,
        rows INTEGER NOT NULL,
        PRIMARY KEY (source, customer)
    ) WITHOUT ROWID;
    INSERT INTO customer_rows
        SELECT source, coalesce(customer, ''), count(*) FROM events GROUP BY 1, 2;
    CREATE TRIGGER customer_rows_added AFTER INSERT ON events BEGIN
        INSERT INTO customer_rows VALUES (new.source, coalesce(new.customer, ''), 1)
        ON CONFLICT DO UPDATE SET rows = rows + 1;
    END;
    CREATE TRIGGER customer_rows_deleted AFTER DELETE ON events BEGIN
        UPDATE customer_rows SET rows = rows - 1
        WHERE source = old.source AND customer = coalesce(old.customer, '');
    END;
";

/// The same in PostgreSQL.
const BEGIN_SERVER: &str = "
    CREATE TABLE customer_rows (
        source TEXT COLLATE \"C\" NOT NULL,
        customer TEXT COLLATE \"C\" NOT NULL,
        rows BIGINT NOT NULL,
        PRIMARY KEY (source, customer)
    );
    INSERT INTO customer_rows
        SELECT source, coalesce(customer, ''), count(*) FROM events GROUP BY 1, 2;
    CREATE FUNCTION customer_rows_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO customer_rows
                SELECT source, coalesce(customer, ''), count(*) FROM changed GROUP BY 1, 2
                ON CONFLICT (source, customer)
                DO UPDATE SET rows = customer_rows.rows + excluded.rows;
        ELSE
            UPDATE customer_rows SET rows = customer_rows.rows - gone.rows
            FROM (SELECT source, coalesce(customer, '') AS customer, count(*) AS rows
                  FROM changed GROUP BY 1, 2) AS gone
            WHERE customer_rows.source = gone.source AND customer_rows.customer = gone.customer;
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER customer_rows_added AFTER INSERT ON events
        REFERENCING NEW TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION customer_rows_changed();
    CREATE TRIGGER customer_rows_deleted AFTER DELETE ON events
        REFERENCING OLD TABLE AS changed
        FOR EACH STATEMENT EXECUTE FUNCTION customer_rows_changed();
";

const END: &str = "
    DROP TRIGGER IF EXISTS customer_rows_added;
    DROP TRIGGER IF EXISTS customer_rows_deleted;
    DROP TABLE IF EXISTS customer_rows;
";

const END_SERVER: &str = "
    DROP TRIGGER IF EXISTS customer_rows_added ON events;
    DROP TRIGGER IF EXISTS customer_rows_deleted ON events;
    DROP FUNCTION IF EXISTS customer_rows_changed;
    DROP TABLE IF EXISTS customer_rows;
";

/// Begins or ends counting. Beginning reads all rows once.
pub fn count(connection: &mut Connection, wanted: bool) -> db::Result<()> {
    let transaction = connection.transaction()?;
    let sql = transaction.choose(
        "SELECT 1 FROM sqlite_schema WHERE name = 'customer_rows'",
        "SELECT 1 WHERE to_regclass('customer_rows') IS NOT NULL",
    );
    let counts = transaction.query_row(sql, (), |_| Ok(())).optional()?.is_some();
    if wanted != counts {
        let (begin, end) =
            (transaction.choose(BEGIN, BEGIN_SERVER), transaction.choose(END, END_SERVER));
        transaction.execute_batch(if wanted { begin } else { end })?;
    }
    transaction.commit()
}

/// The interface and the customer's name.
type Customer = (&'static str, String);

/// The last known numbers, with the times of their reading.
#[derive(Debug, Default)]
pub struct Rows(Mutex<HashMap<Customer, (Instant, u64)>>);

impl Rows {
    /// The customer's stored rows, read at most once in [`Limits::ROWS_KEPT`].
    pub async fn of(
        &self,
        readers: &Readers,
        source: &'static str,
        customer: &str,
    ) -> Result<u64, StoreError> {
        let key = (source, customer.to_owned());
        {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, rows)) = kept.get(&key)
                && at.elapsed() < Limits::ROWS_KEPT
            {
                return Ok(*rows);
            }
        }
        let wanted = key.clone();
        let rows = readers.run(move |connection| read(connection, &wanted)).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= Limits::ADDRESSES {
            kept.clear();
        }
        kept.insert(key, (Instant::now(), rows));
        Ok(rows)
    }
}

fn read(connection: &Connection, (source, customer): &Customer) -> db::Result<u64> {
    let sql = "SELECT rows FROM customer_rows WHERE source = ? AND customer = ?";
    let mut statement = connection.prepare_cached(sql)?;
    let rows: Option<i64> = statement.query_row((source, customer), |row| row.get(0)).optional()?;
    Ok(rows.unwrap_or_default().unsigned_abs())
}
