//! Strict percent-decoding (RFC 3986). Common decoders accept `%zz` and invalid UTF-8, but here the
//! result is stored.

/// Decodes the text. Returns `None` if a `%` lacks two hexadecimal digits, or if the result is not
/// UTF-8.
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
