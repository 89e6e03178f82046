//! Makes ids: of events (UUIDv7), and of visitors, streams and sessions (letters and digits).

use super::json::push_hex;
use super::time::Now;

/// 128 bits as 22 letters and digits, safe in a cookie, a path and a query without encoding.
pub fn id(bits: [u8; 16]) -> String {
    letters(bits, 62, 22)
}

/// 128 bits as `count` characters of the first `base` (at most 62) digits and letters.
pub fn letters(mut bits: [u8; 16], base: u32, count: usize) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut out = String::new();
    for _ in 0..count {
        // Long division of the 16-byte number by the base. The remainder is the next character.
        let mut remainder = 0u32;
        for byte in &mut bits {
            let value = remainder << 8 | u32::from(*byte);
            *byte = (value / base) as u8;
            remainder = value % base;
        }
        let letter = ALPHABET.get(remainder as usize).copied().unwrap_or(b'0');
        out.push(char::from(letter));
    }
    out
}

/// Makes the event ids of one stream: UUIDv7 in rising order, even if the clock is set back or many
/// ids are made in one millisecond.
#[derive(Debug, Default)]
pub struct EventIds {
    last_ms: u64,
    counter: u16,
}

impl EventIds {
    /// The bits of `rand_a`, which RFC 9562 §6.2 allows as a counter.
    const COUNTER_MAX: u16 = 0xfff;

    /// The id of an event that happened at `at` (ms since the epoch).
    pub fn next(&mut self, at: u64, now: &Now) -> String {
        if at > self.last_ms {
            self.last_ms = at;
            self.counter = 0;
        } else if self.counter == Self::COUNTER_MAX {
            self.last_ms += 1;
            self.counter = 0;
        } else {
            self.counter += 1;
        }
        let [_, _, t2, t3, t4, t5, t6, t7] = self.last_ms.to_be_bytes();
        let [c0, c1] = self.counter.to_be_bytes();
        let [.., r0, r1, r2, r3, r4, r5, r6, r7] = now.entropy;
        let bytes =
            [t2, t3, t4, t5, t6, t7, 0x70 | c0, c1, 0x80 | r0 & 0x3f, r1, r2, r3, r4, r5, r6, r7];
        let mut out = String::new();
        for (place, byte) in bytes.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            push_hex(&mut out, *byte);
        }
        out
    }
}
