//! Exact sums of money in millionths, one for each currency. Currencies are never added.

use std::collections::BTreeMap;

const MILLION: i128 = 1_000_000;

/// The sums by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Money(BTreeMap<String, i128>);

impl Money {
    /// Adds equal lines: price times quantity, rounded to millionths, times their number.
    pub fn add(&mut self, currency: &str, price_micros: i64, quantity_micros: i64, lines: u64) {
        let line = (i128::from(price_micros) * i128::from(quantity_micros) + MILLION / 2) / MILLION;
        let sum = self.0.entry(currency.to_owned()).or_default();
        *sum = sum.saturating_add(line.saturating_mul(i128::from(lines)));
    }

    /// Each amount as a decimal number, with its currency.
    pub fn amounts(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().map(|(currency, micros)| (money(*micros), currency.as_str()))
    }
}

/// A number with two to six decimals.
fn money(micros: i128) -> String {
    let (whole, rest) = (micros / MILLION, micros % MILLION);
    let decimals = format!("{rest:06}");
    let kept = decimals.trim_end_matches('0').len().max(2);
    format!("{whole}.{}", decimals.get(..kept).unwrap_or_default())
}

/// A number with no to six decimals.
pub fn decimal(micros: i128) -> String {
    let (whole, rest) = (micros / MILLION, micros % MILLION);
    let decimals = format!("{rest:06}");
    let decimals = decimals.trim_end_matches('0');
    if decimals.is_empty() { whole.to_string() } else { format!("{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact() {
        let mut sum = Money::default();
        sum.add("EUR", 100_000, 1_000_000, 3);
        sum.add("EUR", 12_450_000, 2_000_000, 1);
        sum.add("JPY", 333_333, 500_000, 1);
        // The largest price and quantity of an event. As floating-point numbers the sum is wrong.
        sum.add("USD", 8_999_999_999_999_999, 1_000_000_000_000, 1000);
        sum.add("USD", 10_000, 1_000_000, 1);
        let amounts: Vec<_> = sum.amounts().map(|(sum, of)| format!("{sum} {of}")).collect();
        assert_eq!(amounts, ["25.20 EUR", "0.166667 JPY", "8999999999999999000.01 USD"]);
        assert_eq!([2_500_000, 3_000_000, 1].map(decimal), ["2.5", "3", "0.000001"]);
    }
}
