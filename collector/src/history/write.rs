//! Writes stored rows as a history file.

use super::columns::{self, EXPORTED, MORE};
use super::read::Ordered;
use super::{Format, columns::fields_of};
use crate::store::Row;
use recobeacon_engine::event::Kind;
use recobeacon_engine::json::{Object, push_text};
use std::io::{self, Write};

/// Writes rows in one of the formats.
pub enum Writer<W: Write> {
    /// With the columns after [`EXPORTED`].
    Csv(Box<csv::Writer<W>>, Vec<&'static str>),
    /// One object a line.
    Jsonl(W),
}

impl<W: Write> Writer<W> {
    /// Begins a file: CSV gets its header.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(format: Format, out: W) -> io::Result<Self> {
        match format {
            Format::Jsonl => Ok(Self::Jsonl(out)),
            Format::Csv => {
                let fields = columns::fields();
                let mut csv = csv::Writer::from_writer(out);
                csv.write_record(EXPORTED.iter().chain(&fields).chain(&[MORE]))?;
                Ok(Self::Csv(Box::new(csv), fields))
            }
        }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// The file cannot be written, or the row's fields cannot be read.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        let fields = Fields::of(row)?;
        match self {
            Self::Jsonl(out) => {
                let mut line = json(row, &fields);
                line.push('\n');
                out.write_all(line.as_bytes())
            }
            Self::Csv(csv, names) => {
                for (_, value) in stored(row) {
                    csv.write_field(value.text())?;
                }
                for name in names {
                    csv.write_field(fields.cell(name)?)?;
                }
                csv.write_field(fields.more.as_deref().unwrap_or_default())?;
                Ok(csv.write_record(None::<&[u8]>)?)
            }
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn end(self) -> io::Result<()> {
        match self {
            Self::Csv(mut csv, _) => csv.flush(),
            Self::Jsonl(mut out) => out.flush(),
        }
    }
}

/// A value of the table.
enum Stored {
    Text(Option<String>),
    Number(Option<u64>),
}

impl Stored {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone().unwrap_or_default(),
            Self::Number(number) => number.map(|number| number.to_string()).unwrap_or_default(),
        }
    }
}

/// The values of the table, in the order of [`EXPORTED`].
fn stored(row: &Row) -> impl Iterator<Item = (&'static str, Stored)> {
    let text = |text: &str| Stored::Text(Some(text.to_owned()));
    let some = |text: &Option<String>| Stored::Text(text.clone());
    let values = [
        text(&row.id),
        text(&row.kind),
        Stored::Number(Some(row.at)),
        Stored::Number(Some(row.received_at)),
        Stored::Number(row.sent_at),
        text(&row.source),
        some(&row.stream),
        Stored::Number(row.seq),
        Stored::Number(row.place),
        some(&row.client),
        some(&row.customer),
        some(&row.user),
        some(&row.anonymous),
        Stored::Number(row.key.map(u64::from)),
    ];
    EXPORTED.into_iter().zip(values)
}

fn json(row: &Row, fields: &Fields) -> String {
    let mut line = String::new();
    let mut object = Object::new(&mut line);
    for (name, value) in stored(row) {
        match value {
            Stored::Text(text) => object.some_text(name, text.as_deref()),
            Stored::Number(number) => object.some_whole(name, number),
        };
    }
    for (name, json) in &fields.own {
        object.raw(name, json);
    }
    if let Some(more) = &fields.more {
        object.raw(MORE, more);
    }
    object.end();
    line
}

/// A row's fields: those of its kind, and the rest as one object.
struct Fields {
    own: Vec<(String, String)>,
    more: Option<String>,
}

impl Fields {
    fn of(row: &Row) -> io::Result<Self> {
        let Ordered(all) = serde_json::from_str(&row.fields)?;
        let known = Kind::from_name(&row.kind).map(fields_of).unwrap_or_default();
        let (own, rest): (Vec<_>, Vec<_>) = all
            .into_iter()
            .map(|(name, json)| (name, json.get().to_owned()))
            .partition(|(name, _)| known.contains(&name.as_str()));
        let more = (!rest.is_empty()).then(|| {
            let field = |(name, json): &(String, String)| {
                let mut out = String::new();
                push_text(&mut out, name);
                format!("{out}:{json}")
            };
            format!("{{{}}}", rest.iter().map(field).collect::<Vec<_>>().join(","))
        });
        Ok(Self { own, more })
    }

    /// The text of a cell: that of a JSON string, or JSON.
    fn cell(&self, name: &str) -> io::Result<String> {
        let found = self.own.iter().find(|(own, _)| own == name);
        match found.map(|(_, json)| json.as_str()) {
            None => Ok(String::new()),
            Some(json) if json == columns::EMPTY => Ok(json.to_owned()),
            Some(json) if json.starts_with('"') => Ok(serde_json::from_str(json)?),
            Some(json) => Ok(json.to_owned()),
        }
    }
}
