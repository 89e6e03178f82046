//! Reading an object field by field.
//!
//! The first error is kept in a [`Report`] and reading goes on as if the field were absent: one
//! check at the end instead of one at every field. Fields that nobody asked for are noticed.

use super::error::{Error, ErrorCode, Problem};
use super::rules;
use super::text::{concat, shorten};
use super::value::Value;

static MISSING: Problem = Problem::new(ErrorCode::MissingField, "is required");
static NOT_OBJECT: Problem = Problem::new(ErrorCode::BadType, "must be an object");
static UNKNOWN: Problem = Problem::new(ErrorCode::UnknownOption, "is not known and was ignored");

/// What is wrong with what was read.
#[derive(Debug, Default)]
pub struct Report {
    /// The first error: what was read must not be used.
    pub error: Option<Error>,
    /// Fields that nobody knows, and optional ones that are wrong: left out, but worth a word.
    pub unknown: Vec<Error>,
}

impl Report {
    /// Keeps an error, if it is the first.
    pub fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// Whether what was read may be used, and what is worth a word to `unknown`.
    ///
    /// # Errors
    /// The first thing that was wrong.
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
    /// The places of those that were asked for.
    asked: Vec<u64>,
    report: &'r mut Report,
}

impl<'a, 'r> Fields<'a, 'r> {
    /// Starts on `value`, which stands at `path`.
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

    /// Says what is wrong with a field.
    pub fn fail(&mut self, name: &str, problem: &Problem) {
        self.report.fail(problem.at(self.path(name)));
    }

    /// Says what is wrong with a field that is left out.
    pub fn advise(&mut self, name: &str, problem: &Problem) {
        self.report.unknown.push(problem.at(self.path(name)));
    }

    /// Says that a field is required.
    pub fn missing(&mut self, name: &str) {
        self.fail(name, &MISSING);
    }

    /// A field's value, where it is neither absent nor null.
    pub fn get(&mut self, name: &str) -> Option<&'a Value> {
        self.raw(name).filter(|value| !value.is_null())
    }

    /// Whether the field is there at all, though it be null.
    pub fn has(&mut self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// A field by a rule.
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

    /// An optional field of an event by a rule: left out where it is wrong, and absent where it is empty text.
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

    /// An optional object within this one, which is left out where a field that it requires is wrong. Says whether it is there.
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

    /// A field by a rule; its default value stands in where it is missing, and that is an error.
    pub fn require<T: Default>(
        &mut self,
        name: &str,
        rule: fn(&Value) -> Result<T, &'static Problem>,
    ) -> T {
        let read = self.read(name, rule);
        if read.is_none() {
            // After any other error this one is not kept.
            self.missing(name);
        }
        read.unwrap_or_default()
    }

    /// A whole number between two bounds, both included; without one, `value` stays as it is.
    pub fn whole(&mut self, name: &str, value: &mut u64, least: u64, most: u64) {
        match self.get(name).map(|given| rules::whole(given, least, most)) {
            Some(Ok(given)) => *value = given,
            Some(Err(problem)) => self.fail(name, problem),
            None => {}
        }
    }

    /// The place of a text among those that are allowed; `detail` names them.
    pub fn choice(&mut self, name: &str, allowed: &[&str], detail: &'static str) -> Option<usize> {
        let value = self.get(name)?;
        let place = allowed.iter().position(|one| Some(*one) == value.as_text());
        if place.is_none() {
            self.fail(name, &Problem::new(ErrorCode::OutOfRange, detail));
        }
        place
    }

    /// An object within this one.
    pub fn nested(&mut self, name: &str) -> Option<Fields<'a, '_>> {
        let value = self.get(name)?;
        Some(Fields::new(&self.path(name), value, self.report))
    }

    /// Reads another object, which stands at `path`, into the same report.
    pub fn child<T>(
        &mut self,
        path: &str,
        value: &Value,
        read: fn(Fields<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        read(Fields::new(path, value, self.report))
    }

    /// Notes the fields that nobody asked for.
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
