//! Events over time, funnel, revenue, items and consumption.

use super::money::Money;
use super::period;
use super::table::{Cell, Column, Table, column};
use super::{Part, WITHIN, count};
use crate::limits::Limits;
use crate::store::db;
use recobeacon_engine::event::Kind;
use std::collections::{BTreeMap, HashMap};

const TOTALS: &[Column] = &[
    column("events", "Events"),
    column("visitors", "Visitors"),
    column("eventsWithoutVisitor", "Events without a visitor"),
];

/// The size of the period, and the number of visitors.
pub fn totals(part: &Part<'_>) -> db::Result<(Table, u64)> {
    let sql = format!(
        "SELECT count(*), count(DISTINCT visitor), count(*) FILTER (WHERE visitor IS NULL)
         FROM report_events WHERE {WITHIN}"
    );
    let (mut rows, mut visitors) = (Vec::new(), 0);
    part.each(&sql, &[], |row| {
        let cell = |place| count(row, place).map(Cell::Count);
        rows.push(vec![cell(0)?, cell(1)?, cell(2)?]);
        visitors = count(row, 1)?;
        Ok(())
    })?;
    Ok((Table::new("totals", TOTALS, rows), visitors))
}

const DAYS: &[Column] = &[
    column("begin", "Day or hour (UTC)"),
    column("events", "Events"),
    column("visitors", "Visitors"),
    column("clicks", "Items opened"),
    column("baskets", "Put into the basket"),
    column("purchases", "Bought lines"),
];

/// Events of each day, or of each hour of a short period. Times without events have a row too.
pub fn days(part: &Part<'_>) -> db::Result<Table> {
    let sql = format!(
        "SELECT (time - :begin) / :step, count(*), count(DISTINCT visitor),
                count(*) FILTER (WHERE type = 'click'), count(*) FILTER (WHERE type = 'basket'),
                count(*) FILTER (WHERE type = 'buy')
         FROM report_events WHERE {WITHIN} GROUP BY 1"
    );
    let mut found = BTreeMap::new();
    let period = part.wanted.period;
    let step = period.step();
    part.each(&sql, &[(":step", &step)], |row| {
        let cell = |place| count(row, place).map(Cell::Count);
        let cells = [cell(1)?, cell(2)?, cell(3)?, cell(4)?, cell(5)?];
        found.insert(row.get::<_, i64>(0)?, cells);
        Ok(())
    })?;
    let steps = (period.end() - period.begin()) / step;
    let rows = (0..steps).map(|place| {
        let begin = period.begin() + place * step;
        let cells = found.remove(&place).unwrap_or([const { Cell::Count(0) }; 5]);
        let name = Cell::Text(period::name(begin, period.is_by_hour()));
        [name].into_iter().chain(cells).collect()
    });
    Ok(Table::new("days", DAYS, rows.collect()))
}

const FUNNEL: &[Column] = &[
    column("step", "Step"),
    column("visitors", "Visitors"),
    column("percent", "Share of all visitors (%)"),
    column("events", "Events"),
];

/// The visitors with at least one event of each step, as a share of all these visitors.
pub fn funnel(part: &Part<'_>, all: u64) -> db::Result<Table> {
    let sql = format!(
        "SELECT type, count(*), count(DISTINCT visitor) FROM report_events
         WHERE type IN ('click', 'basket', 'buy') AND {WITHIN} GROUP BY 1"
    );
    let mut found = HashMap::new();
    part.each(&sql, &[], |row| {
        found.insert(row.get::<_, String>(0)?, (count(row, 1)?, count(row, 2)?));
        Ok(())
    })?;
    let rows = [Kind::Click, Kind::Basket, Kind::Buy].map(|kind| {
        let (events, visitors) = found.get(kind.name()).copied().unwrap_or_default();
        let share = Cell::Share(visitors, all);
        vec![Cell::text(kind.name()), Cell::Count(visitors), share, Cell::Count(events)]
    });
    Ok(Table::new("funnel", FUNNEL, rows.into()))
}

const REVENUE: &[Column] = &[
    column("currency", "Currency"),
    column("purchases", "Bought lines"),
    column("units", "Units"),
    column("revenue", "Revenue"),
];

const ITEMS: &[Column] = &[
    column("itemType", "Item type"),
    column("itemId", "Item"),
    column("events", "Events"),
    column("clicks", "Opened"),
    column("consumed", "Read or played"),
    column("baskets", "Put into the basket"),
    column("purchases", "Bought lines"),
    column("units", "Units"),
    column("revenue", "Revenue"),
];

/// Bought lines with the same currency, or of the same item.
#[derive(Clone, Debug, Default)]
struct Sold {
    lines: u64,
    units: i128,
    revenue: Money,
}

impl Sold {
    fn add(&mut self, line: &Line, lines: u64) {
        self.lines += lines;
        self.units += i128::from(line.quantity) * i128::from(lines);
        if let Some((currency, price)) = &line.price {
            self.revenue.add(currency, *price, line.quantity, lines);
        }
    }

    fn cells(self) -> [Cell; 3] {
        [Cell::Count(self.lines), Cell::Decimal(self.units), Cell::Money(self.revenue)]
    }
}

