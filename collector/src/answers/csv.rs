//! Answers as CSV, for spreadsheets.

/// A text as a cell. Spreadsheets execute cells that begin with these characters, and pages name
/// scenarios and variants: <https://owasp.org/www-community/attacks/CSV_Injection>.
pub fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}") } else { text.to_owned() }
}

/// The lines as a file. `None` if they have different lengths.
pub fn table(lines: &[Vec<String>]) -> Option<String> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    for line in lines {
        csv.write_record(line).ok()?;
    }
    String::from_utf8(csv.into_inner().ok()?).ok()
}
