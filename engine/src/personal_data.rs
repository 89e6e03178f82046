//! E-mail addresses, card numbers and IBANs in free text, which are replaced by `REMOVED`.
//!
//! A visitor types them into a search box, or a template prints them into a title. Identifiers are
//! not searched, because an item's or order's digits can look like a card number.
//!
//! The search takes a few dozen steps for each byte, whatever the text. The collector runs the same
//! code.

use super::error::{ErrorCode, Problem};
use super::json::push_value;
use super::limits::Limits;
use super::text::{concat, trim_end, trim_start};
use super::value::Value;

/// The text in the place of personal data. It is not found again.
const REMOVED: &str = "[removed]";

/// The warning about it.
pub static REPLACED: Problem = Problem::new(
    ErrorCode::PersonalData,
    "had an e-mail address, card number or IBAN, which is now [removed]: do not pass personal data",
);

/// The character before a place.
enum Before {
    Digit,
    /// A letter, or the point of a decimal number.
    Letter,
    Other,
}

/// The text without personal data. `None` if it has none.
pub fn without(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut from, mut place, mut before) = (0, 0, Before::Other);
    // An address begins after the sign of the one before.
    let mut least = 0;
    while place < bytes.len() {
        let byte = at(bytes, place);
        let sign = at_sign(bytes, place);
        let (start, end) = match before {
            _ if sign > 0 => email(bytes, least, place, place + sign),
            Before::Other => number(bytes, place),
            Before::Digit | Before::Letter => (0, 0),
        };
        before = match before {
            _ if byte.is_ascii_digit() => Before::Digit,
            _ if byte.is_ascii_alphabetic() => Before::Letter,
            // Decimals follow, which are no number of their own.
            Before::Digit if byte == b'.' => Before::Letter,
            Before::Digit | Before::Letter | Before::Other => Before::Other,
        };
        place += 1;
        if sign > 0 {
            least = place;
        }
        if end > 0 {
            out.push_str(text.get(from..start)?);
            // `[[` would be a template's placeholder.
            if out.ends_with('[') {
                out.pop();
            }
            out.push_str(REMOVED);
            (from, least, place) = (end, end, end);
            before = Before::Other;
        }
    }
    out.push_str(text.get(from..)?);
    // The shortest address is shorter than its replacement.
    let is_too_long = out.len() > bytes.len().max(Limits::IDENTIFIER_BYTES);
    (from > 0).then(|| if is_too_long { REMOVED.to_owned() } else { out })
}

/// The list as JSON without personal data in its texts, if `json` is the list with them. Numbers
/// and names are identifiers.
pub fn without_in(list: &Value, json: &str) -> Option<String> {
    let mut out = String::new();
    push_value(&mut out, list, without);
    if out.len() > Limits::TEXT_BYTES {
        out = concat(&["[\"", REMOVED, "\"]"]);
    }
    (out != json).then_some(out)
}

/// Whether the whole user id is an e-mail address: one at sign with text before it and a dotted name
/// after it, without a slash, and without a space but at its ends. This is wider than the search in
/// free text, where most of these characters would end the address.
pub fn is_email(text: &str) -> bool {
    let text = trim_end(trim_start(text, b' '), b' ').as_bytes();
    let (mut host, mut is_dotted) = (0, false);
    for place in 0..text.len() {
        let sign = at_sign(text, place);
        match at(text, place) {
            b' ' | b'/' => return false,
            b'.' => is_dotted |= host > 0 && place > host && place + 1 < text.len(),
            _ if sign == 0 => {}
            _ if place == 0 || host > 0 => return false,
            _ => host = place + sign,
        }
    }
    is_dotted
}

/// The byte at this place, or 0 after the end.
fn at(text: &[u8], place: usize) -> u8 {
    text.get(place).copied().unwrap_or_default()
}

/// The length of the at sign of an e-mail address at this place, or 0. It is also found as a URL has
/// it, and in full width, as East Asian keyboards write it.
fn at_sign(text: &[u8], place: usize) -> usize {
    match text.get(place..).unwrap_or_default() {
        [b'@', ..] => 1,
        [b'%', b'4', b'0', ..] | [0xef, 0xbc, 0xa0, ..] => 3,
        _ => 0,
    }
}

/// A letter or digit of any script. Characters that begin with these three bytes are mostly
/// punctuation: U+0080 to U+00BF, U+2000 to U+2FFF, and from U+F000, which has the full-width at sign.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 && !matches!(byte, 0xc2 | 0xe2 | 0xef)
}

