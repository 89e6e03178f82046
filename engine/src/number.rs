//! Numbers as text, without the 20 kB that printing an `f64` costs in WebAssembly.

use super::limits::Limits;

/// Appends a whole number in decimal.
pub fn push_whole(out: &mut String, value: u64) {
    if value >= 10 {
        push_whole(out, value / 10);
    }
    out.push(char::from(b'0' + (value % 10) as u8));
}

/// A whole number in decimal.
pub fn whole(value: u64) -> String {
    let mut out = String::new();
    push_whole(&mut out, value);
    out
}

/// The number as JavaScript prints it. `None` if that takes more than [`Limits::DECIMALS`]
/// decimals, or if its magnitude is not below [`Limits::AMOUNT`].
///
/// JavaScript prints the fewest decimals that give the same number back. The scaled number and the
/// power of ten are both exact, so a single division rounds like parsing does.
pub fn decimal(value: f64) -> Option<String> {
    let magnitude = value.abs();
    if magnitude.is_nan() || magnitude >= Limits::AMOUNT {
        return None;
    }
    let mut scale = 1.0;
    for decimals in 0..=Limits::DECIMALS {
        let near = (magnitude * scale).round();
        // The product may be wrong by half of the last digit. The quotient decides.
        for scaled in &[near, near + 1.0, near - 1.0] {
            if *scaled / scale == magnitude {
                return Some(print(value < 0.0, *scaled as u64, decimals));
            }
        }
        scale *= 10.0;
    }
    None
}

/// The number rounded to [`Limits::DECIMALS`] decimals, for scores, whose further digits have no
/// meaning. Large numbers keep their whole part.
pub fn rounded(value: f64) -> Option<String> {
    let magnitude = value.abs();
    if magnitude >= Limits::AMOUNT {
        let whole = magnitude <= Limits::SAFE_INTEGER as f64;
        return whole.then(|| print(value < 0.0, magnitude.round() as u64, 0));
    }
    let scale = 10f64.powi(Limits::DECIMALS as i32);
    // From 2^32 the product may be wrong by half of the last digit, so a number with six decimals
    // stays unchanged.
    decimal(value).or_else(|| decimal((value * scale).round() / scale))
}

fn print(negative: bool, scaled: u64, decimals: u32) -> String {
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    push_scaled(&mut out, scaled, decimals);
    out
}

/// Appends a number that is given without its decimal point.
pub fn push_scaled(out: &mut String, scaled: u64, decimals: u32) {
    let scale = 10u64.pow(decimals);
    push_whole(out, scaled / scale);
    if decimals > 0 {
        out.push('.');
        let fraction = whole(scaled % scale);
        for _ in fraction.len()..decimals as usize {
            out.push('0');
        }
        out.push_str(&fraction);
    }
}
