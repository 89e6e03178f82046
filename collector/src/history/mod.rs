//! History files: events in CSV or JSON Lines, imported into the database and exported from it.
//!
//! Both formats have the same columns ([`columns`]). A row of a file is valid exactly when the
//! batch interface accepts the event.

pub mod columns;
pub mod ibexa;
pub mod parse;
pub mod read;
pub mod write;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header line, RFC 4180.
    Csv,
    /// One JSON object a line.
    Jsonl,
}

impl Format {
    /// The format that a file's name ends with.
    pub fn of(path: &std::path::Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            _ => None,
        }
    }
}
