//! The tables of a report. Page, JSON and CSV are made of the same cells.

use super::money::{Money, decimal};

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name in JSON and in the address of the CSV file.
    pub name: &'static str,
    /// The columns.
    pub columns: &'static [Column],
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// The number of rows that were left out, because there are too many.
    pub left_out: u64,
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in JSON and CSV.
    pub key: &'static str,
    /// Its heading in the page, with the unit.
    pub heading: &'static str,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A text of the collector, or of a client.
    Text(String),
    /// A number of events, visitors or other things.
    Count(u64),
    /// A decimal number in millionths.
    Decimal(i128),
    /// A part of a whole. Without a whole there is no share.
    Share(u64, u64),
    /// A number of percent or percentage points in hundredths, which may be negative or missing.
    Points(Option<i64>),
    /// Yes or no.
    Flag(bool),
    /// Amounts of money.
    Money(Money),
}

impl Table {
    /// A table without rows that were left out.
    pub fn new(name: &'static str, columns: &'static [Column], rows: Vec<Vec<Cell>>) -> Self {
        Self { name, columns, rows, left_out: 0 }
    }
}

/// A column with this key and heading.
pub const fn column(key: &'static str, heading: &'static str) -> Column {
    Column { key, heading }
}

impl Cell {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// The value as a number without unit, where it is one. A share is in percent.
    pub fn number(&self) -> Option<String> {
        match self {
            Self::Text(_) | Self::Flag(_) | Self::Money(_) => None,
            Self::Count(count) => Some(count.to_string()),
            Self::Decimal(micros) => Some(decimal(*micros)),
            Self::Share(part, whole) => percent(*part, *whole),
            Self::Points(hundredths) => hundredths.map(points),
        }
    }

    /// The count, or 0 for other cells.
    pub fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Text(_)
            | Self::Decimal(_)
            | Self::Share(..)
            | Self::Points(_)
            | Self::Flag(_)
            | Self::Money(_) => 0,
        }
    }

    /// The text, or nothing for other cells.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Count(_)
            | Self::Decimal(_)
            | Self::Share(..)
            | Self::Points(_)
            | Self::Flag(_)
            | Self::Money(_) => "",
        }
    }
}

fn points(hundredths: i64) -> String {
    let (whole, part) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    format!("{}{whole}.{part:02}", if hundredths < 0 { "-" } else { "" })
}

/// A share in percent with two decimals, rounded half up.
fn percent(part: u64, whole: u64) -> Option<String> {
    if whole == 0 {
        return None;
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let hundredths = (part * 20_000 + whole) / (whole * 2);
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_in_percent_and_rounded() {
        let shown = |part, whole| Cell::Share(part, whole).number();
        assert_eq!(shown(1, 0), None);
        assert_eq!(shown(0, 7).as_deref(), Some("0.00"));
        assert_eq!(shown(2, 3).as_deref(), Some("66.67"));
        assert_eq!(shown(1, 8).as_deref(), Some("12.50"));
        assert_eq!(shown(1, 20_000).as_deref(), Some("0.01"));
        assert_eq!(shown(7, 7).as_deref(), Some("100.00"));
    }

    #[test]
    fn points_have_two_decimals_and_a_sign() {
        let shown = |points| Cell::Points(points).number();
        assert_eq!(shown(None), None);
        for (points, text) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-1234, "-12.34")] {
            assert_eq!(shown(Some(points)).as_deref(), Some(text));
        }
    }
}
