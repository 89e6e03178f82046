//! A table as CSV (RFC 4180).

use super::table::{Cell, Table};

/// Writes the table with a row of names. Amounts have a column of their own only where the table has
/// one row for each currency; otherwise they are one text.
pub fn csv(table: &Table) -> String {
    let mut out = String::new();
    line(&mut out, table.columns.iter().map(|column| column.key.to_owned()));
    for row in &table.rows {
        line(&mut out, row.iter().map(value));
    }
    out
}

fn line(out: &mut String, values: impl Iterator<Item = String>) {
    for (place, value) in values.enumerate() {
        if place > 0 {
            out.push(',');
        }
        push(out, &value);
    }
    out.push_str("\r\n");
}

fn value(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => harmless(text),
        Cell::Money(money) => {
            let amounts = money.amounts().map(|(amount, currency)| format!("{amount} {currency}"));
            amounts.collect::<Vec<_>>().join("; ")
        }
        Cell::Count(_) | Cell::Decimal(_) | Cell::Share(..) => cell.number().unwrap_or_default(),
    }
}

/// Spreadsheets take a cell that begins with one of these characters for a formula. An apostrophe
/// before it makes it a text (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn harmless(text: &str) -> String {
    let is_formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

fn push(out: &mut String, value: &str) {
    if value.contains([',', '"', '\r', '\n', ';']) || value.starts_with([' ', '\'']) {
        out.push('"');
        out.push_str(&value.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_cell_stays_in_its_place() {
        for (text, written) in [
            ("Shoes", "Shoes"),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;=1\""),
            ("say \"hi\"\r\n=1", "\"say \"\"hi\"\"\r\n=1\""),
            ("a=1", "a=1"),
        ] {
            let mut out = String::new();
            push(&mut out, &harmless(text));
            assert_eq!(out, written, "{text:?}");
        }
    }
}