/// Price and quantity of a bought line, in millionths.
pub struct Line {
    /// Currency and price.
    pub price: Option<(String, i64)>,
    /// The quantity.
    pub quantity: i64,
}

impl Line {
    /// Reads currency, price and quantity from this column on.
    pub fn read(row: &db::Row<'_>, column: usize) -> db::Result<Self> {
        let currency: Option<String> = row.get(column)?;
        let price: Option<i64> = row.get(column + 1)?;
        let quantity: Option<i64> = row.get(column + 2)?;
        Ok(Self { price: currency.zip(price), quantity: quantity.unwrap_or_default() })
    }
}

/// An item's type and id.
type Item = (String, String);

/// An item with the numbers of its events.
type TopItem = (Item, [u64; 4], Sold);

/// The revenue of each currency.
pub fn revenue(part: &Part<'_>) -> db::Result<Table> {
    bought(part, Vec::new()).map(|(revenue, _)| revenue)
}

/// The revenue of each currency, and the items with the most events.
pub fn revenue_and_items(part: &Part<'_>) -> db::Result<(Table, Table)> {
    bought(part, top_items(part)?)
}

/// The revenue of each currency, and the items with theirs.
fn bought(part: &Part<'_>, mut items: Vec<TopItem>) -> db::Result<(Table, Table)> {
    let places: HashMap<Item, usize> =
        items.iter().enumerate().map(|(place, (item, ..))| (item.clone(), place)).collect();
    let sql = format!(
        "SELECT item_type, coalesce(item_id, ''), currency, price_micros, quantity_micros, count(*)
         FROM report_purchases WHERE {WITHIN} GROUP BY 1, 2, 3, 4, 5"
    );
    let mut currencies: BTreeMap<String, Sold> = BTreeMap::new();
    part.each(&sql, &[], |row| {
        let (line, lines) = (Line::read(row, 2)?, count(row, 5)?);
        let currency = line.price.as_ref().map_or("", |(currency, _)| currency);
        currencies.entry(currency.to_owned()).or_default().add(&line, lines);
        let item = (row.get(0)?, row.get(1)?);
        if let Some((_, _, sold)) = places.get(&item).and_then(|place| items.get_mut(*place)) {
            sold.add(&line, lines);
        }
        Ok(())
    })?;
    let revenue = currencies
        .into_iter()
        .map(|(currency, sold)| [Cell::Text(currency)].into_iter().chain(sold.cells()).collect());
    let items = items.into_iter().map(|((of_type, id), counts, sold)| {
        let names = [Cell::Text(of_type), Cell::Text(id)];
        names.into_iter().chain(counts.map(Cell::Count)).chain(sold.cells()).collect()
    });
    let revenue = Table::new("revenue", REVENUE, revenue.collect());
    Ok((revenue, Table::new("items", ITEMS, items.collect())))
}

fn top_items(part: &Part<'_>) -> db::Result<Vec<TopItem>> {
    let sql = format!(
        "SELECT item_type, item_id, count(*), count(*) FILTER (WHERE type = 'click'),
                count(*) FILTER (WHERE type = 'consume'), count(*) FILTER (WHERE type = 'basket')
         FROM report_events
         WHERE type IN ('click', 'consume', 'basket', 'buy') AND item_id IS NOT NULL AND {WITHIN}
         GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :most"
    );
    let mut items = Vec::new();
    part.each(&sql, &[(":most", &Limits::REPORT_ITEMS)], |row| {
        let counts = [count(row, 2)?, count(row, 3)?, count(row, 4)?, count(row, 5)?];
        items.push(((row.get(0)?, row.get(1)?), counts, Sold::default()));
        Ok(())
    })?;
    Ok(items)
}

const CONSUMPTION: &[Column] = &[
    column("part", "Part that was read or played"),
    column("events", "Events"),
    column("visitors", "Visitors"),
    column("percent", "Share of events (%)"),
];

/// How much of the items was read or played.
pub fn consumption(part: &Part<'_>) -> db::Result<Table> {
    let sql = format!(
        "SELECT CASE WHEN percentage < 25 THEN 0 WHEN percentage < 50 THEN 1
                     WHEN percentage < 75 THEN 2 WHEN percentage < 100 THEN 3 ELSE 4 END, count(*), count(DISTINCT visitor)
         FROM report_events WHERE type = 'consume' AND {WITHIN} GROUP BY 1"
    );
    let mut found = [(0, 0); 5];
    part.each(&sql, &[], |row| {
        let place = usize::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
        if let Some(bar) = found.get_mut(place) {
            *bar = (count(row, 1)?, count(row, 2)?);
        }
        Ok(())
    })?;
    let all = found.iter().map(|(events, _)| events).sum();
    let names = ["0 to 24 %", "25 to 49 %", "50 to 74 %", "75 to 99 %", "100 %"];
    let rows = names.into_iter().zip(found).map(|(name, (events, visitors))| {
        let share = Cell::Share(events, all);
        vec![Cell::text(name), Cell::Count(events), Cell::Count(visitors), share]
    });
    Ok(Table::new("consumption", CONSUMPTION, rows.collect()))
}
