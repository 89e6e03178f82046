//! The report as a page that needs no script. The templates escape every value.

use super::chart::{self, Chart};
use super::period::{Customer, Period};
use super::table::{Cell, Table};
use super::{Report, money::Money, variants_page};
use crate::iso;
use crate::limits::Limits;
use askama::Template;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("../../../templates/report.css");

/// Rows of a table that the page shows. The CSV file has all of them.
pub(super) const ROWS: usize = 50;
/// Longest name in a table of the page. The CSV file has the whole name.
const NAME_CHARS: usize = 80;
/// Most currencies in a cell of the page.
const CURRENCIES: usize = 5;

/// The policy of the pages: nothing is loaded or run, and only this style sheet applies.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = recobeacon_engine::base64::base64(&Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    style: &'static str,
    report: &'a Report,
    query: String,
    made_at: String,
    ranges: Vec<(&'static str, String)>,
    customers: Vec<Choice<'a>>,
    /// Whether the visitor of the page may sign out.
    has_session: bool,
    /// Headings and values.
    totals: Vec<(&'static str, String)>,
    groups: Vec<Group>,
    most_seconds: u64,
}

struct Choice<'a> {
    value: &'a str,
    label: &'a str,
    is_chosen: bool,
}

/// Sections below a common heading.
pub(super) struct Group {
    pub(super) heading: &'static str,
    pub(super) note: &'static str,
    pub(super) warnings: Vec<String>,
    /// Whether the sections are missing because they take too long.
    pub(super) is_slow: bool,
    pub(super) sections: Vec<Section>,
}

