//! Times as text: ISO 8601.

use crate::limits::Limits;
use recobeacon_engine::rules;
use recobeacon_engine::value::Value;

const DAY: i64 = 86_400;

/// Reads the time of an event in the past, in milliseconds since 1970 or as text.
///
/// # Errors
/// The rule that is broken, without the field's name.
pub fn time(value: &Value) -> Result<u64, &'static str> {
    let wrong = "must be milliseconds since 1970, or like 2026-11-27T14:30:00Z";
    let ms = match value {
        Value::Text(text) => text.parse().ok().or_else(|| parse(text)),
        value => rules::whole(value, 0, Limits::LATEST_MS).ok(),
    };
    match ms.ok_or(wrong)? {
        ..Limits::EARLIEST_MS => Err("is before March 1973: it must be in milliseconds"),
        ms if ms > Limits::LATEST_MS => Err(wrong),
        ms => Ok(ms),
    }
}

/// Parses an ISO 8601 date and time. Without a zone the time is UTC.
pub fn parse(text: &str) -> Option<u64> {
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

/// The form of [`parse_from_date`].
pub const FORM: &str = "must be like 2026-11-27 or 2026-11-27T00:00:00Z";

/// Like [`parse`]; a date without a time is its midnight in UTC.
pub fn parse_from_date(text: &str) -> Option<u64> {
    if text.contains(['T', ' ']) { parse(text) } else { parse(&format!("{text}T00:00:00Z")) }
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

/// The same time in UTC with whole seconds: `2012-01-01T11:00:00`.
pub fn format(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).unwrap_or(i64::MAX);
    let (day, of_day) = (seconds / DAY, seconds % DAY);
    // 400 years have 146,097 days. The year found here is right or one too high.
    let mut year = 1970 + day * 400 / 146_097 + 1;
    while days(year, 1, 1) > day {
        year -= 1;
    }
    let mut month = 12;
    while days(year, month, 1) > day {
        month -= 1;
    }
    let of_month = day - days(year, month, 1) + 1;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_formatted_time_reads_as_the_same_second(seconds in 0u64..253_402_300_800) {
            prop_assert_eq!(parse(&format(seconds * 1000 + 999)), Some(seconds * 1000));
        }
    }
}
