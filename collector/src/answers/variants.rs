//! The comparison of the variants in which recommendations are shown.
//!
//! The unit is the visitor and not the view. Views of one visitor depend on each other: somebody
//! who never clicks is the same person at every view. Counted as independent, they would make the
//! bounds too narrow, and the variants would seem to differ.
//!
//! A visitor belongs to the first variant that they saw, whatever they see later, and counts once a
//! day has passed since. So what is known of a counted visitor does not change any more, as the
//! statistics require, unless an event arrives later than that. Visitors who change the variant, or
//! who return after a day, cannot favour one of them.

use super::sequential::{Sample, difference, is_split_wrong};
use crate::config::variants::Plans;
use crate::store::Period;
use crate::store::db::{self, Connection};
use crate::store::variants::{Seen, seen};
use serde::Serialize;
use std::collections::BTreeMap;

/// The probability that any of a comparison's intervals of clicks is ever wrong, and the same for
/// purchases.
const ERROR: f64 = 0.05;

/// The comparisons of all scenarios.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparisons {
    /// By customer and scenario.
    pub comparisons: Vec<Comparison>,
    /// The variants that were left out because there are too many.
    #[serde(skip_serializing_if = "is_none")]
    pub left_out: u64,
    /// The scenarios of plans of which no visitor saw a variant. Unknown, and therefore none, if
    /// variants were left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

fn is_none(number: &u64) -> bool {
    *number == 0
}

/// A scenario with its variants.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The customer of the events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The scenario.
    pub scenario: String,
    /// Whether the visitors are not distributed as expected. The test is then of no use.
    pub split_wrong: bool,
    /// Visitors of variants that the plan does not have.
    pub others: u64,
    /// The variants. The first one is the reference.
    pub variants: Vec<Variant>,
}

/// A variant of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    /// Its name.
    pub variant: String,
    /// The visitors who first saw this variant.
    pub visitors: u64,
    /// Those who saw another variant later.
    pub changed: u64,
    /// The expected share of the visitors.
    pub expected_share: f64,
    /// The visitors who are compared: a day has passed since.
    pub counted: u64,
    /// Those who clicked a recommendation.
    pub clicked: Outcome,
    /// Those who bought something.
    pub bought: Outcome,
}

/// The visitors of a variant who did something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Their number.
    pub visitors: u64,
    /// Their share of the counted visitors.
    pub rate: Option<f64>,
    /// The rate minus that of the reference.
    pub difference: Option<f64>,
    /// The lower bound of the difference.
    pub low: Option<f64>,
    /// The upper bound of the difference.
    pub high: Option<f64>,
    /// The meaning of the bounds.
    pub verdict: Verdict,
}

/// The decision that the bounds permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// This is the reference.
    Reference,
    /// There are too few visitors for bounds.
    TooFew,
    /// The rate can be higher or lower than that of the reference.
    Open,
    /// The rate is higher than that of the reference.
    Higher,
    /// The rate is lower than that of the reference.
    Lower,
}

impl Verdict {
    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::TooFew => "tooFew",
            Self::Open => "open",
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }
}

/// Compares the variants of each scenario.
///
/// The bounds hold at all moments together as long as `period.from` stays the same.
///
/// # Errors
/// The database does not answer.
pub fn comparisons(
    connection: &Connection,
    period: &Period,
    plans: &Plans,
) -> db::Result<Comparisons> {
    let (seen, left_out) = seen(connection, period)?;
    let is_seen = |scenario: &String| seen.iter().any(|one| one.scenario == *scenario);
    let unseen = plans.keys().filter(|scenario| left_out == 0 && !is_seen(scenario));
    let unseen = unseen.cloned().collect();
    let same =
        |one: &Seen, other: &Seen| one.customer == other.customer && one.scenario == other.scenario;
    let comparisons = seen.chunk_by(same).filter_map(|seen| compare(seen, plans)).collect();
    Ok(Comparisons { comparisons, left_out, unseen })
}

/// Compares the variants of one scenario.
fn compare(seen: &[Seen], plans: &Plans) -> Option<Comparison> {
    let of = seen.first()?;
    let plan = plans.get(&of.scenario);
    let mut shares: BTreeMap<&str, f64> = match plan {
        Some(plan) => plan.weights.iter().map(|(name, weight)| (name.as_str(), *weight)).collect(),
        None => seen.iter().map(|one| (one.variant.as_str(), 1.0)).collect(),
    };
    let sum: f64 = shares.values().sum();
    shares.values_mut().for_each(|share| *share /= sum);
    let (mut variants, mut others) = (Vec::new(), 0);
    for one in seen {
        match shares.remove(one.variant.as_str()) {
            Some(share) => variants.push((one.clone(), share)),
            None => others += one.visitors,
        }
    }
    // A planned variant that nobody saw is a wrong split.
    for (name, share) in shares {
        let (visitors, changed, counted, clicked, bought) = (0, 0, 0, 0, 0);
        let variant = name.to_owned();
        let none = Seen { variant, visitors, changed, counted, clicked, bought, ..of.clone() };
        variants.push((none, share));
    }
    variants.sort_by(|(one, _), (other, _)| one.variant.cmp(&other.variant));
    let reference = plan.and_then(|plan| plan.reference.as_ref());
    let place = variants.iter().position(|(one, _)| Some(&one.variant) == reference);
    variants.get_mut(..=place.unwrap_or_default())?.rotate_right(1);
    let (reference, _) = variants.first()?.clone();
    let counts: Vec<_> = variants.iter().map(|(one, share)| (one.visitors, *share)).collect();
    // Several variants have several chances of a false alarm (Bonferroni).
    let error = ERROR / variants.len().saturating_sub(1).max(1) as f64;
    let outcome = |one: &Seen, hits: fn(&Seen) -> u64| {
        let sample = |one: &Seen| Sample { visitors: one.counted, hits: hits(one) };
        let versus = (one.variant != reference.variant).then(|| sample(&reference));
        Outcome::new(sample(one), versus, error)
    };
    let variant = |(one, expected_share): &(Seen, f64)| Variant {
        clicked: outcome(one, |seen| seen.clicked),
        bought: outcome(one, |seen| seen.bought),
        variant: one.variant.clone(),
        visitors: one.visitors,
        changed: one.changed,
        expected_share: *expected_share,
        counted: one.counted,
    };
    Some(Comparison {
        customer: of.customer.clone(),
        scenario: of.scenario.clone(),
        split_wrong: is_split_wrong(&counts),
        others,
        variants: variants.iter().map(variant).collect(),
    })
}