/// The start and end of the e-mail address around the at sign from `place` to `host`, or zeros. Its
/// name begins at `least` or later. It is searched as people write it: without quotes, comments and
/// IP addresses, and in any script.
/// <https://www.rfc-editor.org/rfc/rfc6531#section-3.3>
///
/// The characters `& / = ? { | }` and the backtick are allowed in a name by RFC 5322, but end it
/// here, because the address may be in a URL or a list.
fn email(text: &[u8], least: usize, place: usize, host: usize) -> (usize, usize) {
    let (mut start, mut next) = (place, place);
    while next > least {
        next -= 1;
        let byte = at(text, next);
        // It begins with a letter or digit, and not in the middle of a character.
        if is_word(byte) && !(0x80..0xc0).contains(&byte) {
            start = next;
        } else if !is_word(byte)
            && !matches!(
                byte,
                b'!' | b'#'..=b'%' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'~'
            )
        {
            break;
        }
    }
    // The start of the label of its domain that is read, and the end after the last label that can
    // be a top-level domain. A number and a single letter can not: `package@1.2.3`, `2@9.99`. A
    // sentence or a number may follow after a point.
    let (mut label, mut end) = (0, 0);
    next = host;
    loop {
        let byte = at(text, next);
        if is_word(byte) {
            if at(text, next - 1) == b'.' {
                label = next;
            }
            if label > 0 && next > label && !at(text, label).is_ascii_digit() {
                end = next + 1;
            }
        } else if !matches!(byte, b'.' | b'-') {
            break;
        }
        next += 1;
    }
    let is_address = start < place && at(text, host) != b'.' && end > 0;
    if is_address { (start, end) } else { (0, 0) }
}

/// The start and end of the card number or IBAN that begins at this place, or zeros. Letters or
/// digits directly after it make it a part of some other code.
///
/// Single spaces, hyphens and no-break spaces may stand between its groups. A card number's groups
/// have at least three digits, so that a list of sizes is none.
fn number(text: &[u8], start: usize) -> (usize, usize) {
    let (mut end, mut place) = (0, start);
    let (mut count, mut digits, mut group, mut between) = (0, 0, 0, 0);
    // Of a card: its first digits, and two weighted sums. Each has a twin for the case that one more
    // digit follows, because the weights are counted from the end.
    let (mut issuer, mut luhn, mut luhn_next, mut gtin, mut gtin_next) = (0, 0, 0, 0, 0);
    // Of an IBAN: the remainders of the first four characters and of all others.
    let (mut head, mut body) = (0, 0);
    while count <= MOST_CHARACTERS {
        let byte = at(text, place);
        if let Some(value) = char::from(byte).to_digit(36) {
            count += 1;
            group += 1;
            between = 0;
            let is_digit = value < 10;
            digits += u32::from(is_digit);
            let part = if count > 4 { &mut body } else { &mut head };
            *part = (*part * if is_digit { 10 } else { 100 } + value) % MODULUS;
            if count <= 2 {
                issuer = issuer * 10 + value;
            }
            (luhn, luhn_next) = (luhn_next + value, luhn + value * 2 + u32::from(value > 4));
            (gtin, gtin_next) = (gtin_next + value, gtin + value * 3);
        } else {
            let is_card = count == digits;
            if between == 0 && byte != b'@' {
                let is_right = if is_card {
                    // A GTIN-13 or GTIN-14 is the number of an article.
                    luhn % 10 == 0 && (count > 14 || gtin % 10 > 0) && has_length(issuer, count)
                } else {
                    digits >= IBAN_DIGITS
                        && count >= LEAST_CHARACTERS
                        && at(text, start).is_ascii_alphabetic()
                        && at(text, start + 1).is_ascii_alphabetic()
                        && (body * SHIFT + head) % MODULUS == 1
                };
                if is_right {
                    end = place;
                }
            }
            if is_card && between == 0 && group < 3 {
                break;
            }
            group = 0;
            between += 1;
            if between > MOST_BETWEEN || !matches!(byte, b' ' | b'-' | 0xc2 | 0xa0) {
                break;
            }
        }
        place += 1;
    }
    if end > 0 { (start, end) } else { (0, 0) }
}

/// The shortest IBAN is Norwegian. The longest allowed is longer than any.
const LEAST_CHARACTERS: u32 = 15;
const MOST_CHARACTERS: u32 = 34;
/// A no-break space has two bytes.
const MOST_BETWEEN: u32 = 2;
/// An IBAN has at least as many digits. Other texts of its form are mostly letters.
const IBAN_DIGITS: u32 = 12;
/// An IBAN's remainder is 1 if its first four characters, which are six digits, stand at its end.
/// <https://www.iso.org/standard/81090.html>
const MODULUS: u32 = 97;
const SHIFT: u32 = 1_000_000 % MODULUS;

/// Whether card numbers that begin with these two digits have this length.
/// <https://en.wikipedia.org/wiki/Payment_card_number>
fn has_length(issuer: u32, length: u32) -> bool {
    match issuer {
        // Visa.
        40..=49 => matches!(length, 13 | 16 | 19),
        // American Express.
        34 | 37 => length == 15,
        // Diners Club.
        30 | 36 | 38 | 39 => matches!(length, 14..=19),
        // Mir and Mastercard, JCB, Mastercard and Maestro, Discover and UnionPay.
        22..=27 | 35 | 50..=58 | 60..=69 => matches!(length, 16..=19),
        _ => false,
    }
}
