//! Recommendations: how often the boxes of each scenario were seen and clicked, and the revenue after
//! a click.

use super::figures::Line;
use super::money::Money;
use super::table::{Cell, Column, Table, column};
use super::{Part, WITHIN, count};
use crate::limits::Limits;
use crate::store::db::{self, Row};
use std::collections::{BTreeMap, HashMap};

const SCENARIOS: &[Column] = &[
    column("scenario", "Scenario"),
    column("seen", "Seen (events)"),
    column("seenVisitors", "Seen by (visitors)"),
    column("clicked", "Clicked (events)"),
    column("clickedVisitors", "Clicked by (visitors)"),
    column("clickPercent", "Click rate (% of those who saw it)"),
    column("purchases", "Bought lines after a click"),
    column("revenue", "Revenue after a click"),
];

/// The figures of a scenario.
#[derive(Clone, Debug, Default)]
struct Scenario {
    seen: u64,
    seen_by: u64,
    clicked: u64,
    clicked_by: u64,
    /// The visitors who saw it and clicked it.
    both_by: u64,
    purchases: u64,
    revenue: Money,
}

/// The scenarios, those with most clicks first.
pub fn scenarios(part: &Part<'_>) -> db::Result<Table> {
    let sql = format!(
        "WITH each AS (
             SELECT scenario, visitor, count(*) FILTER (WHERE type = 'rendered') AS seen,
                    count(*) FILTER (WHERE type = 'clickRecommended') AS clicked
             FROM report_events WHERE type IN ('rendered', 'clickRecommended') AND {WITHIN}
             GROUP BY 1, 2
         )
         SELECT scenario, sum(seen), count(*) FILTER (WHERE visitor IS NOT NULL AND seen > 0),
                sum(clicked), count(*) FILTER (WHERE visitor IS NOT NULL AND clicked > 0),
                count(*) FILTER (WHERE visitor IS NOT NULL AND seen > 0 AND clicked > 0),
                count(*) OVER ()
         FROM each GROUP BY 1 ORDER BY 4 DESC, 2 DESC, 1 LIMIT :most"
    );
    let mut found: HashMap<String, Scenario> = HashMap::new();
    let mut all = 0;
    part.each(&sql, &[(":most", &Limits::REPORT_SCENARIOS)], |row| {
        let scenario = Scenario {
            seen: count(row, 1)?,
            seen_by: count(row, 2)?,
            clicked: count(row, 3)?,
            clicked_by: count(row, 4)?,
            both_by: count(row, 5)?,
            ..Scenario::default()
        };
        all = count(row, 6)?;
        found.insert(row.get(0)?, scenario);
        Ok(())
    })?;
    let left_out = all.saturating_sub(found.len() as u64);
    purchases(part, |name, line| {
        // With too many scenarios, those of the rest have no row.
        if left_out > 0 && !found.contains_key(name) {
            return;
        }
        let scenario = found.entry(name.to_owned()).or_default();
        scenario.purchases += 1;
        if let Some((currency, price)) = &line.price {
            scenario.revenue.add(currency, *price, line.quantity, 1);
        }
    })?;
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|(a, of_a), (b, of_b)| {
        (of_b.clicked, of_b.seen).cmp(&(of_a.clicked, of_a.seen)).then_with(|| a.cmp(b))
    });
    let rows = found.into_iter().map(|(name, of)| {
        vec![
            Cell::Text(name),
            Cell::Count(of.seen),
            Cell::Count(of.seen_by),
            Cell::Count(of.clicked),
            Cell::Count(of.clicked_by),
            Cell::Share(of.both_by, of.seen_by),
            Cell::Count(of.purchases),
            Cell::Money(of.revenue),
        ]
    });
    let mut table = Table::new("scenarios", SCENARIOS, rows.collect());
    table.left_out = left_out;
    Ok(table)
}

/// Calls `take` for each bought line and each scenario in which its visitor had clicked the item
/// within [`Limits::REPORT_CLICK_MS`] before. The view `report_scenario_purchases` has the same rows.
/// It compares each purchase with all clicks of its visitor; here one pass over the sorted events is
/// enough, however many events a client invents for one visitor.
fn purchases(part: &Part<'_>, mut take: impl FnMut(&str, &Line)) -> db::Result<()> {
    let sql = format!(
        "SELECT customer, visitor, item_type, item_id, time, 0 AS bought, scenario,
                NULL AS currency, NULL AS price_micros, NULL AS quantity_micros
         FROM report_events
         WHERE type = 'clickRecommended' AND visitor IS NOT NULL AND item_id IS NOT NULL
             AND row >= :first_click AND time >= :begin_click AND time < :end
             AND (customer = :customer OR :customer IS NULL)
         UNION ALL
         SELECT customer, visitor, item_type, item_id, time, 1, NULL,
                currency, price_micros, quantity_micros
         FROM report_purchases WHERE visitor IS NOT NULL AND item_id IS NOT NULL AND {WITHIN}
         ORDER BY 1, 2, 3, 4, 5, 6"
    );
    let window = Limits::REPORT_CLICK_MS;
    let begin = part.wanted.period.begin() - window;
    let first_click = Part::of(part.connection, part.wanted, begin)?.first;
    let mut of_item = [const { String::new() }; 4];
    // The last click in each scenario.
    let mut clicks: BTreeMap<String, i64> = BTreeMap::new();
    part.each(&sql, &[(":first_click", &first_click), (":begin_click", &begin)], |row| {
        let key = key(row)?;
        if key != of_item {
            of_item = key;
            clicks.clear();
        }
        let time: i64 = row.get(4)?;
        if let Some(scenario) = row.get::<_, Option<String>>(6)? {
            clicks.insert(scenario, time);
            return Ok(());
        }
        let line = Line::read(row, 7)?;
        let recent = clicks.iter().filter(|(_, at)| time - **at <= window);
        recent.for_each(|(scenario, _)| take(scenario, &line));
        Ok(())
    })
}

/// Customer, visitor, and the item's type and id.
fn key(row: &Row<'_>) -> db::Result<[String; 4]> {
    Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
}
