//! Reading an object field by field, with the path to each, noticing the fields that nobody asked for.

use super::error::{Error, ErrorCode, Problem};
use super::value::Value;

const MISSING: Problem = Problem::new(ErrorCode::MissingField, "is required");
const NOT_OBJECT: Problem = Problem::new(ErrorCode::BadType, "must be an object");
const UNKNOWN: Problem = Problem::new(ErrorCode::UnknownOption, "is not known and was ignored");

/// An object that is being read.
#[derive(Debug)]
pub struct Fields<'a> {
    path: String,
    entries: &'a [(String, Value)],
    asked: Vec<bool>,
}

impl<'a> Fields<'a> {
    /// Starts on `value`, which stands at `path`.
    pub fn new(path: impl Into<String>, value: &'a Value) -> Result<Self, Error> {
        let path = path.into();
        match value {
            Value::Map(entries) => Ok(Self { path, entries, asked: vec![false; entries.len()] }),
            Value::Null => Err(MISSING.at(path)),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Opaque => {
                Err(NOT_OBJECT.at(path))
            }
        }
    }

    /// The path of one of its fields.
    pub fn path(&self, name: &str) -> String {
        [self.path.as_str(), ".", name].concat()
    }

    /// A field's value, where it is neither absent nor null.
    pub fn get(&mut self, name: &str) -> Option<&'a Value> {
        let place = self.entries.iter().position(|(key, _)| key == name)?;
        if let Some(asked) = self.asked.get_mut(place) {
            *asked = true;
        }
        match self.entries.get(place) {
            Some((_, Value::Null)) | None => None,
            Some((_, value)) => Some(value),
        }
    }

    /// Whether the field is there, be it null.
    pub fn has(&mut self, name: &str) -> bool {
        self.get(name).is_some() || self.entries.iter().any(|(key, _)| key == name)
    }

    /// An optional field, read by `rule`.
    pub fn optional<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&'a Value) -> Result<T, Problem>,
    ) -> Result<Option<T>, Error> {
        self.get(name).map(rule).transpose().map_err(|problem| problem.at(self.path(name)))
    }

    /// A required field, read by `rule`.
    pub fn required<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&'a Value) -> Result<T, Problem>,
    ) -> Result<T, Error> {
        self.optional(name, rule)?.ok_or_else(|| self.missing(name))
    }

    /// The error that says that a field is required.
    pub fn missing(&self, name: &str) -> Error {
        MISSING.at(self.path(name))
    }

    /// An optional object within this one.
    pub fn nested(&mut self, name: &str) -> Result<Option<Fields<'a>>, Error> {
        self.get(name).map(|value| Fields::new(self.path(name), value)).transpose()
    }

    /// Reports the fields that nobody asked for.
    pub fn end(self, unknown: &mut Vec<Error>) {
        for ((name, _), asked) in self.entries.iter().zip(&self.asked) {
            if !asked {
                unknown.push(UNKNOWN.at(self.path(name)));
            }
        }
    }
}

/// The path of an element of a list.
pub fn element(path: &str, place: usize) -> String {
    [path, "[", &super::number::whole(place as u64), "]"].concat()
}
