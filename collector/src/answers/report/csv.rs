//! A table as CSV.

use super::table::{Cell, Table};
use crate::answers::csv;

/// Writes the table with a row of names. Amounts have a column of their own only where the table has
/// one row for each currency; otherwise they are one text. `None` if a row has another length.
pub fn csv(table: &Table) -> Option<String> {
    let names = table.columns.iter().map(|column| column.key.to_owned()).collect();
    let rows = table.rows.iter().map(|row| row.iter().map(value).collect());
    csv::table(&std::iter::once(names).chain(rows).collect::<Vec<_>>())
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => csv::cell(text),
        Cell::Money(money) => {
            let amounts = money.amounts().map(|(amount, currency)| format!("{amount} {currency}"));
            amounts.collect::<Vec<_>>().join("; ")
        }
        Cell::Flag(flag) => flag.to_string(),
        Cell::Count(_) | Cell::Decimal(_) | Cell::Share(..) | Cell::Points(_) => {
            cell.number().unwrap_or_default()
        }
    }
}
