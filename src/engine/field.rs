//! The values that events are made of. Each is checked once, here; after that it cannot be wrong.

use super::error::{ErrorCode, Problem};
use super::limits::Limits;
use super::number;
use super::value::Value;

const NOT_TEXT: Problem = Problem::new(ErrorCode::BadType, "must be text");
const EMPTY: Problem = Problem::new(ErrorCode::OutOfRange, "must not be empty");
const TOO_LONG: Problem = Problem::new(ErrorCode::OutOfRange, "is too long");
const CHARACTER: Problem = Problem::new(
    ErrorCode::BadCharacter,
    "must have no backslash and no control character, and not be \".\" or \"..\"",
);
const NOT_PRICE: Problem = Problem::new(
    ErrorCode::BadType,
    "must be an amount and a currency, such as \"12.45EUR\" or { amount: 12.45, currency: \"EUR\" }",
);
const NOT_AMOUNT: Problem = Problem::new(
    ErrorCode::OutOfRange,
    "must have an amount from 0 to below 9000000000 with at most 6 decimals",
);
const NOT_CATEGORY: Problem = Problem::new(ErrorCode::BadType, "must be text or a list of texts");
const SLASH: Problem =
    Problem::new(ErrorCode::BadCharacter, "must have no slash in an element of the list");
const NOT_WHOLE: Problem = Problem::new(ErrorCode::BadType, "must be a whole number");
const NOT_NUMBER: Problem = Problem::new(ErrorCode::BadType, "must be a number");
const RANGE: Problem = Problem::new(ErrorCode::OutOfRange, "is outside its range");
const PERSONAL: Problem =
    Problem::new(ErrorCode::PersonalData, "must be a pseudonym: this looks like an e-mail address");