impl Outcome {
    /// The outcome of a variant, compared with the reference's unless it is the reference.
    fn new(sample: Sample, reference: Option<Sample>, error: f64) -> Self {
        let interval = reference.and_then(|reference| difference(reference, sample, error));
        let verdict = match (reference, interval) {
            (None, _) => Verdict::Reference,
            (Some(_), None) => Verdict::TooFew,
            (Some(_), Some(interval)) if interval.low > 0.0 => Verdict::Higher,
            (Some(_), Some(interval)) if interval.high < 0.0 => Verdict::Lower,
            (Some(_), Some(_)) => Verdict::Open,
        };
        Self {
            visitors: sample.hits,
            rate: sample.rate(),
            difference: interval.map(|interval| interval.estimate),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            verdict,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::config::variants::Plan;

    fn seen(variant: &str, visitors: u64, clicked: u64) -> Seen {
        Seen {
            customer: None,
            scenario: "also_bought".to_owned(),
            variant: variant.to_owned(),
            visitors: visitors + 3,
            changed: 1,
            counted: visitors,
            clicked,
            bought: 0,
        }
    }

    fn plans(reference: Option<&str>, weights: &[(&str, f64)]) -> Plans {
        let weights = weights.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
        let (place, reference) = (String::new(), reference.map(str::to_owned));
        let plan = Plan { place, reference, weights };
        Plans::from([("also_bought".to_owned(), plan)])
    }

    /// The verdicts of the variants about clicks, in their order.
    fn verdicts(comparison: &Comparison) -> Vec<(&str, Verdict)> {
        let verdict = |one: &'_ Variant| one.clicked.verdict;
        comparison.variants.iter().map(|one| (one.variant.as_str(), verdict(one))).collect()
    }

    #[test]
    fn the_first_variant_is_the_reference_unless_the_plan_names_another() {
        let all = [seen("A", 5_000, 500), seen("B", 5_000, 700), seen("C", 5_000, 510)];
        let comparison = compare(&all, &Plans::new()).unwrap();
        let expected = [("A", Verdict::Reference), ("B", Verdict::Higher), ("C", Verdict::Open)];
        assert_eq!(verdicts(&comparison), expected);
        assert!(!comparison.split_wrong);
        let plans = plans(Some("B"), &[("A", 1.0), ("B", 1.0), ("C", 1.0)]);
        let comparison = compare(&all, &plans).unwrap();
        let expected = [("B", Verdict::Reference), ("A", Verdict::Lower), ("C", Verdict::Lower)];
        assert_eq!(verdicts(&comparison), expected);
        assert!(comparison.variants.iter().all(|one| one.bought.difference.is_none()));
    }

    #[test]
    fn more_variants_have_wider_bounds() {
        let width = |all: &[Seen]| {
            let comparison = compare(all, &Plans::new()).unwrap();
            let clicked = &comparison.variants[1].clicked;
            clicked.high.unwrap() - clicked.low.unwrap()
        };
        let all = [seen("A", 5_000, 500), seen("B", 5_000, 700), seen("C", 5_000, 510)];
        assert!(width(&all) > width(&all[..2]));
    }

    #[test]
    fn a_plan_has_the_expected_split_and_leaves_out_other_variants() {
        let all = [seen("new", 1_000, 100), seen("old", 9_000, 900), seen("test", 5, 5)];
        let comparison = compare(&all, &Plans::new()).unwrap();
        assert!(comparison.split_wrong);
        let weights = [("old", 90.0), ("new", 10.0)];
        let comparison = compare(&all, &plans(Some("old"), &weights)).unwrap();
        assert!(!comparison.split_wrong);
        assert_eq!(comparison.others, 8);
        assert_eq!(verdicts(&comparison), [("old", Verdict::Reference), ("new", Verdict::Open)]);
        let shares: Vec<f64> = comparison.variants.iter().map(|one| one.expected_share).collect();
        assert_eq!(shares, [0.9, 0.1]);
    }

    #[test]
    fn a_planned_variant_that_nobody_saw_is_listed() {
        let weights = [("A", 1.0), ("B", 1.0)];
        let comparison = compare(&[seen("A", 500, 50)], &plans(None, &weights)).unwrap();
        assert!(comparison.split_wrong);
        assert_eq!(verdicts(&comparison), [("A", Verdict::Reference), ("B", Verdict::TooFew)]);
        assert_eq!(comparison.variants[1].visitors, 0);
    }

    #[test]
    fn one_variant_is_compared_with_nothing() {
        let comparison = compare(&[seen("A", 500, 50)], &Plans::new()).unwrap();
        assert_eq!(verdicts(&comparison), [("A", Verdict::Reference)]);
        assert_eq!(comparison.variants[0].clicked.rate, Some(0.1));
        assert!(!comparison.split_wrong);
    }
}
