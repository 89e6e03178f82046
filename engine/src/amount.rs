//! Parses amounts as shops write them. Accepts clear separators and refuses ambiguous ones.

use super::error::{ErrorCode, NOT_NUMBER, Problem};
use super::limits::Limits;
use super::number::{push_scaled, rounded};
use super::text::{concat, parse_whole, split_once, trim_end, trim_start};
use super::value::Value;

static NOT_CURRENCY: Problem =
    Problem::new(ErrorCode::BadType, "must have a currency of three letters, like EUR");
static RANGE: Problem = Problem::new(ErrorCode::OutOfRange, "must be from 0 to below 9000000000");
static AMBIGUOUS: Problem = Problem::new(
    ErrorCode::OutOfRange,
    "is ambiguous: write a point before decimals, and nothing between thousands",
);

/// The length of an ISO 4217 code.
pub const CODE: usize = 3;
const DECIMALS: usize = Limits::DECIMALS as usize;

/// A number from 0 as decimal text, rounded to six decimals. Text keeps its trailing zeros.
pub fn amount(value: &Value) -> Result<String, &'static Problem> {
    match value {
        Value::Number(number) if *number < 0.0 || *number >= Limits::AMOUNT => Err(&RANGE),
        Value::Number(number) if !number.is_nan() => rounded(*number).ok_or(&RANGE),
        Value::Text(text) => read(trim(&plain(text)), false),
        _ => Err(&NOT_NUMBER),
    }
}

/// An amount and its currency, like `12.45EUR`. The currency is before or after the amount.
pub fn price(text: &str) -> Result<String, &'static Problem> {
    let plain = plain(text);
    let trimmed = trim(&plain);
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    let is_before = is_letter(trimmed.as_bytes().first());
    let place = if is_before { CODE } else { trimmed.len().saturating_sub(CODE) };
    let (before, behind) = trimmed.split_at_checked(place).ok_or(&NOT_CURRENCY)?;
    let (number, given) = if is_before { (behind, before) } else { (before, behind) };
    let currency = code(given)?;
    // The plain form has a point before decimals. A space, a sign or small letters show that the
    // text is formatted for display.
    let number = trim(number);
    let for_people = number.len() + CODE < text.len() || !text.ends_with(&*currency);
    Ok(concat(&[&read(number, for_people)?, &currency]))
}

/// An ISO 4217 code in upper case.
pub fn code(currency: &str) -> Result<String, &'static Problem> {
    let plain = plain(currency);
    let code = trim(&plain);
    let right = code.len() == CODE && code.bytes().all(|b| b.is_ascii_alphabetic());
    if right { Ok(code.to_ascii_uppercase()) } else { Err(&NOT_CURRENCY) }
}

fn trim(text: &str) -> &str {
    trim_end(trim_start(text, b' '), b' ')
}

/// The text in ASCII: every space and apostrophe becomes a space, the euro sign its code, and any
/// other character `?`.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '€' => out.push_str("EUR"),
            // Spaces that browsers print between thousands, and apostrophes as in Switzerland.
            '\t' | '\n' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\'' | '’' => out.push(' '),
            _ => out.push(if c.is_ascii() { c } else { '?' }),
        }
    }
    out
}

/// Digits with an optional point or comma before decimals, and one kind of thousands separator.
fn read(text: &str, for_people: bool) -> Result<String, &'static Problem> {
    let mut digits = String::new();
    // The last separator, the kind of the earlier ones, and the number of digits before the first
    // and the last one.
    let (mut last, mut others) = (0, 0);
    let (mut first_at, mut last_at) = (0, 0);
    let (mut alike, mut thousands, mut repeated) = (true, true, false);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => digits.push(char::from(byte)),
            b'.' | b',' | b' ' if digits.len() > last_at => {
                if last == 0 {
                    first_at = digits.len();
                } else {
                    thousands &= digits.len() - last_at == 3;
                    alike &= others == 0 || others == last;
                    others = last;
                }
                repeated = others == byte;
                (last, last_at) = (byte, digits.len());
            }
            _ if text.as_bytes().first() == Some(&b'-') => return Err(&RANGE),
            _ => return Err(&NOT_NUMBER),
        }
    }
    let end = digits.len() - last_at;
    if end == 0 {
        return Err(&NOT_NUMBER);
    }
    let decimals = matches!(last, b'.' | b',') && !repeated;
    let could_be_thousands = end == 3 && first_at <= 3 && digits.as_bytes().first() != Some(&b'0');
    if decimals && others == 0 && could_be_thousands && (last == b',' || for_people) {
        return Err(&AMBIGUOUS);
    }
    let is_grouped = others != 0 || !decimals && last != 0;
    let one_kind = alike && (decimals || others == 0 || others == last);
    if is_grouped && !(one_kind && thousands && first_at <= 3 && (decimals || end == 3)) {
        return Err(&NOT_NUMBER);
    }
    let (whole, decimals) =
        digits.split_at_checked(if decimals { last_at } else { digits.len() }).unwrap_or_default();
    exact(whole, decimals)
}

/// Combines both parts to one number, rounded to six decimals.
fn exact(whole: &str, decimals: &str) -> Result<String, &'static Problem> {
    let value = parse_whole(whole).filter(|value| *value < Limits::AMOUNT as u64).ok_or(&RANGE)?;
    if decimals.is_empty() {
        return Ok(whole.to_owned());
    }
    if decimals.len() <= DECIMALS {
        return Ok(concat(&[whole, ".", decimals]));
    }
    let (kept, rest) = decimals.split_at_checked(DECIMALS).unwrap_or((decimals, ""));
    let up = rest.bytes().next().is_some_and(|digit| digit >= b'5');
    let millionths = parse_whole(kept).unwrap_or_default() + u64::from(up);
    let mut out = String::new();
    push_scaled(&mut out, value * 10u64.pow(Limits::DECIMALS) + millionths, Limits::DECIMALS);
    Ok(without_zeros(&out).to_owned())
}

/// The number without trailing zeros in its decimals.
pub fn without_zeros(number: &str) -> &str {
    match split_once(number, b'.') {
        Some(_) => trim_end(trim_end(number, b'0'), b'.'),
        None => number,
    }
}

/// The number rounded up, for vendors that accept whole quantities only.
pub fn rounded_up(number: &str) -> String {
    match split_once(without_zeros(number), b'.') {
        Some((whole, _)) => super::number::whole(parse_whole(whole).unwrap_or_default() + 1),
        None => without_zeros(number).to_owned(),
    }
}
