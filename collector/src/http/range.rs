//! `Range` (RFC 9110 §14): a single range of bytes, which video players request.

/// The meaning of a `Range` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The whole file: there is no range, or one of a form that may be ignored.
    Whole,
    /// The first byte, and the one after the last.
    Part(u64, u64),
    /// No such bytes: 416.
    Nothing,
}

/// Reads the header for a file of that length.
pub fn asked(header: Option<&str>, length: u64) -> Asked {
    let spec = header.and_then(|header| header.trim().strip_prefix("bytes="));
    // Several ranges would need a multipart response. The RFC allows us to send the whole file.
    let Some((first, last)) = spec.and_then(|spec| spec.trim().split_once('-')) else {
        return Asked::Whole;
    };
    let number = |digits: &str| {
        let digits = digits.trim();
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    let (start, end) = match (first.trim(), number(first), number(last), last.trim()) {
        ("", _, Some(count), _) => (length.saturating_sub(count), length),
        (_, Some(start), None, "") => (start, length),
        (_, Some(start), Some(last), _) if start <= last => {
            (start, last.saturating_add(1).min(length))
        }
        _ => return Asked::Whole,
    };
    if start < end { Asked::Part(start, end) } else { Asked::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_range_is_parsed_and_several_are_ignored() {
        let asked = |header| asked(Some(header), 100);
        assert_eq!(asked("bytes=0-9"), Asked::Part(0, 10));
        assert_eq!(asked("bytes=90-"), Asked::Part(90, 100));
        assert_eq!(asked("bytes=90-5000"), Asked::Part(90, 100));
        assert_eq!(asked("bytes=-10"), Asked::Part(90, 100));
        assert_eq!(asked("bytes=-5000"), Asked::Part(0, 100));
        assert_eq!(asked("bytes=0-99999999999999999999999"), Asked::Part(0, 100));
        assert_eq!(asked("bytes=100-"), Asked::Nothing);
        assert_eq!(asked("bytes=-0"), Asked::Nothing);
        for ignored in [
            "bytes=9-0",
            "bytes=-",
            "bytes=",
            "items=0-9",
            "bytes=0-1,5-9",
            "bytes=a-b",
            "bytes=+1-2",
        ] {
            assert_eq!(asked(ignored), Asked::Whole, "{ignored}");
        }
        assert_eq!(super::asked(None, 100), Asked::Whole);
        assert_eq!(super::asked(Some("bytes=0-"), 0), Asked::Nothing);
    }
}
