//! Values on the wire: <https://www.postgresql.org/docs/current/protocol-overview.html>.

use super::super::value::Param;
use bytes::{BufMut, BytesMut};
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use std::borrow::Cow;
use std::error::Error;

type Failed = Box<dyn Error + Sync + Send>;

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failed> {
        match *self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Whole(number) => whole(number, ty, out)?,
            Self::Flag(flag) => whole(i64::from(flag), ty, out)?,
            Self::Text(text) => {
                let is_json = *ty == Type::JSON;
                out.put_slice(without_nul(text, is_json).as_bytes());
            }
            Self::Bytes(bytes) => out.put_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn whole(number: i64, ty: &Type, out: &mut BytesMut) -> Result<(), Failed> {
    match *ty {
        Type::INT8 => out.put_i64(number),
        Type::INT4 => out.put_i32(i32::try_from(number)?),
        Type::BOOL => out.put_u8(u8::from(number != 0)),
        _ => return Err(format!("a whole number cannot be a parameter of type {ty}").into()),
    }
    Ok(())
}

/// The text without U+0000, which PostgreSQL cannot store. As in HTML, U+FFFD is in its place. In JSON
/// it is escaped.
pub fn without_nul(text: &str, is_json: bool) -> Cow<'_, str> {
    if !is_json {
        let has_nul = text.contains('\0');
        return if has_nul { text.replace('\0', "\u{fffd}").into() } else { text.into() };
    }
    if !text.contains("\\u0000") {
        return text.into();
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        clean.push_str(before);
        if let Some(after) = escape.strip_prefix("\\u0000") {
            clean.push_str("\\ufffd");
            rest = after;
            continue;
        }
        // The backslash and the character after it, which may be a backslash as well.
        let len = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
        let (same, after) = escape.split_at(len);
        clean.push_str(same);
        rest = after;
    }
    clean.push_str(rest);
    clean.into()
}

/// A value as it was received.
#[derive(Debug)]
pub struct Raw<'a> {
    ty: Type,
    bytes: &'a [u8],
}

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(ty: &Type, bytes: &'a [u8]) -> Result<Self, Failed> {
        Ok(Self { ty: ty.clone(), bytes })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl<'a> Raw<'a> {
    /// The value as a whole number.
    pub fn whole(&self) -> Option<i64> {
        match self.ty {
            Type::INT8 => Some(i64::from_be_bytes(self.bytes.try_into().ok()?)),
            Type::INT4 => Some(i64::from(i32::from_be_bytes(self.bytes.try_into().ok()?))),
            Type::BOOL => Some(i64::from(self.bytes == [1])),
            Type::NUMERIC => numeric(self.bytes),
            _ => None,
        }
    }

    /// The value as text.
    pub fn text(&self) -> Option<&'a str> {
        let is_text = matches!(self.ty, Type::TEXT | Type::VARCHAR | Type::JSON | Type::NAME);
        std::str::from_utf8(self.bytes).ok().filter(|_| is_text)
    }

    /// The value as bytes.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        (self.ty == Type::BYTEA).then_some(self.bytes)
    }

    /// The type, for the sentence about a wrong one.
    pub fn kind(&self) -> &str {
        self.ty.name()
    }
}

/// A whole number of the type `numeric`, which sums of `bigint` have: the number of its digits to the
/// base 10,000, the exponent of the first one, the sign and the scale, then the digits.
fn numeric(bytes: &[u8]) -> Option<i64> {
    let (words, rest) = bytes.as_chunks::<2>();
    let words: Vec<i64> = words.iter().map(|word| i64::from(i16::from_be_bytes(*word))).collect();
    let [count, exponent, sign, _, digits @ ..] = words.as_slice() else { return None };
    if !rest.is_empty() || digits.len() as i64 != *count {
        return None;
    }
    let digit = |place: i64| {
        usize::try_from(place).ok().and_then(|place| digits.get(place)).copied().unwrap_or(0)
    };
    let add = |number: i64, place| number.checked_mul(10_000)?.checked_add(digit(place));
    let number = (0..=*exponent).try_fold(0, add)?;
    match sign {
        0 => Some(number),
        0x4000 => Some(-number),
        // Not a number, or infinite.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_has_a_nul() {
        assert_eq!(without_nul("a\0b", false), "a\u{fffd}b");
        assert_eq!(without_nul("a\\u0000b", false), "a\\u0000b");
        for (text, clean) in [
            (r#"{"a":"x\u0000\u0000"}"#, r#"{"a":"x\ufffd\ufffd"}"#),
            (r#"{"a":"\\u0000"}"#, r#"{"a":"\\u0000"}"#),
            (r#"{"a":"\\\u0000\n"}"#, r#"{"a":"\\\ufffd\n"}"#),
            (r#"{"a":"ä"}"#, r#"{"a":"ä"}"#),
            ("\\u0000\\", "\\ufffd\\"),
        ] {
            assert_eq!(without_nul(text, true), clean);
        }
    }

    #[test]
    fn sums_are_whole_numbers() {
        let bytes = |words: &[i16]| words.iter().flat_map(|word| word.to_be_bytes()).collect();
        let number = |words: &[i16]| {
            let bytes: Vec<u8> = bytes(words);
            Raw { ty: Type::NUMERIC, bytes: &bytes }.whole()
        };
        assert_eq!(number(&[0, 0, 0, 0]), Some(0));
        assert_eq!(number(&[2, 1, 0, 0, 1, 2345]), Some(12_345));
        assert_eq!(number(&[1, 1, 0, 0, 7]), Some(70_000));
        assert_eq!(number(&[1, 0, 0x4000, 0, 7]), Some(-7));
        assert_eq!(number(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5807]), Some(i64::MAX));
        assert_eq!(number(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808]), None);
        assert_eq!(number(&[0, 0, -0x4000, 0]), None, "NaN");
        assert_eq!(number(&[2, 0, 0]), None, "cut off");
    }
}
