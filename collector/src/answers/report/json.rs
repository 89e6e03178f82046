//! A report as JSON. Amounts are texts, because JSON's numbers are read as floating-point numbers.

use super::table::{Cell, Table};
use super::{Report, VARIANTS, period::Customer};
use recobeacon_engine::json::{Object, push_list, push_text};

/// Writes the report: its question, and each table as a list of objects.
pub fn json(report: &Report) -> String {
    let mut json = String::new();
    let mut object = Object::new(&mut json);
    let period = report.wanted.period;
    object.text("from", &period.from()).text("to", &period.to());
    if let Customer::Named(_) | Customer::None = report.wanted.customer {
        object.text("customer", report.wanted.customer.parameter());
    }
    object.whole("madeAt", report.made_at);
    if report.comparisons.is_none() {
        object.raw(VARIANTS, "null");
    }
    let unseen = report.comparisons.iter().flat_map(|all| &all.unseen).collect::<Vec<_>>();
    if !unseen.is_empty() {
        push_list(object.key("unseenScenarios"), &unseen, |out, name| push_text(out, name));
    }
    for table in &report.tables {
        push_list(object.key(table.name), &table.rows, |out, row| push_row(out, table, row));
    }
    object.end();
    json
}

fn push_row(out: &mut String, table: &Table, row: &[Cell]) {
    let mut object = Object::new(out);
    for (column, cell) in table.columns.iter().zip(row) {
        match cell {
            Cell::Text(text) => {
                object.text(column.key, text);
            }
            Cell::Money(money) => {
                push_list(object.key(column.key), money.amounts(), |out, (amount, currency)| {
                    let mut object = Object::new(out);
                    object.text("amount", &amount).text("currency", currency);
                    object.end();
                });
            }
            Cell::Flag(flag) => {
                object.boolean(column.key, *flag);
            }
            Cell::Count(_) | Cell::Decimal(_) | Cell::Share(..) | Cell::Points(_) => {
                object.raw(column.key, cell.number().as_deref().unwrap_or("null"));
            }
        }
    }
    object.end();
}
