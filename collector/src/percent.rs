//! Percent-decoding (RFC 3986), by hand, because here it decides what is stored: strict where
//! common decoders let `%zz` and broken UTF-8 through.

/// The text that was encoded; none where a `%` has no two digits behind it, or it is no UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            (digit()? << 4 | digit()?) as u8
        } else {
            byte
        });
    }
    String::from_utf8(out).ok()
}
