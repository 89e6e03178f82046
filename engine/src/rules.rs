//! The rules for values. Each value is checked once, here.
//!
//! A rule returns the value for the wire: text unchanged, numbers as decimal text.

use super::amount;
use super::error::{ErrorCode, NOT_LIST, NOT_NUMBER, NOT_TEXT, Problem};
use super::json;
use super::limits::Limits;
use super::number;
use super::personal_data::is_email;
use super::template::{is_empty_variable, is_guest, is_unfilled};
use super::text::{concat, parse_whole, split_once, trim_end, trim_start};
use super::value::Value;

const fn bad_type(detail: &'static str) -> Problem {
    Problem::new(ErrorCode::BadType, detail)
}

const fn out_of_range(detail: &'static str) -> Problem {
    Problem::new(ErrorCode::OutOfRange, detail)
}

const fn bad_character(detail: &'static str) -> Problem {
    Problem::new(ErrorCode::BadCharacter, detail)
}

static NOT_ID: Problem = bad_type("must be text or a whole number");
static NOT_WHOLE: Problem = bad_type("must be a whole number");
static NOT_BOOLEAN: Problem = bad_type("must be true or false");
static NOT_KEPT: Problem = out_of_range("has too deep nesting or too long numbers");
static NOT_CATEGORY: Problem = bad_type("must be text or a list of texts");
static NOT_PRICE: Problem =
    bad_type("must be like \"12.45EUR\" or { amount: 12.45, currency: \"EUR\" }");
static RANGE: Problem = out_of_range("is outside its range");
static EMPTY: Problem = out_of_range("must not be empty");
static TOO_LONG: Problem = out_of_range("is too long");
static CHARACTER: Problem =
    bad_character("must have no backslash or control character, nor be \".\" or \"..\"");
static NOT_CUSTOMER: Problem = bad_character("must be 1 to 64 letters or digits");
static SLASH: Problem = bad_character("must have no slash in an element of the list");
static UNFILLED: Problem = bad_character("is a template's placeholder that was not filled in");
static QUANTITY: Problem = out_of_range("must be above 0 and at most 1000000");
static GUEST: Problem = out_of_range("is what a template prints without a login");
static PERSONAL: Problem =
    Problem::new(ErrorCode::PersonalData, "must be a pseudonym, not an e-mail address");

/// A field's own problem in the place of the general one with this code.
fn instead(
    code: ErrorCode,
    own: &'static Problem,
) -> impl Fn(&'static Problem) -> &'static Problem {
    move |general| if general.code == code { own } else { general }
}

/// Text that may be part of a request's path: an id, an item type, a scenario, a trigger's name.
///
/// A whole number becomes decimal text. A backslash is refused because Ibexa refuses `%5C`
/// everywhere. `.` and `..` are refused because URL parsers resolve them even if they are
/// percent-encoded.
pub fn identifier(value: &Value) -> Result<String, &'static Problem> {
    if value.as_number().is_some() {
        return whole(value, 0, Limits::SAFE_INTEGER).map(number::whole);
    }
    let text = value.as_text().ok_or(&NOT_ID)?;
    check(text, Limits::IDENTIFIER_BYTES)?;
    clean(text)?;
    if is_empty_variable(text) { Err(&UNFILLED) } else { Ok(text.to_owned()) }
}

/// An identifier of a person or a company.
pub fn pseudonym(value: &Value) -> Result<String, &'static Problem> {
    if value.as_text().is_some_and(is_email) { Err(&PERSONAL) } else { identifier(value) }
}

/// A pseudonym that must be text. User ids are case-sensitive everywhere.
pub fn user_id(value: &Value) -> Result<String, &'static Problem> {
    let text = value.as_text().ok_or(&NOT_TEXT)?;
    if is_guest(text) { Err(&GUEST) } else { pseudonym(value) }
}

