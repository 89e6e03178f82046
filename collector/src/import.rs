//! Past purchases imported through Ibexa's interface. Such an event has its own time and the
//! vendor's signature.
//!
//! <https://doc.ibexa.co/en/latest/personalization/importing_historical_user_tracking_data/>

use crate::error::Refusal;
use md5::{Digest, Md5};
use recobeacon_engine::json::push_hex;
use recobeacon_engine::percent::push_encoded;
use std::fmt;

/// The parameter with the time.
const TIME: &str = "overridetimestamp";
const SIGNATURE: &str = "signature";
const DAY: i64 = 86_400;

/// The customers' license keys. They are never printed.
#[derive(Clone, Default)]
pub struct LicenseKeys(Vec<(String, String)>);

impl fmt::Debug for LicenseKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenseKeys(..)")
    }
}

impl LicenseKeys {
    /// Takes pairs of customer and key.
    pub fn new(keys: Vec<(String, String)>) -> Self {
        Self(keys)
    }

    fn of(&self, customer: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == customer).map(|(_, key)| key.as_str())
    }
}

/// The permissions of a request's sender.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// Whether the request has the admin token.
    pub is_trusted: bool,
    /// The keys of the accepted signatures.
    pub keys: &'a LicenseKeys,
}

/// The event's own time in milliseconds since the Unix epoch, if it has one. `item` is the item's
/// type and id; `parameters` are decoded.
///
/// # Errors
/// 400 if the time is invalid, or if the sender may not set it.
pub fn time(
    sender: Sender<'_>,
    customer: &str,
    item: Option<[&str; 2]>,
    parameters: &[(String, String)],
) -> Result<Option<u64>, Refusal> {
    let given = |wanted| {
        let found = parameters.iter().find(|(name, value)| name == wanted && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let Some(time) = given(TIME) else { return Ok(None) };
    let Some(item) = item else {
        return Err(Refusal::invalid("overridetimestamp is for events of one item"));
    };
    if !sender.is_trusted {
        let Some(key) = sender.keys.of(customer) else {
            return Err(Refusal::invalid(
                "overridetimestamp needs a license key for the customer in the configuration",
            ));
        };
        let signature = given(SIGNATURE).map(str::to_ascii_lowercase);
        if signature.as_deref() != Some(&sign(item, key, parameters)) {
            return Err(Refusal::invalid(
                "overridetimestamp must have the signature of the request in `signature`",
            ));
        }
    }
    let read = milliseconds(time).ok_or(Refusal::invalid(
        "overridetimestamp must be a time since 1970 like 2012-01-01T11:00:00",
    ));
    read.map(Some)
}

/// The MD5 of the item, the key, and the parameters ordered by name.
fn sign([item_type, item_id]: [&str; 2], key: &str, parameters: &[(String, String)]) -> String {
    let mut signed: Vec<_> =
        parameters.iter().filter(|(name, value)| name != SIGNATURE && !value.is_empty()).collect();
    signed.sort();
    let mut text = format!("{item_type}&{item_id}&{key}");
    for (name, value) in signed {
        text.push('&');
        text.push_str(name);
        text.push('=');
        push_encoded(&mut text, value);
    }
    let mut hex = String::new();
    for byte in Md5::digest(text.as_bytes()) {
        push_hex(&mut hex, byte);
    }
    hex
}

/// Parses an ISO 8601 date and time. Without a zone the time is UTC.
fn milliseconds(text: &str) -> Option<u64> {
    let (date, clock) = text.split_once(['T', ' '])?;
    let (clock, offset) = zone(clock)?;
    let [year, month, day] = numbers(date, '-')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':')?;
    let right = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && fraction.bytes().all(|b| b.is_ascii_digit());
    let of_day = hour * 3600 + minute * 60 + second - offset;
    let seconds = right.then(|| days(year, month, day) * DAY + of_day)?;
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    u64::try_from(seconds * 1000 + fraction.parse::<i64>().ok()?).ok()
}

/// Splits the time into the part without zone, and the zone's offset east of UTC in seconds.
fn zone(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = clock.find(['+', '-']) else { return Some((clock, 0)) };
    let (clock, zone) = clock.split_at_checked(at)?;
    let west = zone.starts_with('-');
    let [hours, minutes] = numbers(zone.get(1..)?, ':')?;
    let seconds = hours * 3600 + minutes * 60;
    (hours < 24 && minutes < 60).then_some((clock, if west { -seconds } else { seconds }))
}

/// Parses N numbers of two to four digits, separated by `between`.
fn numbers<const N: usize>(text: &str, between: char) -> Option<[i64; N]> {
    let read = |part: &str| {
        let digits = (2..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| digits)
    };
    let all: Option<Vec<i64>> = text.split(between).map(read).collect();
    all?.try_into().ok()
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let years = before * 365 + before / 4 - before / 100 + before / 400;
    let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    years + months + day - 1 - 719_162
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_match_an_independent_calendar() {
        // Computed by Python's datetime.
        for (text, expected) in [
            ("1970-01-01T00:00:00", Some(0)),
            ("2012-01-01T11:00:00", Some(1_325_415_600_000)),
            ("2012-01-01T11:00:00Z", Some(1_325_415_600_000)),
            ("2012-02-29T23:59:59.5", Some(1_330_559_999_500)),
            ("2000-03-01T00:00:00+01:00", Some(951_865_200_000)),
            ("2026-11-26T21:30:31.123456-05:30", Some(1_795_748_431_123)),
            ("1970-01-01T00:00:00+01:00", None),
            ("2011-02-29T00:00:00", None),
            ("2012-13-01T00:00:00", None),
            ("2012-01-01", None),
            ("2012-01-01T24:00:00", None),
            ("2012-01-01T11:00", None),
            ("2012-01-01T1:00:00", None),
            ("yesterday", None),
            ("1325415600000", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn signatures_match_the_vendors_example() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let parameters = [
            pair("quantity", "1"),
            pair("fullprice", "19.99EUR"),
            pair("overridetimestamp", "2012-01-01T11:00:00"),
            pair("signature", "d0026f017ae823f19530d93318c5a2f6"),
            pair("lang", ""),
        ];
        let signed = sign(["1", "11"], "8695-1828-92810-5535-4239", &parameters);
        assert_eq!(signed, "d0026f017ae823f19530d93318c5a2f6");
    }
}
