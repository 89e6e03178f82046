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
use crate::store::db::{self, Connection, Value};
use period::{Customer, Wanted};

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
    /// The comparisons of variants. `None`: they take too long.
    pub comparisons: Option<Comparisons>,
}

impl Report {
    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// A table of the report. [`TableName::ALL`] has the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableName {
    /// The size of the period.
    Totals,
    /// Events of each day or hour.
    Days,
    /// Visitors of each step.
    Funnel,
    /// Revenue of each currency.
    Revenue,
    /// Recommendations.
    Scenarios,
    /// The comparison of variants. It is missing if it takes too long.
    Variants,
    /// The items with the most events.
    Items,
    /// How much was read or played.
    Consumption,
    /// Refused requests.
    Refused,
    /// Batches and copies.
    Delivery,
    /// Late events.
    Delays,
    /// Wrong clocks.
    Clocks,
    /// Orders by their reporters.
    Orders,
}

impl TableName {
    /// All tables, in the order of the page.
    pub const ALL: [Self; 13] = [
        Self::Totals,
        Self::Days,
        Self::Funnel,
        Self::Revenue,
        Self::Scenarios,
        Self::Variants,
        Self::Items,
        Self::Consumption,
        Self::Refused,
        Self::Delivery,
        Self::Delays,
        Self::Clocks,
        Self::Orders,
    ];

    /// Its name in JSON and in the address of the CSV file.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Totals => "totals",
            Self::Days => "days",
            Self::Funnel => "funnel",
            Self::Revenue => "revenue",
            Self::Scenarios => "scenarios",
            Self::Variants => VARIANTS,
            Self::Items => "items",
            Self::Consumption => "consumption",
            Self::Refused => "refused",
            Self::Delivery => "delivery",
            Self::Delays => "delays",
            Self::Clocks => "clocks",
            Self::Orders => "orders",
        }
    }

    /// The table of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.text() == name)
    }
}

/// The name of the table of variants.
const VARIANTS: &str = "variants";

/// Reads all figures in one transaction, so that they are of one moment. `plans`: those of the
/// variants.
///
/// # Errors
/// The database does not answer, or the connection was interrupted.
pub fn read(
    connection: &Connection,
    wanted: Wanted,
    plans: &Plans,
    now: u64,
) -> db::Result<Report> {
    let moment = connection.snapshot()?;
    let part = Part::of(&moment, &wanted, wanted.period.begin())?;
    let (totals, visitors) = figures::totals(&part)?;
    let mut tables = vec![totals, figures::days(&part)?, figures::funnel(&part, visitors)?];
    let (revenue, items) = figures::revenue_and_items(&part)?;
    let scenarios = scenarios::scenarios(&part)?;
    tables.extend([revenue, scenarios, items, figures::consumption(&part)?]);
    tables.extend(quality::tables(&part)?);
    let customers = customers(&moment)?;
    // Last, because it may take the rest of the time.
    let comparisons = variants::read(&moment, &wanted, plans, now)?;
    if let Some(all) = &comparisons {
        let place = TableName::ALL.iter().position(|name| *name == TableName::Variants);
        tables.insert(place.unwrap_or_default(), variants::table(all));
    }
    Ok(Report { wanted, made_at: now, customers, tables, comparisons })
}