/// Whether it is a valid session id of FACT-Finder: exactly thirty letters or digits.
pub fn session_id(id: &str) -> bool {
    id.len() == Limits::SESSION_LETTERS && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Free text: a title, a query, a message. It must not be empty.
pub fn text(value: &Value) -> Result<String, &'static Problem> {
    let text = value.as_text().ok_or(&NOT_TEXT)?;
    check(text, Limits::TEXT_BYTES)?;
    Ok(text.to_owned())
}

/// A search query. The result list of a navigation has an empty one.
pub fn query(value: &Value) -> Result<String, &'static Problem> {
    if value.as_text() == Some("") { Ok(String::new()) } else { text(value) }
}

/// A category path without its outer slashes. May become empty.
pub fn category_path(value: &Value) -> Result<String, &'static Problem> {
    let mut path = String::new();
    if let Some(text) = value.as_text() {
        path.push_str(trim_end(trim_start(text, b'/'), b'/'));
    } else {
        for element in value.as_list().ok_or(&NOT_CATEGORY)? {
            let name = element.as_text().ok_or(&NOT_CATEGORY)?;
            if split_once(name, b'/').is_some() {
                return Err(&SLASH);
            }
            if !path.is_empty() && !name.is_empty() {
                path.push('/');
            }
            path.push_str(name);
        }
    }
    if !path.is_empty() {
        check(&path, Limits::IDENTIFIER_BYTES)?;
    }
    clean(&path)?;
    Ok(path)
}

/// The price of one unit: an amount and, as the last three letters, an ISO 4217 currency. Accepts
/// text or `{ amount, currency }`. Nothing is padded or converted to another currency.
pub fn price(value: &Value) -> Result<String, &'static Problem> {
    if let Some(text) = value.as_text() {
        return amount::price(text).map_err(instead(ErrorCode::BadType, &NOT_PRICE));
    }
    let (Some(of), Some(currency)) = (value.field("amount"), value.field("currency")) else {
        return Err(&NOT_PRICE);
    };
    Ok(concat(&[&amount::amount(of)?, &self::currency(currency)?]))
}

/// An ISO 4217 code in upper case.
pub fn currency(value: &Value) -> Result<String, &'static Problem> {
    amount::code(value.as_text().ok_or(&NOT_TEXT)?)
}

/// A price's amount as a JSON number, and its currency.
pub fn split_price(price: &str) -> (String, &str) {
    let (amount, currency) =
        price.split_at_checked(price.len().saturating_sub(amount::CODE)).unwrap_or((price, ""));
    (json_number(amount), currency)
}

/// The digits as a JSON number, which must not begin with 00 or a point.
/// <https://www.rfc-editor.org/rfc/rfc8259#section-6>
fn json_number(digits: &str) -> String {
    let digits = trim_start(digits, b'0');
    let bare = digits.bytes().next().is_none_or(|b| b == b'.');
    concat(&[if bare { "0" } else { "" }, digits])
}

/// A whole number between two inclusive bounds.
pub fn whole(value: &Value, least: u64, most: u64) -> Result<u64, &'static Problem> {
    let number = value.as_number().ok_or(&NOT_WHOLE)?;
    if number.is_nan() || number.is_finite() && number.fract() != 0.0 {
        return Err(&NOT_WHOLE);
    }
    if number < least as f64 || number > most as f64 {
        return Err(&RANGE);
    }
    Ok(number as u64)
}

/// A number as JSON. Text is accepted, because attributes and data layers have only text.
fn digits(value: &Value) -> Result<String, &'static Problem> {
    amount::amount(value).map(|number| json_number(amount::without_zeros(&number)))
}

/// A whole number in a range. Text is accepted.
fn counted(value: &Value, least: u64, most: u64) -> Result<String, &'static Problem> {
    match value.as_text() {
        Some(_) => {
            let digits = digits(value).map_err(instead(ErrorCode::BadType, &NOT_WHOLE))?;
            let number = parse_whole(&digits).ok_or(&NOT_WHOLE)?;
            whole(&Value::Number(number as f64), least, most).map(number::whole)
        }
        None => whole(value, least, most).map(number::whole),
    }
}

