//! The quality of the data: refused requests, copies, late events, wrong clocks, and orders that no
//! page reported.

use super::table::{Cell, Column, Table, column};
use super::{Part, WITHIN, count};
use crate::store::db;

/// All tables.
pub fn tables(part: &Part<'_>) -> db::Result<[Table; 5]> {
    Ok([refused(part)?, delivery(part)?, delays(part)?, clocks(part)?, orders(part)?])
}

const REFUSED: &[Column] = &[
    column("interface", "Interface"),
    column("reason", "Reason"),
    column("requests", "Refused requests"),
];

/// Refused requests, of all customers: a refused request has none.
pub fn refused(part: &Part<'_>) -> db::Result<Table> {
    let sql = "SELECT interface, reason, sum(requests) FROM refused_requests
               WHERE day BETWEEN :from AND :to GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2";
    let period = part.wanted.period;
    let (from, to) = (period.from(), period.to());
    let mut rows = Vec::new();
    part.each(sql, &[(":from", &from), (":to", &to)], |row| {
        let text = |place| row.get(place).map(Cell::Text);
        rows.push(vec![text(0)?, text(1)?, Cell::Count(count(row, 2)?)]);
        Ok(())
    })?;
    Ok(Table::new("refused", REFUSED, rows))
}

const DELIVERY: &[Column] = &[
    column("batches", "Batches"),
    column("repeatedBatches", "Batches that came again"),
    column("events", "Events that came"),
    column("stored", "Stored"),
    column("copies", "Copies (not stored again)"),
];

/// Batches of the tracker, of all customers: a batch has none.
pub fn delivery(part: &Part<'_>) -> db::Result<Table> {
    let sql = "SELECT count(*), sum(copies), sum(events * (copies + 1)), sum(stored),
                      sum(events * (copies + 1) - stored)
               FROM batches WHERE received_at >= :begin AND received_at < :end";
    let mut rows = Vec::new();
    part.each(sql, &[], |row| {
        let cells = [0, 1, 2, 3, 4].map(|place| count(row, place).map(Cell::Count));
        rows.push(cells.into_iter().collect::<Result<_, _>>()?);
        Ok(())
    })?;
    Ok(Table::new("delivery", DELIVERY, rows))
}

const DELAYS: &[Column] = &[
    column("delay", "From the event to its receipt"),
    column("events", "Events"),
    column("percent", "Share of events (%)"),
];

const CLOCKS: &[Column] = &[
    column("difference", "Visitor's clock and the collector's differ by"),
    column("events", "Events"),
    column("percent", "Share of events (%)"),
];

const RANGES: [&str; 4] =
    ["up to 1 minute", "1 minute to 1 hour", "1 hour to 1 day", "more than 1 day"];
const CHANGED: &str = "changed between the event and its sending";

/// Events of batches by the time until they arrived.
pub fn delays(part: &Part<'_>) -> db::Result<Table> {
    Ok(Table::new("delays", DELAYS, ranges(part, "received_at - time", false)?))
}

/// Events of batches by the difference of the clocks.
pub fn clocks(part: &Part<'_>) -> db::Result<Table> {
    Ok(Table::new("clocks", CLOCKS, ranges(part, "abs(sent_at - received_at)", true)?))
}

/// The events of batches by a duration. Other events have no time of sending. If `changed`, the last
/// row has those whose times are more than 7 days apart or in the wrong order.
fn ranges(part: &Part<'_>, duration: &str, changed: bool) -> db::Result<Vec<Vec<Cell>>> {
    let sql = format!(
        "SELECT CASE WHEN :changed AND sent_at - at NOT BETWEEN 0 AND 604800000 THEN 4
                     WHEN {duration} <= 60000 THEN 0 WHEN {duration} <= 3600000 THEN 1
                     WHEN {duration} <= 86400000 THEN 2 ELSE 3 END, count(*)
         FROM report_events WHERE sent_at IS NOT NULL AND {WITHIN} GROUP BY 1"
    );
    let mut found = [0; 5];
    part.each(&sql, &[(":changed", &changed)], |row| {
        let place = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        if let Some(range) = found.get_mut(place) {
            *range = count(row, 1)?;
        }
        Ok(())
    })?;
    let all = found.iter().sum();
    let names = RANGES.into_iter().chain(changed.then_some(CHANGED));
    let rows = names.zip(found).map(|(name, events)| {
        vec![Cell::text(name), Cell::Count(events), Cell::Share(events, all)]
    });
    Ok(rows.collect())
}

const ORDERS: &[Column] = &[
    column("reported", "Reported by"),
    column("orders", "Orders"),
    column("percent", "Share of orders (%)"),
    column("copies", "Lines that pages reported again"),
];

/// Orders by their reporters.
pub fn orders(part: &Part<'_>) -> db::Result<Table> {
    let sql = "SELECT reported, count(*), sum(copies) FROM report_orders
               WHERE time >= :begin AND time < :end
                   AND (customer = :customer OR :customer IS NULL)
               GROUP BY 1";
    let names = [("both", "page and shop"), ("page", "pages only"), ("shop", "shop only")];
    let mut found = [(0, 0); 3];
    part.each(sql, &[], |row| {
        let reported: String = row.get(0)?;
        let known = names.iter().position(|(name, _)| *name == reported);
        if let Some(orders) = known.and_then(|place| found.get_mut(place)) {
            *orders = (count(row, 1)?, count(row, 2)?);
        }
        Ok(())
    })?;
    let all = found.iter().map(|(orders, _)| orders).sum();
    let rows = names.into_iter().zip(found).map(|((_, name), (orders, copies))| {
        let share = Cell::Share(orders, all);
        vec![Cell::text(name), Cell::Count(orders), share, Cell::Count(copies)]
    });
    Ok(Table::new("orders", ORDERS, rows.collect()))
}