/// A table with its chart.
pub(super) struct Section {
    /// Its id in the page.
    pub(super) id: String,
    /// The table's name.
    pub(super) name: &'static str,
    /// Empty: the group's heading is enough.
    pub(super) heading: String,
    pub(super) caption: String,
    pub(super) note: &'static str,
    pub(super) warnings: Vec<String>,
    /// The chart, and its description.
    pub(super) chart: Option<(Chart, &'static str)>,
    pub(super) is_wide: bool,
    /// Whether the table is closed at first.
    pub(super) is_long: bool,
    /// Whether the CSV file is offered here.
    pub(super) has_file: bool,
    /// Each heading, and whether its column has numbers.
    pub(super) headings: Vec<(&'static str, bool)>,
    pub(super) rows: Vec<Vec<Shown>>,
    /// The rows that are not shown, as a sentence.
    pub(super) more: Option<String>,
}

/// A cell's lines.
pub(super) struct Shown {
    pub(super) heading: &'static str,
    pub(super) is_number: bool,
    pub(super) lines: Vec<String>,
}

/// The page of a report.
///
/// # Errors
/// The template fails, which it does not.
pub fn page(report: &Report, has_session: bool, now_ms: u64) -> askama::Result<String> {
    let wanted = &report.wanted;
    let range = |name, days| (name, wanted.query_of(Period::last_days(days, now_ms)));
    let any = [Customer::Any];
    let asked = Some(&wanted.customer).filter(|asked| !report.customers.contains(asked));
    let all = any.iter().chain(asked.filter(|asked| **asked != Customer::Any));
    let choices = all.chain(&report.customers).map(|customer| Choice {
        value: customer.parameter(),
        label: customer.label(),
        is_chosen: *customer == wanted.customer,
    });
    let made_at = iso::format(report.made_at).replace('T', " ");
    Page {
        style: STYLE,
        report,
        query: wanted.query(),
        made_at,
        ranges: vec![range("7 days", 7), range("30 days", 30), range("90 days", 90)],
        customers: choices.collect(),
        has_session,
        totals: totals(report),
        groups: groups(report),
        most_seconds: Limits::REPORT_TIME.as_secs(),
    }
    .render()
}

fn totals(report: &Report) -> Vec<(&'static str, String)> {
    let table = report.table("totals");
    let row = table.and_then(|table| Some(table.columns.iter().zip(table.rows.first()?)));
    let shown = |cell: &Cell| grouped(&cell.count().to_string());
    row.into_iter().flatten().map(|(column, cell)| (column.heading, shown(cell))).collect()
}

#[derive(Template)]
#[template(path = "sign-in.html")]
struct SignIn {
    style: &'static str,
    is_wrong: bool,
}

/// The form for the token. `is_wrong`: the last one was wrong.
///
/// # Errors
/// The template fails, which it does not.
pub fn sign_in(is_wrong: bool) -> askama::Result<String> {
    SignIn { style: STYLE, is_wrong }.render()
}

/// The page's sections. A new table of the report gets a place here.
fn groups(report: &Report) -> Vec<Group> {
    let section = |name, heading, caption, note| {
        report.table(name).map(|table| Section::new(table, heading, caption, note))
    };
    let group = |heading, note, sections: Vec<Option<Section>>| Group {
        heading,
        note,
        warnings: Vec::new(),
        is_slow: false,
        sections: sections.into_iter().flatten().collect(),
    };
    let mut groups = vec![
        group("Events over time", "", vec![section("days", "", "Events of each day or hour", "")]),
        group(
            "Funnel",
            "Visitors with at least one event of the step in this period. The steps are counted \
             one by one: a visitor who bought without an event of the basket counts as a buyer.",
            vec![section("funnel", "", "Visitors and events of each step", "")],
        ),
        group(
            "Revenue",
            "Price times quantity of all bought lines. Currencies are not added.",
            vec![section("revenue", "", "Revenue of each currency", "")],
        ),
        group(
            "Recommendations",
            "The revenue of a scenario is that of lines whose item the visitor had clicked in this \
             scenario in the 7 days before. A line counts for each such scenario, so the sum can \
             be more than the whole revenue.",
            vec![section("scenarios", "", "Scenarios, most clicked first", "")],
        ),
    ];
    groups.extend(variants_page::group(report));
    groups.extend([
        group(
            "Items",
            "The 20 items that were opened, read or played, put into the basket and bought most often.",
            vec![section("items", "", "Items, most events first", "")],
        ),
        group(
            "Consumption",
            "",
            vec![section(
                "consumption",
                "",
                "How much of an item was read or played (consume)",
                "",
            )],
        ),
        quality(section, group),
    ]);
    groups
}

fn quality(
    section: impl Fn(&'static str, &'static str, &'static str, &'static str) -> Option<Section>,
    group: impl Fn(&'static str, &'static str, Vec<Option<Section>>) -> Group,
) -> Group {
    group(
        "Data quality",
        "",
        vec![
            section(
                "refused",
                "Refused requests",
                "Refused requests with events",
                "Of all customers, because a refused request belongs to none.",
            ),
            section(
                "delivery",
                "Batches and copies",
                "Batches of the tracker",
                "Of all customers. The tracker sends a batch again when it got no answer.",
            ),
            section(
                "delays",
                "Late events",
                "Time until an event arrived",
                "Events of batches. A late event counts on the day on which it happened.",
            ),
            section(
                "clocks",
                "Visitors' clocks",
                "Difference of the clocks at the time of sending",
                "Events of batches. The times of this report are corrected by the difference.",
            ),
            section(
                "orders",
                "Orders",
                "Orders by who reported them",
                "Orders of the shop only are those that no page reported.",
            ),
        ],
    )
}

impl Section {
    /// The content of the CSV file, for screen readers.
    fn file(&self) -> &str {
        if self.id == self.name { &self.caption } else { "variants of all scenarios" }
    }

    fn new(
        table: &Table,
        heading: &'static str,
        caption: &'static str,
        note: &'static str,
    ) -> Self {
        let is_long = table.name == "days";
        let shown = if is_long { table.rows.len() } else { table.rows.len().min(ROWS) };
        let first = table.rows.first();
        let headings = table.columns.iter().enumerate().map(|(place, column)| {
            let cell = first.and_then(|row| row.get(place));
            (column.heading, cell.is_some_and(|cell| !matches!(cell, Cell::Text(_))))
        });
        let show = |row: &Vec<Cell>| {
            let cells = table.columns.iter().zip(row);
            cells.map(|(column, cell)| Shown::of(table.name, column.heading, cell)).collect()
        };
        Self {
            id: table.name.to_owned(),
            name: table.name,
            heading: heading.to_owned(),
            caption: caption.to_owned(),
            note,
            warnings: Vec::new(),
            has_file: true,
            chart: chart_of(table),
            is_wide: table.columns.len() >= 4,
            is_long,
            headings: headings.collect(),
            rows: table.rows.iter().take(shown).map(show).collect(),
            more: more((table.rows.len() - shown) as u64 + table.left_out),
        }
    }
}

fn more(rows: u64) -> Option<String> {
    match rows {
        0 => None,
        1 => Some("One more row is not shown.".to_owned()),
        rows => Some(format!("{} more rows are not shown.", grouped(&rows.to_string()))),
    }
}

/// The chart of a table, with its description.
fn chart_of(table: &Table) -> Option<(Chart, &'static str)> {
    let first = |row: &[Cell]| row.first().map(|cell| label(table.name, cell)).unwrap_or_default();
    let item = |row: &[Cell]| {
        let id = row.get(1).map_or("", Cell::as_text);
        format!("{id} (type {})", row.first().map_or("", Cell::as_text))
    };
    let (chart, description) = match table.name {
        "days" => (chart::columns(table, 1, "events"), "Number of events over time"),
        "funnel" => (chart::rows(table, 1, first), "Number of visitors of each step"),
        "scenarios" => (chart::rows(table, 3, first), "Clicks of the ten most clicked scenarios"),
        "items" => (chart::rows(table, 2, item), "Events of the ten items with the most of them"),
        "consumption" => (chart::rows(table, 1, first), "Number of events by the part read"),
        "delays" => (chart::rows(table, 1, first), "Number of events by their delay"),
        "clocks" => (chart::rows(table, 1, first), "Number of events by the clocks' difference"),
        "orders" => (chart::rows(table, 1, first), "Number of orders by who reported them"),
        _ => (None, ""),
    };
    chart.map(|chart| (chart, description))
}

/// The words for names that the collector made, and for missing ones.
fn label(table: &str, cell: &Cell) -> String {
    match (table, cell.as_text()) {
        ("scenarios", "") => "(without a scenario)".to_owned(),
        ("revenue", "") => "(without a price)".to_owned(),
        ("revenue", "XXX") => "XXX (price without a currency)".to_owned(),
        ("funnel", "click") => "Opened an item (click)".to_owned(),
        ("funnel", "basket") => "Put into the basket (basket)".to_owned(),
        ("funnel", "buy") => "Bought (buy)".to_owned(),
        (_, text) => text.to_owned(),
    }
}

impl Shown {
    fn of(table: &str, heading: &'static str, cell: &Cell) -> Self {
        let lines = match cell {
            Cell::Text(_) => vec![Self::shortened(&label(table, cell))],
            Cell::Flag(flag) => vec![flag.to_string()],
            Cell::Money(money) => amounts(money),
            Cell::Count(_) | Cell::Decimal(_) | Cell::Share(..) | Cell::Points(_) => {
                vec![Self::number(cell)]
            }
        };
        Self { heading, is_number: !matches!(cell, Cell::Text(_)), lines }
    }

    /// A name that does not fill the page.
    pub fn shortened(name: &str) -> String {
        chart::shortened(name, NAME_CHARS)
    }

    /// The number, or a dash if there is none.
    pub fn number(cell: &Cell) -> String {
        cell.number().map_or_else(|| "–".to_owned(), |number| grouped(&number))
    }
}

fn amounts(money: &Money) -> Vec<String> {
    let all: Vec<_> = money.amounts().collect();
    let mut lines: Vec<String> = all
        .iter()
        .take(CURRENCIES)
        .map(|(amount, currency)| format!("{} {currency}", grouped(amount)))
        .collect();
    if all.len() > CURRENCIES {
        lines.push(format!("and {} currencies", all.len() - CURRENCIES));
    }
    if lines.is_empty() {
        lines.push("–".to_owned());
    }
    lines
}

/// The number with commas between thousands.
pub fn grouped(number: &str) -> String {
    if let Some(number) = number.strip_prefix('-') {
        return format!("-{}", grouped(number));
    }
    let (whole, rest) =
        number.split_at_checked(number.find('.').unwrap_or(number.len())).unwrap_or((number, ""));
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_separated() {
        for (number, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1,000"),
            ("1234567.1234", "1,234,567.1234"),
            ("-100.00", "-100.00"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }
}
