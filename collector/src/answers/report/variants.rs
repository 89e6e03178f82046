//! The comparison of variants, over all stored time: a period that moves permits no conclusion.

use super::period::Customer;
use super::table::{Cell, Column, Table, column};
use super::{VARIANTS, Wanted};
use crate::answers::variants::{Comparison, Comparisons, Outcome, Variant, comparisons};
use crate::config::variants::Plans;
use crate::store::db::{self, Connection};
use crate::store::{Period, variants as rows};

const COLUMNS: &[Column] = &[
    column("customer", "Customer"),
    column("scenario", "Scenario"),
    column("splitWrong", "Wrong split"),
    column("others", "Visitors of other variants"),
    column("outcome", "Outcome"),
    column("variant", "Variant"),
    column("visitors", "Visitors"),
    column("changed", "Changed the variant"),
    column("expectedPercent", "Expected visitors (%)"),
    column("counted", "Counted"),
    column("outcomeVisitors", "Visitors with the outcome"),
    column("percent", "Rate (%)"),
    column("difference", "Difference (percentage points)"),
    column("low", "Lower bound"),
    column("high", "Upper bound"),
    column("verdict", "Verdict"),
];

/// The comparisons of the customer, up to this time. `None`: they take longer than a report may.
pub fn read(
    connection: &Connection,
    wanted: &Wanted,
    plans: &Plans,
    now: u64,
) -> db::Result<Option<Comparisons>> {
    let compare = || {
        if rows::are_any(connection)? {
            return comparisons(connection, &Period { from: 0, to: now }, plans);
        }
        let unseen = plans.keys().cloned().collect();
        Ok(Comparisons { comparisons: Vec::new(), left_out: 0, unseen })
    };
    let mut all = match compare() {
        Ok(all) => all,
        Err(error) if error.is_interrupted() => return Ok(None),
        Err(error) => return Err(error),
    };
    all.comparisons.retain(|one| match &wanted.customer {
        Customer::Any => true,
        Customer::None => one.customer.is_none(),
        Customer::Named(name) => one.customer.as_ref() == Some(name),
    });
    Ok(Some(all))
}

/// A row for each outcome of each variant.
pub fn table(all: &Comparisons) -> Table {
    let mut table = Table::new(VARIANTS, COLUMNS, Vec::new());
    table.rows = all.comparisons.iter().flat_map(of_scenario).collect();
    table.left_out = all.left_out;
    table
}

fn of_scenario(of: &Comparison) -> Vec<Vec<Cell>> {
    let row = |variant: &Variant, name: &str, outcome: &Outcome| {
        vec![
            Cell::text(of.customer.as_deref().unwrap_or_default()),
            Cell::text(&of.scenario),
            Cell::Flag(of.split_wrong),
            Cell::Count(of.others),
            Cell::text(name),
            Cell::text(&variant.variant),
            Cell::Count(variant.visitors),
            Cell::Count(variant.changed),
            points(Some(variant.expected_share)),
            Cell::Count(variant.counted),
            Cell::Count(outcome.visitors),
            Cell::Share(outcome.visitors, variant.counted),
            points(outcome.difference),
            points(outcome.low),
            points(outcome.high),
            Cell::text(outcome.verdict.name()),
        ]
    };
    let clicked = of.variants.iter().map(|one| row(one, "clicked", &one.clicked));
    let bought = of.variants.iter().map(|one| row(one, "bought", &one.bought));
    clicked.chain(bought).collect()
}

/// A share or a difference of shares in percent.
pub fn points(share: Option<f64>) -> Cell {
    Cell::Points(share.map(|share| (share * 10_000.0).round() as i64))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::answers::report::{csv, json, page};
    use crate::store::{bounded_read, schema};

    const NOW: u64 = 1_795_827_600_000;

    fn report(connection: &Connection) -> crate::answers::report::Report {
        let wanted = Wanted::read("", NOW).unwrap();
        crate::answers::report::read(connection, wanted, &Plans::new(), NOW).unwrap()
    }

    fn fill(connection: &Connection) {
        let sql = "INSERT INTO events (id, type, at, received_at, source, anonymous, fields)
            WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
            SELECT 'id' || n, 'rendered', 1, 1, 'batch', 'v' || n,
                   json_object('scenario', 'top', 'variant', 'A') FROM n";
        connection.execute_batch(sql).unwrap();
    }

    #[test]
    fn the_other_figures_are_shown_if_there_is_no_time_for_the_comparison() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = schema::new_for_test(folder.path());
        fill(&connection);
        let all = report(&connection);
        assert_eq!(all.table(VARIANTS).unwrap().rows.len(), 2);
        // The time is over at the first statement that reads variants.
        let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let sign = std::sync::Arc::clone(&is_over);
        let authorize = move |context: rusqlite::hooks::AuthContext<'_>| {
            if let rusqlite::hooks::AuthAction::Function { function_name: "instr" } = context.action
            {
                is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            rusqlite::hooks::Authorization::Allow
        };
        if let Connection::Sqlite(sqlite) = &mut connection {
            sqlite.flush_prepared_statement_cache();
            sqlite.authorizer(Some(authorize)).unwrap();
        }
        let far = std::time::Instant::now() + std::time::Duration::from_secs(3600);
        let slow = bounded_read::run(&mut connection, far, sign, |open| Ok(report(open))).unwrap();
        assert!(slow.comparisons.is_none() && slow.table(VARIANTS).is_none());
        assert_eq!(slow.tables.len() + 1, all.tables.len());
        assert!(json(&slow).contains("\"variants\":null"));
        let link = "<a href=\"/v1/variants\">";
        let shown = |has_session| page::page(&slow, has_session, NOW).unwrap();
        assert!(
            shown(false).contains(link) && shown(false).contains("take longer than 20 seconds")
        );
        // The session of a browser does not open that address.
        assert!(!shown(true).contains(link) && shown(true).contains("/v1/variants with the token"));
        assert!(csv(all.table(VARIANTS).unwrap()).unwrap().contains("\"reference\""));
    }
}
