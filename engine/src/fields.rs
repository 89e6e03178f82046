//! Reads an object field by field.
//!
//! A [`Report`] keeps the first error, and reading continues as if the field were absent. So a
//! single check at the end is enough. Fields that the reader does not ask for are reported as
//! unknown.

use super::error::{Error, ErrorCode, MISSING, Problem};
use super::rules;
use super::text::{concat, shorten};
use super::value::Value;

static NOT_OBJECT: Problem = Problem::new(ErrorCode::BadType, "must be an object");
static UNKNOWN: Problem = Problem::new(ErrorCode::UnknownOption, "is not known and was ignored");

/// The errors of reading.
#[derive(Debug, Default)]
pub struct Report {
    /// The first error. The result must not be used if there is one.
    pub error: Option<Error>,
    /// Unknown fields and invalid optional fields. They are left out, and the page gets a warning.
    pub unknown: Vec<Error>,
    /// The errors of further fields, one for each.
    #[cfg(feature = "every-error")]
    pub further: Vec<Error>,
}

impl Report {
    /// Keeps the error if it is the first.
    pub fn fail(&mut self, error: Error) {
        #[cfg(feature = "every-error")]
        if let Some(first) = &self.error {
            let is_known = |known: &Error| known.field == error.field;
            if !is_known(first) && !self.further.iter().any(is_known) {
                self.further.push(error);
            }
            return;
        }
        self.error.get_or_insert(error);
    }

    /// Ends reading and adds the warnings to `unknown`.
    ///
    /// # Errors
    /// The first error.
    pub fn end(mut self, unknown: &mut Vec<Error>) -> Result<(), Error> {
        unknown.append(&mut self.unknown);
        self.error.map_or(Ok(()), Err)
    }
}

/// An object that is being read.
#[derive(Debug)]
pub struct Fields<'a, 'r> {
    path: String,
    entries: &'a [(String, Value)],
    /// The positions of the fields that were read, in the order of reading.
    asked: Vec<u64>,
    report: &'r mut Report,
}

impl<'a, 'r> Fields<'a, 'r> {
    /// Starts reading `value`, whose path is `path`.
    pub fn new(path: &str, value: &'a Value, report: &'r mut Report) -> Self {
        let entries = value.as_map();
        if entries.is_none() {
            let problem = if value.is_null() { &MISSING } else { &NOT_OBJECT };
            report.fail(problem.at(path));
        }
        let entries = entries.unwrap_or_default();
        Self { path: path.to_owned(), entries, asked: Vec::new(), report }
    }

    /// The path of one of its fields.
    pub fn path(&self, name: &str) -> String {
        concat(&[&self.path, ".", name])
    }

    /// Reports an error in a field.
    pub fn fail(&mut self, name: &str, problem: &Problem) {
        self.report.fail(problem.at(self.path(name)));
    }

    /// Reports a field that is left out.
    pub fn advise(&mut self, name: &str, problem: &Problem) {
        self.report.unknown.push(problem.at(self.path(name)));
    }

    /// Reports a missing required field.
    pub fn missing(&mut self, name: &str) {
        self.fail(name, &MISSING);
    }

    /// A field's value, unless it is absent or null.
    pub fn get(&mut self, name: &str) -> Option<&'a Value> {
        self.raw(name).filter(|value| !value.is_null())
    }

    /// Whether the field is present, even as null.
    pub fn has(&mut self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Reads a field by a rule.
    pub fn read<T>(
        &mut self,
        name: &str,
        rule: fn(&Value) -> Result<T, &'static Problem>,
    ) -> Option<T> {
        match rule(self.get(name)?) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fail(name, problem);
                None
            }
        }
    }

    /// Reads an optional field of an event. An invalid field is left out, and empty text counts as
    /// absent.
    pub fn optional<T>(
        &mut self,
        name: &str,
        rule: fn(&Value) -> Result<T, &'static Problem>,
    ) -> Option<T> {
        let value = self.get(name).filter(|value| value.as_text() != Some(""))?;
        match rule(value) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.advise(name, problem);
                None
            }
        }
    }

    /// Reads an optional object. It is left out if one of its required fields is invalid. Returns
    /// whether it is present.
    pub fn optional_object(
        &mut self,
        name: &str,
        read: &mut dyn FnMut(&mut Fields<'_, '_>),
    ) -> bool {
        let Some(value) = self.get(name) else { return false };
        let mut report = Report::default();
        let mut fields = Fields::new(&self.path(name), value, &mut report);
        read(&mut fields);
        fields.end();
        let right = report.error.is_none();
        self.report.unknown.append(&mut report.unknown);
        self.report.unknown.extend(report.error);
        right
    }

    /// Reads a required field. If it is missing, that is an error, and the default value is
    /// returned.
    pub fn require<T: Default>(
        &mut self,
        name: &str,
        rule: fn(&Value) -> Result<T, &'static Problem>,
    ) -> T {
        let read = self.read(name, rule);
        if read.is_none() {
            // The report keeps only the first error.
            self.missing(name);
        }
        read.unwrap_or_default()
    }

    /// Reads a whole number between two inclusive bounds. If it is absent, `value` stays unchanged.
    pub fn whole(&mut self, name: &str, value: &mut u64, least: u64, most: u64) {
        match self.get(name).map(|given| rules::whole(given, least, most)) {
            Some(Ok(given)) => *value = given,
            Some(Err(problem)) => self.fail(name, problem),
            None => {}
        }
    }

    /// The index of a text among the allowed ones. `detail` names them.
    pub fn choice(&mut self, name: &str, allowed: &[&str], detail: &'static str) -> Option<usize> {
        let value = self.get(name)?;
        let place = allowed.iter().position(|one| Some(*one) == value.as_text());
        if place.is_none() {
            self.fail(name, &Problem::new(ErrorCode::OutOfRange, detail));
        }
        place
    }

    /// Starts reading an object within this one.
    pub fn nested(&mut self, name: &str) -> Option<Fields<'a, '_>> {
        let value = self.get(name)?;
        Some(Fields::new(&self.path(name), value, self.report))
    }

    /// Reads another object at `path` into the same report.
    pub fn child<T>(
        &mut self,
        path: &str,
        value: &Value,
        read: fn(Fields<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        read(Fields::new(path, value, self.report))
    }

    /// Reports the fields that were not read.
    pub fn end(self) {
        for (place, (name, _)) in self.entries.iter().enumerate() {
            if !self.asked.contains(&(place as u64)) {
                let path = concat(&[&self.path, ".", shorten(name)]);
                self.report.unknown.push(UNKNOWN.at(path));
            }
        }
    }

    fn raw(&mut self, name: &str) -> Option<&'a Value> {
        let place = self.entries.iter().position(|(key, _)| key == name)?;
        self.asked.push(place as u64);
        self.entries.get(place).map(|(_, value)| value)
    }
}

/// The path of an element of a list.
pub fn element(path: &str, place: usize) -> String {
    concat(&[path, "[", &super::number::whole(place as u64), "]"])
}
