//! The measures of the charts. Widths are in percent and heights in pixels, so that a chart fits every
//! screen and its texts keep their size. The template draws them.

use super::page::grouped;
use super::table::{Cell, Table};

/// Most bars of a chart that has a row for each bar.
const ROWS: usize = 10;
/// Longest name beside a bar. The table has the whole name.
const NAME_CHARS: usize = 32;
/// Height of the space for bars over time.
const HEIGHT: u64 = 160;
/// Space above it, for half of the label of the highest line.
const TOP: u64 = 10;
/// Width of a digit, rounded up.
const DIGIT_WIDTH: usize = 9;

/// A chart.
#[derive(Debug)]
pub enum Chart {
    /// Bars over time.
    Columns(Columns),
    /// A bar for each row.
    Rows(Vec<RowBar>),
}

/// Bars over time.
#[derive(Debug)]
pub struct Columns {
    /// The bars.
    pub bars: Vec<ColumnBar>,
    /// Horizontal lines with their labels.
    pub lines: Vec<Line>,
    /// The width of the longest label beside the lines.
    pub scale_width: usize,
    /// Labels below the bars.
    pub labels: Vec<Label>,
    /// The lower end of the bars.
    pub bottom: u64,
}

/// A bar over time.
#[derive(Debug)]
pub struct ColumnBar {
    /// Its time and value.
    pub title: String,
    /// Left end.
    pub x: String,
    /// Width.
    pub width: String,
    /// Upper end.
    pub y: String,
    /// Height.
    pub height: String,
}

/// A horizontal line.
#[derive(Debug)]
pub struct Line {
    /// Its place.
    pub y: String,
    /// Its value.
    pub label: String,
}

/// A label below a bar.
#[derive(Debug)]
pub struct Label {
    /// Its place.
    pub x: String,
    /// The end of the text at this place: `start`, `middle` or `end`.
    pub anchor: &'static str,
    /// Whether narrow screens have no space for it.
    pub is_extra: bool,
    /// The text.
    pub text: String,
}

/// A bar of a row.
#[derive(Debug)]
pub struct RowBar {
    /// The row's name, shortened.
    pub name: String,
    /// The value.
    pub value: String,
    /// Width.
    pub width: String,
    /// The upper end of the row.
    pub y: usize,
}

/// Bars over time of a column of a table.
pub fn columns(table: &Table, column: usize, unit: &str) -> Option<Chart> {
    let values: Vec<u64> = table.rows.iter().map(|row| cell(row, column)).collect();
    let highest = values.iter().copied().max().filter(|highest| *highest > 0)?;
    let step = line_step(highest);
    let top = highest.div_ceil(step) * step;
    let each = 100.0 / values.len() as f64;
    let pixels = |value: u64| HEIGHT as f64 * value as f64 / top as f64;
    let place = |value: u64| format!("{:.2}", (TOP + HEIGHT) as f64 - pixels(value));
    let names: Vec<&str> = table.rows.iter().map(|row| text(row)).collect();
    let bars = values.iter().zip(&names).enumerate().map(|(at, (value, name))| ColumnBar {
        title: format!("{name}: {} {unit}", grouped(&value.to_string())),
        x: format!("{:.3}", each * (at as f64 + 0.1)),
        width: format!("{:.3}", each * 0.8),
        y: place(*value),
        height: format!("{:.2}", pixels(*value)),
    });
    let lines: Vec<Line> = (1..=top / step)
        .map(|line| Line { y: place(line * step), label: grouped(&(line * step).to_string()) })
        .collect();
    let longest = lines.iter().map(|line| line.label.len()).max().unwrap_or_default();
    Some(Chart::Columns(Columns {
        bars: bars.collect(),
        lines,
        scale_width: longest * DIGIT_WIDTH + 8,
        labels: labels(&names, each),
        bottom: TOP + HEIGHT,
    }))
}

/// The distance of the lines: 1, 2 or 5 times a power of ten, for at most five lines.
fn line_step(highest: u64) -> u64 {
    let mut power = 1u64;
    loop {
        for digit in [1, 2, 5] {
            let step = power.saturating_mul(digit);
            if highest.div_ceil(step) <= 5 {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// At most five labels at equal distances, among them the first and the last time.
fn labels(names: &[&str], each: f64) -> Vec<Label> {
    let count = names.len();
    let shown = count.min(5);
    let place = |n: usize| if shown < 2 { 0 } else { n * (count - 1) / (shown - 1) };
    let label = |n: usize| {
        let at = place(n);
        let (x, anchor) = if shown == 1 {
            (50.0, "middle")
        } else if n == 0 {
            (0.0, "start")
        } else if n + 1 == shown {
            (100.0, "end")
        } else {
            (each * (at as f64 + 0.5), "middle")
        };
        // An hour has no space for its year.
        let text = names.get(at).map(|name| match name.split_once('-') {
            Some((_, hour)) if name.contains(' ') => hour.to_owned(),
            Some(_) | None => (*name).to_owned(),
        });
        let text = text.unwrap_or_default();
        Label { x: format!("{x:.3}"), anchor, is_extra: n % 2 == 1 && n + 1 < shown, text }
    };
    (0..shown).map(label).collect()
}

/// A bar for each of the first rows, by the value in a column.
pub fn rows(table: &Table, column: usize, name: impl Fn(&[Cell]) -> String) -> Option<Chart> {
    let first = table.rows.get(..table.rows.len().min(ROWS)).unwrap_or_default();
    let highest = first.iter().map(|row| cell(row, column)).max().filter(|highest| *highest > 0)?;
    let bars = first.iter().enumerate().map(|(place, row)| {
        let value = cell(row, column);
        RowBar {
            name: shortened(&name(row), NAME_CHARS),
            value: grouped(&value.to_string()),
            width: format!("{:.3}", 100.0 * value as f64 / highest as f64),
            y: place * ROW_HEIGHT,
        }
    });
    Some(Chart::Rows(bars.collect()))
}

/// Height of a row with its bar.
const ROW_HEIGHT: usize = 40;

impl Chart {
    /// The height of a chart of rows.
    pub fn height(bars: &[RowBar]) -> usize {
        bars.len() * ROW_HEIGHT
    }
}

/// The name with at most this many characters.
pub fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
}

fn cell(row: &[Cell], column: usize) -> u64 {
    row.get(column).map_or(0, Cell::count)
}

fn text(row: &[Cell]) -> &str {
    row.first().map_or("", Cell::as_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_round_numbers_and_at_most_five() {
        for (highest, step) in [
            (1, 1),
            (5, 1),
            (6, 2),
            (10, 2),
            (11, 5),
            (26, 10),
            (1_234, 500),
            (u64::MAX, 5e18 as u64),
        ] {
            assert_eq!(line_step(highest), step, "{highest}");
        }
    }

    #[test]
    fn the_first_and_the_last_time_have_a_label() {
        let names = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
        for (count, expected) in [
            (0, vec![]),
            (1, vec!["0"]),
            (2, vec!["0", "1"]),
            (4, vec!["0", "1", "2", "3"]),
            (30, vec!["0", "7", "14", "21", "29"]),
        ] {
            let names = names(count);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let shown: Vec<_> =
                labels(&names, 100.0 / count as f64).into_iter().map(|label| label.text).collect();
            assert_eq!(shown, expected);
        }
    }
}