/// Text that may stand in a request's path: an id, an item type, a scenario, a trigger's name.
///
/// A whole number is taken as its decimal text. No backslash, because Ibexa refuses `%5C`
/// anywhere; not `.` or `..`, because URL parsers fold these even when they are percent-encoded.
pub fn identifier(value: &Value) -> Result<String, Problem> {
    match value {
        Value::Number(n) if n.fract() == 0.0 && *n >= 0.0 && *n <= Limits::SAFE_INTEGER as f64 => {
            Ok(number::whole(*n as u64))
        }
        Value::Number(n) if n.is_finite() => Err(RANGE),
        Value::Text(text) => {
            within(text, Limits::IDENTIFIER_BYTES)?;
            clean(text)?;
            Ok(text.clone())
        }
        Value::Number(_)
        | Value::Null
        | Value::Bool(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Opaque => Err(Problem::new(ErrorCode::BadType, "must be text or a whole number")),
    }
}

/// An identifier that is no number: user ids are case-sensitive text everywhere.
pub fn user_id(value: &Value) -> Result<String, Problem> {
    let text = value.as_text().ok_or(NOT_TEXT)?;
    within(text, Limits::IDENTIFIER_BYTES)?;
    clean(text)?;
    if looks_like_email(text) {
        return Err(PERSONAL);
    }
    Ok(text.to_owned())
}

/// Free text: a title, a query, a message. Never empty.
pub fn text(value: &Value) -> Result<String, Problem> {
    let text = value.as_text().ok_or(NOT_TEXT)?;
    within(text, Limits::TEXT_BYTES)?;
    Ok(text.to_owned())
}

/// A category path without its outer slashes; none where nothing is left.
pub fn category_path(value: &Value) -> Result<Option<String>, Problem> {
    let path = match value {
        Value::Text(text) => text.trim_matches('/').to_owned(),
        Value::List(elements) => join_categories(elements)?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Map(_) | Value::Opaque => {
            return Err(NOT_CATEGORY);
        }
    };
    if path.len() > Limits::IDENTIFIER_BYTES {
        return Err(TOO_LONG);
    }
    if path.chars().any(forbidden) {
        return Err(CHARACTER);
    }
    Ok(Some(path).filter(|path| !path.is_empty()))
}

fn join_categories(elements: &[Value]) -> Result<String, Problem> {
    let mut path = String::new();
    for element in elements {
        let name = element.as_text().ok_or(NOT_CATEGORY)?;
        if name.contains('/') {
            return Err(SLASH);
        }
        if !path.is_empty() && !name.is_empty() {
            path.push('/');
        }
        path.push_str(name);
    }
    Ok(path)
}

/// What one unit cost: an amount and, as its last three letters, an ISO 4217 currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price(String);

impl Price {
    /// From `"12.45EUR"` or `{ amount, currency }`. Nothing is padded or converted.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        match value {
            Value::Text(text) => {
                let split = text.len().checked_sub(3).and_then(|at| text.split_at_checked(at));
                let (amount, currency) = split.ok_or(NOT_PRICE)?;
                Self::new(amount, currency)
            }
            Value::Map(fields) => {
                let field =
                    |name| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
                let currency = field("currency").and_then(Value::as_text).ok_or(NOT_PRICE)?;
                match field("amount") {
                    Some(Value::Number(n)) => {
                        Self::new(&number::decimal(*n).ok_or(NOT_AMOUNT)?, currency)
                    }
                    Some(Value::Text(amount)) => Self::new(amount, currency),
                    Some(
                        Value::Null
                        | Value::Bool(_)
                        | Value::List(_)
                        | Value::Map(_)
                        | Value::Opaque,
                    )
                    | None => Err(NOT_PRICE),
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Opaque => {
                Err(NOT_PRICE)
            }
        }
    }

    fn new(amount: &str, currency: &str) -> Result<Self, Problem> {
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(NOT_PRICE);
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
        if amount.starts_with('-') {
            return Err(NOT_AMOUNT);
        }
        if !digits(whole) || !digits(fraction) {
            return Err(NOT_PRICE);
        }
        if whole.len() > 10 || whole.parse::<u64>().is_ok_and(|n| n as f64 >= Limits::AMOUNT) {
            return Err(NOT_AMOUNT);
        }
        if fraction.len() > Limits::DECIMALS as usize {
            return Err(NOT_AMOUNT);
        }
        Ok(Self([amount, currency].concat()))
    }

    /// Both, as they are written on the wire: `12.45EUR`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The amount alone.
    pub fn amount(&self) -> &str {
        self.0.get(..self.0.len() - 3).unwrap_or_default()
    }

    /// The currency alone.
    pub fn currency(&self) -> &str {
        self.0.get(self.0.len() - 3..).unwrap_or_default()
    }
}

/// A whole number in a range, both ends included.
pub fn whole(value: &Value, least: u64, most: u64) -> Result<u64, Problem> {
    match value {
        Value::Number(n) if n.is_finite() && n.fract() != 0.0 => Err(NOT_WHOLE),
        Value::Number(n) if *n >= least as f64 && *n <= most as f64 => Ok(*n as u64),
        Value::Number(n) if !n.is_nan() => Err(RANGE),
        Value::Number(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Opaque => Err(NOT_WHOLE),
    }
}

/// A percentage from 0 to 100, rounded down.
pub fn percentage(value: &Value) -> Result<u8, Problem> {
    match value {
        Value::Number(n) if (0.0..=100.0).contains(n) => Ok(*n as u8),
        Value::Number(n) if !n.is_nan() => Err(RANGE),
        Value::Number(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Opaque => Err(NOT_NUMBER),
    }
}

/// A number with at most six decimals, as text: scores and times, rounded.
pub fn score(value: &Value) -> Result<String, Problem> {
    match value {
        Value::Number(n) if n.is_nan() => Err(NOT_NUMBER),
        Value::Number(n) => number::rounded(*n).ok_or(RANGE),
        Value::Null
        | Value::Bool(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Opaque => Err(NOT_NUMBER),
    }
}

/// A boolean, and nothing that merely behaves like one.
pub fn boolean(value: &Value) -> Result<bool, Problem> {
    match value {
        Value::Bool(b) => Ok(*b),
        Value::Null
        | Value::Number(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Opaque => Err(Problem::new(ErrorCode::BadType, "must be true or false")),
    }
}

fn within(text: &str, most: usize) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(EMPTY);
    }
    if text.len() > most {
        return Err(TOO_LONG);
    }
    Ok(())
}

fn clean(text: &str) -> Result<(), Problem> {
    if text == "." || text == ".." || text.chars().any(forbidden) {
        return Err(CHARACTER);
    }
    Ok(())
}

fn forbidden(c: char) -> bool {
    // Not `char::is_control`: its tables know nothing more than these.
    c == '\\' || c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c)
}

/// One `@` with something before it and a dotted name behind it.
fn looks_like_email(text: &str) -> bool {
    match text.split_once('@') {
        Some((name, host)) => {
            !name.is_empty()
                && !text.chars().any(|c| c == ' ' || c == '/')
                && !host.contains('@')
                && host
                    .rsplit_once('.')
                    .is_some_and(|(domain, top)| !domain.is_empty() && top.len() > 1)
        }
        None => false,
    }
}
