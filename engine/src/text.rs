//! Text functions that avoid std's general searchers, parsers and printers, which cost half a
//! kilobyte of the module each.

/// Concatenates the parts.
pub fn concat(parts: &[&str]) -> String {
    let mut out = String::new();
    for part in parts {
        out.push_str(part);
    }
    out
}

/// Splits the text at the first such byte, which must be ASCII.
pub fn split_once(text: &str, at: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// Removes these bytes, which must be ASCII, from the start.
pub fn trim_start(mut text: &str, byte: u8) -> &str {
    while text.as_bytes().first() == Some(&byte) {
        text = text.get(1..).unwrap_or_default();
    }
    text
}

/// Removes these bytes, which must be ASCII, from the end.
pub fn trim_end(mut text: &str, byte: u8) -> &str {
    while text.as_bytes().last() == Some(&byte) {
        text = text.get(..text.len() - 1).unwrap_or_default();
    }
    text
}

/// Parses a text that is exactly a decimal number.
pub fn parse_whole(text: &str) -> Option<u64> {
    let mut value = 0u64;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (!text.is_empty()).then_some(value)
}

/// The part of a page's text that a warning repeats.
pub fn shorten(text: &str) -> &str {
    const SHOWN_BYTES: usize = 64;
    let mut end = text.len().min(SHOWN_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