/// A quantity: above 0, up to 1,000,000, rounded to six decimals.
pub fn quantity(value: &Value) -> Result<String, &'static Problem> {
    let number = digits(value).map_err(instead(ErrorCode::OutOfRange, &QUANTITY))?;
    let (whole, decimals) = split_once(&number, b'.').unwrap_or((&number, ""));
    match (parse_whole(whole), decimals) {
        (Some(0), "") => Err(&QUANTITY),
        (Some(Limits::QUANTITY), "") => Ok(number),
        (Some(pieces), _) if pieces < Limits::QUANTITY => Ok(number),
        (_, _) => Err(&QUANTITY),
    }
}

/// A customer id at Ibexa: letters and digits.
pub fn customer(value: &Value) -> Result<String, &'static Problem> {
    let id = identifier(value)?;
    let plain = id.len() <= Limits::CUSTOMER_BYTES && id.bytes().all(|b| b.is_ascii_alphanumeric());
    if plain { Ok(id) } else { Err(&NOT_CUSTOMER) }
}

/// A rating: whole, 0 to 100.
pub fn rating(value: &Value) -> Result<String, &'static Problem> {
    counted(value, 0, 100)
}

/// A percentage from 0 to 100, rounded down.
pub fn percentage(value: &Value) -> Result<String, &'static Problem> {
    let number = digits(value)?;
    let (whole, decimals) = split_once(&number, b'.').unwrap_or((&number, ""));
    match (parse_whole(whole), decimals) {
        (Some(100), "") | (Some(..100), _) => Ok(whole.to_owned()),
        (_, _) => Err(&RANGE),
    }
}

/// A count: whole, from 0.
pub fn count(value: &Value) -> Result<String, &'static Problem> {
    counted(value, 0, Limits::SAFE_INTEGER)
}

/// A position in a list: whole, from 1.
pub fn position(value: &Value) -> Result<String, &'static Problem> {
    counted(value, 1, Limits::SAFE_INTEGER)
}

/// A score or a duration, rounded to six decimals.
pub fn score(value: &Value) -> Result<String, &'static Problem> {
    match value {
        Value::Number(number) if !number.is_nan() => number::rounded(*number).ok_or(&RANGE),
        Value::Text(text) => {
            let positive = trim_start(text, b'-');
            let number = digits(&Value::Text(positive.to_owned()))?;
            // JavaScript prints -0 as 0.
            let negative = positive.len() < text.len() && number != "0";
            Ok(concat(&[if negative { "-" } else { "" }, &number]))
        }
        _ => Err(&NOT_NUMBER),
    }
}

/// A boolean. Values that only convert to one are refused.
pub fn boolean(value: &Value) -> Result<bool, &'static Problem> {
    if let Value::Bool(yes) = value { Ok(*yes) } else { Err(&NOT_BOOLEAN) }
}

/// A list of values of any kind, as JSON.
pub fn list(value: &Value) -> Result<String, &'static Problem> {
    value.as_list().ok_or(&NOT_LIST)?;
    if !json::is_exact(value) {
        return Err(&NOT_KEPT);
    }
    let mut out = String::new();
    json::push_value(&mut out, value, |_| None);
    if out.len() > Limits::TEXT_BYTES { Err(&TOO_LONG) } else { Ok(out) }
}

fn check(text: &str, most: usize) -> Result<(), &'static Problem> {
    if text.is_empty() {
        return Err(&EMPTY);
    }
    if text.len() > most { Err(&TOO_LONG) } else { Ok(()) }
}

fn clean(text: &str) -> Result<(), &'static Problem> {
    let mut before = 0;
    let mut forbidden = text == "." || text == "..";
    for byte in text.bytes() {
        // C0, DEL, and C1 (0x80 to 0x9f after a 0xc2).
        forbidden |= byte == b'\\' || byte < b' ' || byte == 0x7f;
        forbidden |= before == 0xc2 && byte < 0xa0;
        before = byte;
    }
    if is_unfilled(text) {
        return Err(&UNFILLED);
    }
    if forbidden { Err(&CHARACTER) } else { Ok(()) }
}
