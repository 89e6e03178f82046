//! The visitors of each variant of recommendations.

use super::Period;
use super::db::{self, Connection, Value};
use crate::limits::Limits;

/// The time in which a visitor's click or purchase counts.
const WINDOW_MS: u64 = 24 * 3_600_000;

/// The visitors who first saw a scenario in a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The customer of the events.
    pub customer: Option<String>,
    /// The scenario.
    pub scenario: String,
    /// The variant.
    pub variant: String,
    /// All visitors.
    pub visitors: u64,
    /// Those who saw another variant later.
    pub changed: u64,
    /// Those for whom a day has passed since.
    pub counted: u64,
    /// Those of them who clicked a recommendation of the scenario.
    pub clicked: u64,
    /// Those of them who bought something.
    pub bought: u64,
}

/// An event's time is that of the visitor's clock. If that is ahead, it is the time of receipt:
/// nothing happens later, and the visitor would not be counted for as long as the clock is ahead.
const SEEN: &str = "
    WITH timed AS MATERIALIZED (
        SELECT customer, coalesce(anonymous, user) AS visitor, type,
            CASE WHEN at < received_at THEN at ELSE received_at END AS time,
            fields ->> '$.scenario' AS scenario, fields ->> '$.variant' AS variant
        FROM events
        WHERE type IN ('rendered', 'clickRecommended', 'buy') AND received_at >= :from),
    within AS (
        SELECT * FROM timed WHERE visitor IS NOT NULL AND time >= :from AND time < :to),
    placed AS (
        SELECT *, min(CASE WHEN variant IS NOT NULL THEN time END)
            OVER (PARTITION BY customer, scenario, visitor) AS since
        FROM within WHERE scenario IS NOT NULL AND type <> 'buy'),
    visitors AS (
        SELECT customer, scenario, visitor, since,
            min(CASE WHEN time = since THEN variant END) AS variant,
            CASE WHEN count(DISTINCT variant) > 1 THEN 1 ELSE 0 END AS changed,
            CASE WHEN since + :window <= :to THEN 1 ELSE 0 END AS counted,
            max(CASE WHEN type = 'clickRecommended' AND time >= since AND time < since + :window
                THEN 1 ELSE 0 END) AS clicked
        FROM placed WHERE since IS NOT NULL GROUP BY customer, scenario, visitor, since),
    buys AS MATERIALIZED (SELECT customer, visitor, time FROM within WHERE type = 'buy'),
    complete AS (
        SELECT visitors.customer, scenario, visitors.visitor, variant, changed, counted, clicked,
            max(CASE WHEN buys.time IS NULL THEN 0 ELSE 1 END) AS bought
        FROM visitors LEFT JOIN buys
            ON buys.visitor = visitors.visitor
            AND buys.customer IS NOT DISTINCT FROM visitors.customer
            AND buys.time >= since AND buys.time < since + :window
        GROUP BY visitors.customer, scenario, visitors.visitor, variant, changed, counted, clicked),
    numbers AS (
        SELECT customer, scenario, variant, count(*) AS visitors, sum(changed) AS changed,
            sum(counted) AS counted, sum(counted * clicked) AS clicked,
            sum(counted * bought) AS bought
        FROM complete GROUP BY customer, scenario, variant)
    SELECT *, count(*) OVER () AS found,
        sum(visitors) OVER (PARTITION BY customer, scenario) AS of_scenario
    FROM numbers ORDER BY of_scenario DESC, customer NULLS FIRST, scenario, visitors DESC, variant LIMIT :most";

/// A quick condition that all events with a variant fulfil.
fn names(connection: &Connection) -> &'static str {
    connection
        .choose("instr(fields, '\"variant\"')", "strpos(CAST(fields AS TEXT), '\"variant\"') > 0")
}

/// Whether an event names a variant. This takes much less time than the comparison, which reads the
/// fields of all recommendations and purchases as JSON.
///
/// # Errors
/// The database does not answer.
pub fn are_any(connection: &Connection) -> db::Result<bool> {
    let names = names(connection);
    let sql = format!(
        "SELECT 1 FROM events WHERE type IN ('rendered', 'clickRecommended')
         AND {names} AND fields ->> '$.variant' IS NOT NULL LIMIT 1"
    );
    connection.prepare_cached(&sql)?.exists(())
}

/// Those of the scenarios that no event with a variant has. None of them if no event has a variant.
///
/// # Errors
/// The database does not answer.
pub fn unseen(connection: &Connection, mut scenarios: Vec<String>) -> db::Result<Vec<String>> {
    if !are_any(connection)? {
        return Ok(Vec::new());
    }
    let list = connection.choose(
        "SELECT value FROM json_each(?)",
        "SELECT json_array_elements_text(CAST(? AS JSON))",
    );
    let sql = format!(
        "SELECT DISTINCT fields ->> '$.scenario' AS scenario FROM events
         WHERE type IN ('rendered', 'clickRecommended')
         AND {names} AND fields ->> '$.variant' IS NOT NULL
         AND fields ->> '$.scenario' IN ({list})",
        names = names(connection)
    );
    let wanted = serde_json::Value::from(scenarios.as_slice()).to_string();
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([wanted])?;
    while !scenarios.is_empty()
        && let Some(row) = rows.next()?
    {
        let seen: String = row.get(0)?;
        scenarios.retain(|scenario| *scenario != seen);
    }
    Ok(scenarios)
}

/// The visitors of each scenario and variant, by customer, scenario and variant, and the number of
/// variants that were left out because there are too many. Those of the scenarios with the most
/// visitors stay, because anybody can invent others.
///
/// # Errors
/// The database does not answer.
pub fn seen(connection: &Connection, period: &Period) -> db::Result<(Vec<Seen>, u64)> {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (from, to) = (whole(period.from), whole(period.to));
    let (window, most) = (WINDOW_MS as i64, Limits::VARIANTS as i64);
    let parameters: [(&str, &dyn Value); 4] =
        [(":from", &from), (":to", &to), (":window", &window), (":most", &most)];
    let mut found = 0;
    let mut all = Vec::new();
    connection.each(SEEN, &parameters, |row| -> db::Result<()> {
        found = row.get::<_, i64>("found")?.unsigned_abs();
        let count = |name: &str| row.get::<_, i64>(name).map(i64::unsigned_abs);
        all.push(Seen {
            customer: row.get("customer")?,
            scenario: row.get("scenario")?,
            variant: row.get("variant")?,
            visitors: count("visitors")?,
            changed: count("changed")?,
            counted: count("counted")?,
            clicked: count("clicked")?,
            bought: count("bought")?,
        });
        Ok(())
    })?;
    let of = |one: &Seen| (one.customer.clone(), one.scenario.clone(), one.variant.clone());
    all.sort_by_cached_key(of);
    let left_out = found.saturating_sub(all.len() as u64);
    Ok((all, left_out))
}