/// Reads one table, and nothing that only others need. `None`: the comparison of variants takes longer
/// than a report may.
///
/// # Errors
/// The database does not answer, or the connection was interrupted.
pub fn read_table(
    connection: &Connection,
    wanted: &Wanted,
    name: TableName,
    plans: &Plans,
    now: u64,
) -> db::Result<Option<Table>> {
    let moment = connection.snapshot()?;
    let part = || Part::of(&moment, wanted, wanted.period.begin());
    let table = match name {
        TableName::Totals => figures::totals(&part()?)?.0,
        TableName::Days => figures::days(&part()?)?,
        TableName::Funnel => {
            let part = part()?;
            figures::funnel(&part, figures::totals(&part)?.1)?
        }
        TableName::Revenue => figures::revenue(&part()?)?,
        TableName::Scenarios => scenarios::scenarios(&part()?)?,
        TableName::Variants => {
            let all = variants::read(&moment, wanted, plans, now)?;
            return Ok(all.as_ref().map(variants::table));
        }
        TableName::Items => figures::revenue_and_items(&part()?)?.1,
        TableName::Consumption => figures::consumption(&part()?)?,
        TableName::Refused => quality::refused(&part()?)?,
        TableName::Delivery => quality::delivery(&part()?)?,
        TableName::Delays => quality::delays(&part()?)?,
        TableName::Clocks => quality::clocks(&part()?)?,
        TableName::Orders => quality::orders(&part()?)?,
    };
    Ok(Some(table))
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
    fn of(connection: &'a Connection, wanted: &'a Wanted, begin: i64) -> db::Result<Self> {
        let first: Option<i64> = connection.query_row(FIRST, [begin], |row| row.get(0))?;
        Ok(Self { connection, wanted, first: first.unwrap_or(i64::MAX) })
    }

    /// Runs a query with the parameters `:first`, `:begin`, `:end` and `:customer`, as far as it has
    /// them, and these.
    fn each(
        &self,
        sql: &str,
        more: &[(&str, &dyn Value)],
        take: impl FnMut(&db::Row<'_>) -> db::Result<()>,
    ) -> db::Result<()> {
        let period = self.wanted.period;
        let customer = match &self.wanted.customer {
            Customer::Any => None,
            Customer::None => Some(""),
            Customer::Named(name) => Some(name.as_str()),
        };
        let (begin, end) = (period.begin(), period.end());
        let mut all: Vec<(&str, &dyn Value)> = vec![
            (":first", &self.first),
            (":begin", &begin),
            (":end", &end),
            (":customer", &customer),
        ];
        all.extend(more);
        self.connection.each(sql, &all, take)
    }
}

/// The condition for events of the period.
const WITHIN: &str = "row >= :first AND time >= :begin AND time < :end
    AND (customer = :customer OR :customer IS NULL)";

/// The first row of each customer is found by the index `events_by_age`.
const FIRST: &str = "
    WITH RECURSIVE names(name) AS (
        SELECT min(customer) FROM events
        UNION ALL
        SELECT (SELECT min(customer) FROM events WHERE customer > name) FROM names
        WHERE name IS NOT NULL
    )
    SELECT min((SELECT min(row) FROM events WHERE customer IS NOT DISTINCT FROM name AND received_at >= ?))
    FROM names";

/// Most customers that the page offers.
const CUSTOMERS: usize = 100;

/// The customers of the stored events, without those after the first hundred.
fn customers(connection: &Connection) -> db::Result<Vec<Customer>> {
    let sql = "SELECT 1 FROM events WHERE customer IS NULL LIMIT 1";
    let mut found = Vec::new();
    if connection.prepare_cached(sql)?.exists(())? {
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

/// A count. It is never negative.
fn count(row: &db::Row<'_>, column: usize) -> db::Result<u64> {
    Ok(row.get::<_, Option<i64>>(column)?.unwrap_or_default().unsigned_abs())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::store::schema;
    use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    const NOW: u64 = 1_795_827_600_000;

    fn filled(folder: &std::path::Path) -> Connection {
        let connection = schema::new_for_test(folder);
        let sql = "INSERT INTO events (id, type, at, received_at, source, anonymous, fields)
            WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 40)
            SELECT 'id' || n, CASE n % 4 WHEN 0 THEN 'rendered' WHEN 1 THEN 'clickRecommended'
                              WHEN 2 THEN 'buy' ELSE 'consume' END,
                   ?1 - 60000 * (40 - n), ?1, 'batch', 'v' || (n % 9),
                   json_object('scenario', 'top', 'variant', 'A', 'itemType', '1', 'itemId', '1',
                               'price', '1.00', 'currency', 'EUR')
            FROM n";
        connection.execute(sql, [NOW as i64 - 1000]).unwrap();
        connection
    }

    /// The tables and views that the table of this name is read from.
    fn sources(connection: &mut Connection, name: TableName) -> BTreeSet<String> {
        let sources = Arc::new(Mutex::new(BTreeSet::new()));
        let seen = Arc::clone(&sources);
        let note = move |context: AuthContext<'_>| {
            if let AuthAction::Read { table_name, .. } = context.action {
                seen.lock().unwrap().insert(table_name.to_owned());
            }
            Authorization::Allow
        };
        if let Connection::Sqlite(sqlite) = &mut *connection {
            sqlite.flush_prepared_statement_cache();
            sqlite.authorizer(Some(note)).unwrap();
        }
        let wanted = Wanted::read("", NOW).unwrap();
        read_table(connection, &wanted, name, &Plans::new(), NOW).unwrap().unwrap();
        let sources = sources.lock().unwrap();
        sources.iter().filter(|name| !name.is_empty()).cloned().collect()
    }

    #[test]
    fn a_single_table_is_the_same_as_in_the_whole_report() {
        let folder = tempfile::tempdir().unwrap();
        let connection = filled(folder.path());
        let wanted = || Wanted::read("", NOW).unwrap();
        let all = read(&connection, wanted(), &Plans::new(), NOW).unwrap();
        let names: Vec<_> = all.tables.iter().map(|table| table.name).collect();
        assert_eq!(names, TableName::ALL.map(TableName::text));
        for name in TableName::ALL {
            let one =
                read_table(&connection, &wanted(), name, &Plans::new(), NOW).unwrap().unwrap();
            assert_eq!(csv(&one).unwrap(), csv(all.table(name.text()).unwrap()).unwrap());
        }
    }

    #[test]
    fn a_single_table_reads_nothing_that_only_others_need() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = filled(folder.path());
        let mut reads = |name, source: &str| sources(&mut connection, name).contains(source);
        for name in TableName::ALL {
            use TableName::*;
            // The other events of the period are not read.
            let of_others = matches!(name, Variants | Refused | Delivery | Orders);
            assert_eq!(reads(name, "report_events"), !of_others, "{name:?}");
            let of_purchases = matches!(name, Revenue | Scenarios | Items);
            assert_eq!(reads(name, "report_purchases"), of_purchases, "{name:?}");
            assert_eq!(reads(name, "report_orders"), name == Orders, "{name:?}");
            assert_eq!(reads(name, "batches"), name == Delivery, "{name:?}");
            assert_eq!(reads(name, "refused_requests"), name == Refused, "{name:?}");
        }
    }
}
