//! The question of a report: whole days in UTC, and the customer.

use crate::iso;
use crate::limits::Limits;
use crate::query;

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
/// The days of a report without `from`.
const DEFAULT_DAYS: i64 = 30;
/// `customer` of events without a customer. No customer has this name.
const NO_CUSTOMER: &str = "/";

/// The query parameters.
pub const PARAMETERS: [&str; 3] = ["from", "to", "customer"];

/// Whole days in UTC, as numbers since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    first: i64,
    last: i64,
}

/// Whose events are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Customer {
    /// Those of all customers, and those without one.
    Any,
    /// Those without a customer.
    None,
    /// Those of this customer.
    Named(String),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The days.
    pub period: Period,
    /// The customer.
    pub customer: Customer,
}

impl Period {
    /// The begin, in milliseconds since 1970.
    pub fn begin(self) -> i64 {
        self.first * DAY
    }

    /// The begin of the day after the last one.
    pub fn end(self) -> i64 {
        (self.last + 1) * DAY
    }

    /// The first day, like `2026-11-28`.
    pub fn from(self) -> String {
        date(self.first)
    }

    /// The last day.
    pub fn to(self) -> String {
        date(self.last)
    }

    /// The number of days.
    pub fn days(self) -> i64 {
        self.last - self.first + 1
    }

    /// The length of a bar over time: an hour for up to two days, otherwise a day.
    pub fn step(self) -> i64 {
        if self.is_by_hour() { HOUR } else { DAY }
    }

    /// Whether the bars are hours.
    pub fn is_by_hour(self) -> bool {
        self.days() <= 2
    }

    /// The last days up to this one.
    pub fn last_days(days: i64, now_ms: u64) -> Self {
        let last = i64::try_from(now_ms).unwrap_or_default() / DAY;
        Self { first: last - days + 1, last }
    }
}

fn date(day: i64) -> String {
    let text = iso::format((day * DAY).unsigned_abs());
    text.split('T').next().unwrap_or_default().to_owned()
}

/// The name of an hour (`2026-11-28 14:00`) or of a day.
pub fn name(begin: i64, by_hour: bool) -> String {
    let text = iso::format(begin.unsigned_abs());
    match text.split_once('T') {
        Some((day, clock)) if by_hour => format!("{day} {}", clock.get(..5).unwrap_or_default()),
        Some((day, _)) => day.to_owned(),
        None => text,
    }
}

impl Customer {
    /// The value of the parameter.
    pub fn parameter(&self) -> &str {
        match self {
            Self::Any => "",
            Self::None => NO_CUSTOMER,
            Self::Named(name) => name,
        }
    }

    /// The name for people.
    pub fn label(&self) -> &str {
        match self {
            Self::Any => "all customers",
            Self::None => "no customer",
            Self::Named(name) => name,
        }
    }
}

impl Wanted {
    /// Reads a query. Without `from` it asks for the last 30 days.
    ///
    /// # Errors
    /// A sentence with the wrong parameter.
    pub fn read(text: &str, now_ms: u64) -> Result<Self, String> {
        let pairs = query::pairs(text).map_err(|refusal| refusal.sentence().into_owned())?;
        let value = |name| {
            let found = pairs.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let day = |name| value(name).map(|text| read_day(name, text)).transpose();
        let default = Period::last_days(DEFAULT_DAYS, now_ms);
        let last = day("to")?.unwrap_or(default.last);
        let first = day("from")?.unwrap_or_else(|| (last - DEFAULT_DAYS + 1).max(0));
        let period = Period { first, last };
        if first > last {
            return Err("from: must not be after to".to_owned());
        }
        if period.days() > Limits::REPORT_DAYS {
            return Err(format!("from: a report has at most {} days", Limits::REPORT_DAYS));
        }
        let customer = match value("customer") {
            None => Customer::Any,
            Some(NO_CUSTOMER) => Customer::None,
            Some(name) => Customer::Named(name.to_owned()),
        };
        Ok(Self { period, customer })
    }

    /// The query for the same question.
    pub fn query(&self) -> String {
        self.query_of(self.period)
    }

    /// The query for another period.
    pub fn query_of(&self, period: Period) -> String {
        let mut query = format!("from={}&to={}", period.from(), period.to());
        if self.customer != Customer::Any {
            query.push_str("&customer=");
            push_encoded(&mut query, self.customer.parameter());
        }
        query
    }
}

fn read_day(name: &str, text: &str) -> Result<i64, String> {
    let plain = text.len() == "2026-11-28".len();
    let ms = iso::parse_from_date(text).filter(|_| plain);
    let ms = ms.and_then(|ms| i64::try_from(ms).ok());
    ms.map(|ms| ms / DAY).ok_or_else(|| format!("{name}: must be a date like 2026-11-28"))
}

fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// 2026-11-28T01:00:00Z.
    const NOW: u64 = 1_795_827_600_000;

    #[test]
    fn a_period_is_whole_days_in_utc() {
        let read = |query: &str| Wanted::read(query, NOW).map(|wanted| wanted.query());
        assert_eq!(read("").unwrap(), "from=2026-10-30&to=2026-11-28");
        assert_eq!(read("from=&to=&customer=").unwrap(), "from=2026-10-30&to=2026-11-28");
        assert_eq!(read("to=2026-11-01").unwrap(), "from=2026-10-03&to=2026-11-01");
        assert_eq!(read("from=2026-11-28").unwrap(), "from=2026-11-28&to=2026-11-28");
        assert_eq!(
            read("from=2024-02-29&to=2024-02-29&customer=a%26b%20%3Cc%3E").unwrap(),
            "from=2024-02-29&to=2024-02-29&customer=a%26b%20%3Cc%3E"
        );
        let wanted = Wanted::read("from=2026-11-27&customer=%2F", NOW).unwrap();
        assert_eq!((wanted.customer, wanted.period.is_by_hour()), (Customer::None, true));
        assert_eq!(wanted.period.end() - wanted.period.begin(), 2 * DAY);
        for (wrong, sentence) in [
            ("from=2026-11-29", "from: must not be after to"),
            ("from=2025-10-01", "from: a report has at most 400 days"),
            ("from=2026-02-30", "from: must be a date like 2026-11-28"),
            ("to=2026-11-28T00:00:00Z", "to: must be a date like 2026-11-28"),
            ("to=yesterday", "to: must be a date like 2026-11-28"),
        ] {
            assert_eq!(read(wrong).unwrap_err(), sentence, "{wrong}");
        }
    }
}
