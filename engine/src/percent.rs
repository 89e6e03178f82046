//! Percent-encoding (RFC 3986) of all bytes except unreserved characters.

use super::json::push_hex;

/// Appends `text`, encoded as one path segment or one query value.
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
                // The RFC recommends upper-case digits, and vendors' signatures rely on them.
                if let Some(digits) = out.get_mut(at..) {
                    digits.make_ascii_uppercase();
                }
            }
        }
    }
}
