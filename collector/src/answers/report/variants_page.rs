//! The comparison of variants in the page: a table for each scenario.

use super::page::{Group, ROWS, Section, Shown, grouped};
use super::table::Cell;
use super::variants::points;
use super::{Report, VARIANTS};
use crate::answers::variants::{Comparison, Outcome, Variant, Verdict};

/// Scenarios that the page shows. The CSV file has all of them.
const SCENARIOS: usize = 20;
/// Variants that the warning of a wrong split names.
const SPLIT: usize = 10;

const NOTE: &str = "Over all stored time and not over the period above, because a period that moves \
    permits no conclusion. A visitor belongs to the first variant that they saw, and is counted a day \
    later. The bounds hold at all moments together, so you may look every day. Decide before the test \
    whether clicks or purchases count. For a test that is younger than the stored events, ask \
    /v1/variants with its start.";

/// The headings, and whether their columns have numbers.
const HEADINGS: [(&str, bool); 8] = [
    ("Outcome", false),
    ("Variant", false),
    ("Visitors", true),
    ("Counted", true),
    ("With the outcome", true),
    ("Rate (%)", true),
    ("Difference and bounds (% points)", true),
    ("Verdict", false),
];

/// The section of the page, unless no event and no plan has a variant.
pub fn group(report: &Report) -> Option<Group> {
    let Some(all) = &report.comparisons else {
        let (warnings, sections) = (Vec::new(), Vec::new());
        return Some(Group { heading: "Variants", note: "", warnings, is_slow: true, sections });
    };
    if all.comparisons.is_empty() && all.unseen.is_empty() {
        return None;
    }
    let warnings = all.unseen.iter().map(|scenario| {
        format!(
            "No visitor saw a variant of the scenario {:?}, which [[variants]] of the configuration \
             names. Before the test begins, this is right. Otherwise compare the spelling there and in \
             the pages.",
            Shown::shortened(scenario)
        )
    });
    let warnings = warnings.collect();
    let mut shown: Vec<&Comparison> = all.comparisons.iter().collect();
    let visitors = |of: &Comparison| of.variants.iter().map(|one| one.visitors).sum::<u64>();
    // Anybody can invent scenarios, so those with the most visitors come first.
    shown.sort_by_key(|of| std::cmp::Reverse(visitors(of)));
    let hidden = shown.len().saturating_sub(SCENARIOS);
    shown.truncate(SCENARIOS);
    let mut sections: Vec<Section> = shown.iter().enumerate().map(section).collect();
    if let Some(last) = sections.last_mut() {
        end(last, hidden, all.left_out);
    }
    Some(Group { heading: "Variants", note: NOTE, warnings, is_slow: false, sections })
}

/// Adds the file, and what the page does not show, to the last section.
fn end(last: &mut Section, hidden: usize, left_out: u64) {
    last.has_file = true;
    let mut more: Vec<String> = last.more.take().into_iter().collect();
    if hidden > 0 {
        more.push(format!("{} more scenarios are in the CSV file.", grouped(&hidden.to_string())));
    }
    if left_out > 0 {
        let left_out = grouped(&left_out.to_string());
        more.push(format!(
            "{left_out} variants of the scenarios with the fewest visitors are in no file: there are \
             too many."
        ));
    }
    last.more = (!more.is_empty()).then(|| more.join(" "));
}

fn section((place, of): (usize, &&Comparison)) -> Section {
    let clicked = of.variants.iter().map(|one| row("Clicked", one, &one.clicked));
    let bought = of.variants.iter().map(|one| row("Bought", one, &one.bought));
    let rows: Vec<_> = clicked.chain(bought).collect();
    let hidden = rows.len().saturating_sub(ROWS);
    let mut name = Shown::shortened(&of.scenario);
    if let Some(customer) = &of.customer {
        name = format!("{name} ({})", Shown::shortened(customer));
    }
    let mut warnings = Vec::new();
    if of.split_wrong {
        let all: u64 = of.variants.iter().map(|one| one.visitors).sum();
        let shares = of.variants.iter().map(|one| {
            let share = Shown::number(&Cell::Share(one.visitors, all));
            let expected = Shown::number(&points(Some(one.expected_share)));
            format!("{} has {share} % instead of {expected} %", Shown::shortened(&one.variant))
        });
        warnings.push(format!(
            "The split is wrong, so the rates cannot be compared: {} of the visitors. Find the cause, \
             then begin a new test.",
            shares.take(SPLIT).collect::<Vec<_>>().join(", ")
        ));
    }
    if of.others > 0 {
        let others = grouped(&of.others.to_string());
        warnings.push(format!("Visitors of variants that the plan does not have: {others}."));
    }
    Section {
        id: format!("{VARIANTS}-{}", place + 1),
        name: VARIANTS,
        caption: format!("Variants of {name}"),
        heading: name,
        note: "",
        warnings,
        chart: None,
        is_wide: true,
        is_long: false,
        has_file: false,
        headings: HEADINGS.to_vec(),
        rows: rows.into_iter().take(ROWS).collect(),
        more: (hidden > 0).then(|| format!("{hidden} more rows are in the CSV file.")),
    }
}

fn row(name: &str, variant: &Variant, outcome: &Outcome) -> Vec<Shown> {
    let text = |text: &str| vec![Shown::shortened(text)];
    let number = |cell: Cell| vec![Shown::number(&cell)];
    let difference = match (outcome.difference, outcome.low, outcome.high) {
        (Some(difference), Some(low), Some(high)) => {
            let [difference, low, high] =
                [difference, low, high].map(|share| Shown::number(&points(Some(share))));
            vec![difference, format!("{low} to {high}")]
        }
        _ => vec![Shown::number(&Cell::Points(None))],
    };
    let verdict = match outcome.verdict {
        Verdict::Reference => "Reference",
        Verdict::TooFew => "Too few visitors to tell",
        Verdict::Open => "Not known yet",
        Verdict::Higher => "Higher than the reference",
        Verdict::Lower => "Lower than the reference",
    };
    let cells = [
        text(name),
        text(&variant.variant),
        number(Cell::Count(variant.visitors)),
        number(Cell::Count(variant.counted)),
        number(Cell::Count(outcome.visitors)),
        number(Cell::Share(outcome.visitors, variant.counted)),
        difference,
        vec![verdict.to_owned()],
    ];
    let shown = |((heading, is_number), lines)| Shown { heading, is_number, lines };
    HEADINGS.into_iter().zip(cells).map(shown).collect()
}
