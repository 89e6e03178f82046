//! Percent-encoding (RFC 3986): everything but its unreserved characters, in UTF-8.

use super::json::push_hex;

/// Appends `text`, encoded so that it is one path segment or one query value.
pub fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                let at = out.len();
                push_hex(out, byte);
                // The RFC asks for upper-case digits, and so do vendors' signatures.
                if let Some(digits) = out.get_mut(at..) {
                    digits.make_ascii_uppercase();
                }
            }
        }
    }
}
