//! Base64 (RFC 4648 §4), for a vendor's authorization header.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes in base64, padded.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let mut bits = 0usize;
        for place in 0..3 {
            bits = bits << 8 | three.get(place).copied().map_or(0, usize::from);
        }
        for place in 0..4 {
            let digit = ALPHABET.get(bits >> (18 - 6 * place) & 63);
            let letter = digit.filter(|_| place <= three.len()).unwrap_or(&b'=');
            out.push(char::from(*letter));
        }
    }
    out
}
