//! The report: the figures of a period, in tables. The page, JSON and CSV show the same tables.
//!
//! `docs/report.md` defines each figure. The queries use the views of `store/steps/report.sql`.

mod chart;
mod csv;
mod figures;
mod json;
mod money;
pub mod page;
pub mod period;
mod quality;
mod scenarios;
mod table;
mod variants;
mod variants_page;

pub use csv::csv;
pub use json::json;
pub use table::{Cell, Column, Table};

use crate::answers::variants::Comparisons;
use crate::config::variants::Plans;
use period::{Customer, Wanted};
use rusqlite::types::Value;
use rusqlite::{Connection, ToSql};

/// The figures of a period.
#[derive(Clone, Debug)]
pub struct Report {
    /// The question.
    pub wanted: Wanted,
    /// The time of the question.
    pub made_at: u64,
    /// The customers that may be asked for.
    pub customers: Vec<Customer>,
    /// The tables, in the order of the page.
    pub tables: Vec<Table>,
    /// The comparisons of variants. `None`: they were not asked for, or take too long.
    pub comparisons: Option<Comparisons>,
}

impl Report {
    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// The names of the tables, in the order of the page.
pub const PARTS: [&str; 13] = [
    "totals",
    "days",
    "funnel",
    "revenue",
    "scenarios",
    VARIANTS,
    "items",
    "consumption",
    "refused",
    "delivery",
    "delays",
    "clocks",
    "orders",
];

/// The table of variants. It is missing if the comparison takes too long.
pub const VARIANTS: &str = "variants";

/// Reads all figures in one transaction, so that they are of one moment. `plans`: those of tests, if
/// variants are compared, too.
///
/// # Errors
/// The database does not answer, or the connection was interrupted.
pub fn read(
    connection: &Connection,
    wanted: Wanted,
    plans: Option<&Plans>,
    now: u64,
) -> rusqlite::Result<Report> {
    let moment = connection.unchecked_transaction()?;
    let part = Part::of(&moment, &wanted, wanted.period.begin())?;
    let (totals, visitors) = figures::totals(&part)?;
    let mut tables = vec![totals, figures::days(&part)?, figures::funnel(&part, visitors)?];
    let (revenue, items) = figures::revenue_and_items(&part)?;
    let scenarios = scenarios::scenarios(&part)?;
    tables.extend([revenue, scenarios, items, figures::consumption(&part)?]);
    tables.extend(quality::tables(&part)?);
    let customers = customers(&moment)?;
    // Last, because it may take the rest of the time.
    let comparisons = match plans {
        Some(plans) => variants::read(&moment, &wanted, plans, now)?,
        None => None,
    };
    if let Some(all) = &comparisons {
        let place = PARTS.iter().position(|part| *part == VARIANTS).unwrap_or_default();
        tables.insert(place, variants::table(all));
    }
    Ok(Report { wanted, made_at: now, customers, tables, comparisons })
}

/// The part of the database that a report is about.
struct Part<'a> {
    connection: &'a Connection,
    wanted: &'a Wanted,
    /// No row before this one has an event of the period, so that a large database is not read from
    /// its begin. An event's time is never later than its receipt.
    first: i64,
}

impl<'a> Part<'a> {
    fn of(connection: &'a Connection, wanted: &'a Wanted, begin: i64) -> rusqlite::Result<Self> {
        let first: Option<i64> = connection.query_row(FIRST, [begin], |row| row.get(0))?;
        Ok(Self { connection, wanted, first: first.unwrap_or(i64::MAX) })
    }

    /// Runs a query with the parameters `:first`, `:begin`, `:end` and `:customer`, as far as it has
    /// them, and these.
    fn each(
        &self,
        sql: &str,
        more: &[(&str, &dyn ToSql)],
        mut take: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let period = self.wanted.period;
        let customer: Value = match &self.wanted.customer {
            Customer::Any => Value::Null,
            Customer::None => Value::Text(String::new()),
            Customer::Named(name) => Value::Text(name.clone()),
        };
        let (begin, end) = (period.begin(), period.end());
        let all: [(&str, &dyn ToSql); 4] =
            [(":first", &self.first), (":begin", &begin), (":end", &end), (":customer", &customer)];
        for (name, value) in more.iter().chain(&all) {
            if let Some(place) = statement.parameter_index(name)? {
                statement.raw_bind_parameter(place, value)?;
            }
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    }
}

/// The condition for events of the period.
const WITHIN: &str = "row >= :first AND time >= :begin AND time < :end
    AND (:customer IS NULL OR customer = :customer)";

/// The first row of each customer is found by the index `events_by_age`.
const FIRST: &str = "
    WITH RECURSIVE names(name) AS (
        SELECT min(customer) FROM events
        UNION ALL
        SELECT (SELECT min(customer) FROM events WHERE customer > name) FROM names
        WHERE name IS NOT NULL
    )
    SELECT min((SELECT min(row) FROM events WHERE customer IS name AND received_at >= ?))
    FROM names";

/// Most customers that the page offers.
const CUSTOMERS: usize = 100;

/// The customers of the stored events, without those after the first hundred.
fn customers(connection: &Connection) -> rusqlite::Result<Vec<Customer>> {
    let sql = "SELECT 1 FROM events WHERE customer IS NULL LIMIT 1";
    let mut found = Vec::new();
    if connection.prepare_cached(sql)?.exists([])? {
        found.push(Customer::None);
    }
    let sql = "SELECT min(customer) FROM events WHERE customer > ?";
    let mut statement = connection.prepare_cached(sql)?;
    let mut after = String::new();
    while found.len() < CUSTOMERS {
        let next: Option<String> = statement.query_row([&after], |row| row.get(0))?;
        let Some(next) = next else { break };
        found.push(Customer::Named(next.clone()));
        after = next;
    }
    Ok(found)
}

/// A count of SQLite. It is never negative.
fn count(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, Option<i64>>(column)?.unwrap_or_default().unsigned_abs())
}
