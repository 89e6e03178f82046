//! The faults of a configuration, each with its line and its key.
//!
//! A sentence of a check begins with the key: `limits.streams: must be ...`. The line is that of the
//! key in the file. A fault does not end the check, so that one start reports all of them.

use crate::error::ConfigError;
use crate::whole::{self, Whole};
use serde::Deserialize;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

/// The faults that were found in a file.
#[derive(Debug)]
pub(super) struct Faults<'a> {
    text: &'a str,
    document: DeTable<'a>,
    /// Whether all parts without a fault were read.
    whole: bool,
    /// The line, if the fault has one, and the sentence.
    found: Vec<(Option<usize>, String)>,
    /// Sentences that are no faults.
    notes: Vec<(Option<usize>, String)>,
}

/// A step from a table or a list to a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Place(usize),
}

impl<'a> Faults<'a> {
    /// Reads the text. Parts with a fault are left out of the result.
    pub fn read<T: Default + Deserialize<'a>>(text: &'a str) -> (Self, T) {
        let (document, errors) = DeTable::parse_recoverable(text);
        let span = document.span();
        let document = document.into_inner();
        let mut faults = Self { text, document, whole: true, found: Vec::new(), notes: Vec::new() };
        for error in &errors {
            // Not toml's whole text: it repeats the line, and the line may hold a secret.
            faults.found.push((faults.line(error.span()), error.message().to_owned()));
        }
        if !errors.is_empty() {
            faults.whole = false;
            return (faults, T::default());
        }
        let mut rest = faults.document.clone();
        loop {
            let reader = Deserializer::from(Spanned::new(span.clone(), rest.clone()));
            let error = match T::deserialize(reader) {
                Ok(read) => return (faults, read),
                Err(error) => error,
            };
            let path = error.span().and_then(|span| innermost(&rest, span.start));
            let message = without_value(error.message());
            let sentence = match &path {
                Some(path) => format!("{}: {message}", written(path)),
                None => message,
            };
            faults.found.push((faults.line(error.span()), sentence));
            if !path.is_some_and(|path| remove(&mut rest, &path)) {
                faults.whole = false;
                return (faults, T::default());
            }
        }
    }

    /// Adds a fault of the setting with this key.
    pub fn add(&mut self, key: String, sentence: impl AsRef<str>) {
        self.note(format!("{key}: {}", sentence.as_ref()));
    }

    /// Adds a sentence about a setting that is valid.
    pub fn add_note(&mut self, key: &str, sentence: impl AsRef<str>) {
        let sentence = format!("{key}: {}", sentence.as_ref());
        self.notes.push((self.line_of(&sentence), sentence));
    }

    /// The line of a setting, and its key.
    pub fn place(&self, key: &str) -> String {
        located((self.line_of(&format!("{key}: ")), key.to_owned()))
    }

    /// Adds that a setting is missing, unless it was left out for a fault of its own.
    pub fn add_missing(&mut self, key: String, sentence: &str) {
        if !self.has_key(&key) {
            self.add(key, sentence);
        }
    }

    /// Returns the setting of a table, or adds that it is missing.
    pub fn required<T>(&mut self, table: &str, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add_missing(format!("{table}.{name}"), "is required");
        }
        value
    }

    /// Returns the number if it is within the bounds, or adds the fault.
    pub fn whole(
        &mut self,
        key: String,
        value: Whole,
        bounds: &RangeInclusive<u64>,
    ) -> Option<u64> {
        whole::unnamed(value, bounds).map_err(|sentence| self.add(key, sentence)).ok()
    }

    /// Like [`Faults::whole`], with the default of a number that is not given or wrong.
    pub fn whole_or(
        &mut self,
        key: String,
        value: Option<Whole>,
        bounds: &RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        value.and_then(|value| self.whole(key, value, bounds)).unwrap_or(default)
    }

    /// Reads each value of a list, or adds the fault of the whole list, which repeats no value.
    pub fn list<T>(
        &mut self,
        key: String,
        value: Option<toml::Value>,
        read: impl FnMut(toml::Value) -> Option<T>,
        sentence: &str,
    ) -> Vec<T> {
        let values = match value {
            None => Some(Vec::new()),
            Some(toml::Value::Array(values)) => values.into_iter().map(read).collect(),
            Some(_) => None,
        };
        values.unwrap_or_else(|| {
            self.add(key, sentence);
            Vec::new()
        })
    }

    /// Whether the file has this setting, right or wrong.
    pub fn has_key(&self, key: &str) -> bool {
        let path = read_path(key);
        place(&self.document, &path).is_some_and(|(_, length)| length == path.len())
    }

    /// Whether the setting was read as it is in the file. Otherwise a check of it with another one
    /// would report a second fault.
    pub fn is_right(&self, key: &str) -> bool {
        let about =
            |sentence: &str| sentence.strip_prefix(key).is_some_and(|rest| rest.starts_with(": "));
        self.whole && !self.found.iter().any(|(_, sentence)| about(sentence))
    }

    /// Returns the value, or adds its faults, sentences that begin with a key.
    pub fn take<T>(&mut self, result: Result<T, Vec<String>>) -> Option<T> {
        result.map_err(|sentences| sentences.into_iter().for_each(|one| self.note(one))).ok()
    }

    /// Whether no fault was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All faults, in the order of their lines.
    pub fn into_error(self) -> ConfigError {
        ConfigError::all(by_line(self.found))
    }

    /// The sentences that are no faults, in the order of their lines.
    pub fn take_notes(&mut self) -> Vec<String> {
        by_line(std::mem::take(&mut self.notes))
    }

    /// Adds a sentence that begins with a key.
    fn note(&mut self, sentence: String) {
        self.found.push((self.line_of(&sentence), sentence));
    }

    /// The line of the key that the sentence begins with.
    fn line_of(&self, sentence: &str) -> Option<usize> {
        let path = sentence.split_once(": ").map(|(key, _)| read_path(key));
        let place = path.and_then(|path| place(&self.document, &path));
        place.and_then(|(span, _)| self.line(Some(span)))
    }

    fn line(&self, span: Option<Range<usize>>) -> Option<usize> {
        let before = self.text.get(..span?.start)?;
        Some(before.matches('\n').count() + 1)
    }
}

