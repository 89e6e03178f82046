//! Reads the lines of a history file, one after the other.

use super::{Format, columns};
use crate::json;
use recobeacon_engine::value::Value;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// A line of a file: its number, and its cells that have a value.
#[derive(Debug)]
pub struct Line {
    /// The line's number in the file, from 1.
    pub number: u64,
    /// The cells, or why they cannot be read.
    pub cells: Result<Cells, String>,
}

/// The cells of a line.
#[derive(Debug, Default)]
pub struct Cells {
    /// Names and values.
    pub values: Vec<(String, Value)>,
    /// The JSON text of the column `more`.
    pub more: Option<String>,
}

impl Cells {
    /// Takes a cell out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.values.iter().position(|(key, _)| key == name)?;
        Some(self.values.remove(place).1)
    }

    /// Adds a cell with its JSON text.
    fn add(&mut self, name: &str, json: &str) -> Result<(), String> {
        if !columns::is_known(name) {
            return Err(unknown(name));
        }
        let wrong = |error| format!("{name}: {error}");
        let value: Value = serde_json::from_str(json).map_err(wrong)?;
        match value {
            Value::Null => {}
            Value::Map(_) if name == columns::MORE => self.more = Some(json.to_owned()),
            _ if name == columns::MORE => return Err(format!("{name}: must be a JSON object")),
            value => self.values.push((name.to_owned(), value)),
        }
        Ok(())
    }
}

fn unknown(name: &str) -> String {
    format!("{name}: is not a column of history files")
}

/// Characters that separate cells and are in no name of a column.
const DELIMITERS: [char; 4] = [';', '\t', '|', ','];

/// The lines of a file.
pub type Lines = Box<dyn Iterator<Item = Line>>;

/// Reads a file. `delimiter` separates the cells of CSV.
///
/// # Errors
/// The header of a CSV file cannot be read, or has an unknown column.
pub fn lines(format: Format, delimiter: u8, file: Box<dyn Read>) -> Result<Lines, String> {
    match format {
        Format::Csv => csv(delimiter, file),
        Format::Jsonl => Ok(jsonl(file)),
    }
}

fn csv(delimiter: u8, file: Box<dyn Read>) -> Result<Lines, String> {
    // flexible: a line with too many cells is an error of its own, with its number.
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file);
    let header = reader.headers().map_err(|error| format!("line 1: {error}"))?.clone();
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    if let Some(name) = names.iter().find(|name| !columns::is_known(name)) {
        let other = DELIMITERS.iter().find(|other| name.contains(**other));
        let hint = other.map(|other| match other {
            '\t' => ". If a tab separates the cells, use --delimiter $'\\t'".to_owned(),
            other => format!(". If {other} separates the cells, use --delimiter \"{other}\""),
        });
        return Err(format!("line 1: {}{}", unknown(name), hint.unwrap_or_default()));
    }
    for (place, name) in names.iter().enumerate() {
        if names.iter().skip(place + 1).any(|other| other == name) {
            return Err(format!("line 1: {name}: is there twice"));
        }
    }
    let mut last = 1;
    Ok(Box::new(reader.into_records().map(move |record| match record {
        Ok(record) => {
            last = record.position().map_or(last, csv::Position::line);
            Line { number: last, cells: csv_cells(&names, &record) }
        }
        Err(error) => {
            let number = error.position().map_or(last, csv::Position::line);
            Line { number, cells: Err(error.to_string()) }
        }
    })))
}

fn csv_cells(names: &[String], record: &csv::StringRecord) -> Result<Cells, String> {
    if record.len() != names.len() {
        return Err(format!("has {} cells, the header has {}", record.len(), names.len()));
    }
    let mut cells = Cells::default();
    for (name, text) in names.iter().zip(record).filter(|(_, text)| !text.is_empty()) {
        if columns::JSON.contains(&name.as_str()) {
            cells.add(name, text)?;
        } else if columns::BOOLEANS.contains(&name.as_str()) {
            // Spreadsheets write TRUE.
            let yes = text
                .to_ascii_lowercase()
                .parse()
                .map_err(|_| format!("{name}: must be true or false"))?;
            cells.values.push((name.clone(), Value::Bool(yes)));
        } else if let Some(count) = count(name, text) {
            cells.values.push((name.clone(), Value::Number(count)));
        } else {
            let text = if text == columns::EMPTY { "" } else { text };
            cells.values.push((name.clone(), Value::Text(text.to_owned())));
        }
    }
    Ok(cells)
}

fn count(name: &str, text: &str) -> Option<f64> {
    let digits = columns::COUNTS.contains(&name) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn jsonl(file: Box<dyn Read>) -> Lines {
    let lines = BufReader::new(file).split(b'\n').enumerate();
    Box::new(lines.filter_map(|(place, line)| {
        let number = place as u64 + 1;
        let cells = match line {
            Ok(line) if line.trim_ascii().is_empty() => return None,
            Ok(line) => jsonl_cells(line.trim_ascii()),
            Err(error) => Err(error.to_string()),
        };
        Some(Line { number, cells })
    }))
}

fn jsonl_cells(line: &[u8]) -> Result<Cells, String> {
    let read = json::read(line).map_err(|refusal| refusal.sentence().into_owned())?;
    let Ordered(fields) = read.map_err(|error| error.to_string())?;
    let mut cells = Cells::default();
    for (name, json) in fields {
        cells.add(&name, json.get())?;
    }
    Ok(cells)
}

/// The fields of a JSON object in their order, each with its text.
pub struct Ordered(pub Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Ordered(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
