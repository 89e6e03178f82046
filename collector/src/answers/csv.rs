//! Answers as CSV (RFC 4180), for spreadsheets.

use csv::{QuoteStyle, Terminator, WriterBuilder};

/// A text as a cell. Spreadsheets execute cells that begin with these characters, and pages name
/// scenarios, variants and items. An apostrophe makes it a text:
/// <https://owasp.org/www-community/attacks/CSV_Injection>.
pub fn cell(text: &str) -> String {
    const FORMULAS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(FORMULAS) { format!("'{text}") } else { text.to_owned() }
}

/// The lines as a file. Every cell that is no number is quoted, because some spreadsheets take other
/// characters than the comma for the end of a cell. `None` if the lines have different lengths.
pub fn table(lines: &[Vec<String>]) -> Option<String> {
    let mut csv = WriterBuilder::new()
        .quote_style(QuoteStyle::NonNumeric)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        csv.write_record(line).ok()?;
    }
    String::from_utf8(csv.into_inner().ok()?).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_cell_stays_in_its_place() {
        for (text, written) in [
            ("Shoes", "\"Shoes\""),
            ("12.50", "12.50"),
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;=1\""),
            ("say \"hi\"\r\n=1", "\"say \"\"hi\"\"\r\n=1\""),
            ("", "\"\""),
        ] {
            let line = vec!["x".to_owned(), cell(text)];
            assert_eq!(table(&[line]).unwrap(), format!("\"x\",{written}\r\n"), "{text:?}");
        }
        assert_eq!(table(&[vec![String::new()], Vec::new()]), None);
    }
}