/// The sentences with their lines. One about a flag has no line, and comes first.
fn by_line(mut sentences: Vec<(Option<usize>, String)>) -> Vec<String> {
    sentences.sort_by_key(|(line, _)| *line);
    sentences.into_iter().map(located).collect()
}

fn located((line, sentence): (Option<usize>, String)) -> String {
    match line {
        Some(line) => format!("line {line}: {sentence}"),
        None => sentence,
    }
}

/// serde's sentence about a wrong value without the value, which may be a secret.
fn without_value(message: &str) -> String {
    let about_values = ["invalid type: ", "invalid value: ", "unknown variant "];
    let is_about_value = about_values.iter().any(|start| message.starts_with(start));
    let Some((found, expected)) = message.rsplit_once(", expected ").filter(|_| is_about_value)
    else {
        return message.to_owned();
    };
    let kind = found.split(['`', '"']).next().unwrap_or_default().trim_end();
    format!("{kind}, expected {expected}")
}

/// The path as in a sentence: `customers[0].origins[1]`.
fn written(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Step::Place(place) => text.push_str(&format!("[{place}]")),
        }
    }
    text
}

fn read_path(key: &str) -> Vec<Step> {
    let mut path = Vec::new();
    for part in key.split('.') {
        let mut pieces = part.split('[');
        path.extend(pieces.next().map(|name| Step::Key(name.to_owned())));
        let places = pieces.filter_map(|piece| piece.strip_suffix(']')?.parse().ok());
        path.extend(places.map(Step::Place));
    }
    path
}

/// The place of the longest part of the path that is in the file, and its number of steps.
fn place(document: &DeTable<'_>, path: &[Step]) -> Option<(Range<usize>, usize)> {
    let Some((Step::Key(name), rest)) = path.split_first() else { return None };
    let (key, mut value) = document.iter().find(|(key, _)| key.get_ref() == name)?;
    let (mut span, mut length) = (key.span(), 1);
    for step in rest {
        let found = match (step, value.get_ref()) {
            (Step::Key(name), DeValue::Table(table)) => {
                let found = table.iter().find(|(key, _)| key.get_ref() == name);
                found.map(|(key, value)| (key.span(), value))
            }
            (Step::Place(place), DeValue::Array(list)) => {
                list.get(*place).map(|value| (value.span(), value))
            }
            _ => None,
        };
        let Some((at, inner)) = found else { break };
        (span, value) = (at, inner);
        length += 1;
    }
    Some((span, length))
}

/// The path of the smallest key or value at this position.
fn innermost(document: &DeTable<'_>, at: usize) -> Option<Vec<Step>> {
    let mut found = None;
    walk(document, &mut Vec::new(), &mut |path, span| {
        // A table's span may be its header only, so its parts can lie outside.
        let smaller = found.as_ref().is_none_or(|(length, _)| span.len() <= *length);
        if span.contains(&at) && smaller {
            found = Some((span.len(), path.to_vec()));
        }
    });
    found.map(|(_, path)| path)
}

fn walk(table: &DeTable<'_>, path: &mut Vec<Step>, see: &mut impl FnMut(&[Step], Range<usize>)) {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().to_string()));
        see(path, key.span());
        walk_value(value, path, see);
        path.pop();
    }
}

fn walk_value(
    value: &Spanned<DeValue<'_>>,
    path: &mut Vec<Step>,
    see: &mut impl FnMut(&[Step], Range<usize>),
) {
    see(path, value.span());
    match value.get_ref() {
        DeValue::Table(table) => walk(table, path, see),
        DeValue::Array(list) => {
            for (place, value) in list.iter().enumerate() {
                path.push(Step::Place(place));
                walk_value(value, path, see);
                path.pop();
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

/// Removes the path's last key with its value. Returns whether it was there.
fn remove(document: &mut DeTable<'_>, path: &[Step]) -> bool {
    // A list's element has no key of its own: the list is removed with it.
    let Some(last) = path.iter().rposition(|step| matches!(step, Step::Key(_))) else {
        return false;
    };
    let (before, name) = match path.split_at_checked(last) {
        Some((before, [Step::Key(name), ..])) => (before, name),
        _ => return false,
    };
    let mut table = document;
    let mut steps = before.iter();
    while let Some(Step::Key(name)) = steps.next() {
        let found = table.iter().find(|(key, _)| key.get_ref() == name);
        let Some(key) = found.map(|(key, _)| key.clone()) else { return false };
        let Some(mut value) = table.get_mut(&key).map(Spanned::get_mut) else { return false };
        while let DeValue::Array(list) = value {
            let Some(Step::Place(place)) = steps.next() else { return false };
            let Some(inner) = list.get_mut(*place) else { return false };
            value = inner.get_mut();
        }
        let DeValue::Table(inner) = value else { return false };
        table = inner;
    }
    let found = table.iter().find(|(key, _)| key.get_ref() == name).map(|(key, _)| key.clone());
    found.is_some_and(|key| table.remove(&key).is_some())
}
