//! Statistics that may be read at every moment, as often as one likes, and acted upon at any of them.
//!
//! The usual interval for a difference of two rates is right at one moment that was chosen before.
//! A reader who looks at it every day and stops at the first difference is misled far more often
//! than in one of twenty tests. The functions of this module are right at all moments together.

/// The visitors of a variant, and those of them with a counted event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// All visitors.
    pub visitors: u64,
    /// Those who did it.
    pub hits: u64,
}

/// An estimate with its bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// Fewest visitors with and without a hit in each variant. The interval uses the normal
/// distribution, which is wrong for fewer.
const FEWEST: u64 = 10;

/// The number of visitors of both variants at which the interval is narrowest in relation to the
/// usual one. It must not depend on the data.
const NARROWEST: f64 = 10_000.0;

/// Share of all tests with a right split in which [`is_split_wrong`] ever says the opposite.
const FALSE_ALARMS: f64 = 0.01;

/// The weight of the expected split in [`is_split_wrong`], in visitors. It is that of the authors'
/// program: <https://gist.github.com/michaellindon/5ce04c744d20755c3f653fbb58c2f4dd>.
const WEIGHT: f64 = 100.0;

impl Sample {
    /// The share of the visitors who did it.
    pub fn rate(self) -> Option<f64> {
        (self.visitors > 0).then(|| self.hits as f64 / self.visitors as f64)
    }

    fn is_large(self) -> bool {
        self.hits.min(self.visitors.saturating_sub(self.hits)) >= FEWEST
    }

    /// The variance of the rate. One more visitor with and without a hit, so that a rate that is
    /// low by chance does not seem certain (Agresti and Caffo 2000).
    fn variance(self) -> f64 {
        let rate = (self.hits as f64 + 1.0) / (self.visitors as f64 + 2.0);
        rate * (1.0 - rate) / self.visitors as f64
    }
}

/// The difference of two rates. The probability that the true difference is ever outside the
/// bounds, at any of all moments, is at most `error`. `None`: too few visitors.
///
/// This is the asymptotic confidence sequence with Robbins' normal mixture (Waudby-Smith, Arbour,
/// Sinha, Kennedy, Ramdas: Time-uniform central limit theory and asymptotic confidence sequences,
/// Annals of Statistics 2024, <https://arxiv.org/abs/2103.06476>). With other names it is the mixture
/// sequential test of Johari, Koomen, Pekelis, Walsh: Always Valid Inference,
/// <https://arxiv.org/abs/1512.04922>.
pub fn difference(reference: Sample, variant: Sample, error: f64) -> Option<Interval> {
    if !reference.is_large() || !variant.is_large() {
        return None;
    }
    let estimate = variant.rate()? - reference.rate()?;
    let deviation = (reference.variance() + variant.variance()).sqrt();
    let log = -2.0 * error.ln();
    let mixed = (log + (log + 1.0).ln()) / NARROWEST;
    let weight = (reference.visitors + variant.visitors) as f64 * mixed;
    let factor = (2.0 * (weight + 1.0) / weight * ((weight + 1.0).sqrt() / error).ln()).sqrt();
    let margin = deviation * factor;
    Some(Interval { estimate, low: estimate - margin, high: estimate + margin })
}

/// Whether visitors are not distributed over the variants as expected: `counts` has the number of
/// visitors and the expected share of each variant. The shares add up to 1.
///
/// The mixture test for multinomial counts of Lindon and Malek: Anytime-Valid Inference for
/// Multinomial Count Data, NeurIPS 2022, <https://arxiv.org/abs/2011.03567>.
pub fn is_split_wrong(counts: &[(u64, f64)]) -> bool {
    let all: u64 = counts.iter().map(|(visitors, _)| visitors).sum();
    let mut log = ln_gamma(WEIGHT) - ln_gamma(WEIGHT + all as f64);
    for (visitors, share) in counts {
        let (visitors, weight) = (*visitors as f64, WEIGHT * share);
        log += ln_gamma(weight + visitors) - ln_gamma(weight) - visitors * share.ln();
    }
    log >= -FALSE_ALARMS.ln()
}

/// The logarithm of the gamma function for x > 0, by Stirling's series
/// (<https://dlmf.nist.gov/5.11#E1>).
fn ln_gamma(x: f64) -> f64 {
    // The error of the series is below 1e-10 from here on.
    const LEAST: f64 = 12.0;
    let (mut x, mut below) = (x, 0.0);
    while x < LEAST {
        below += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let rest = (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0)) / x;
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + rest - below
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// Each simulated test is read after every one of these days.
    const DAYS: usize = 60;
    const RUNS: u64 = 1_500;
    const ERROR: f64 = 0.05;

    /// SplitMix64 (Steele, Lea, Flood 2014).
    struct Random(u64);

    impl Random {
        /// A number from 0 to below 1.
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = self.0;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        fn is_below(&mut self, share: f64) -> bool {
            self.next() < share
        }
    }

    /// A test of two variants.
    #[derive(Clone, Copy)]
    struct Test {
        /// The rates of the reference and the variant.
        rates: [f64; 2],
        /// The share of visitors who get the variant.
        share: f64,
        /// Visitors a day.
        daily: usize,
    }

    type Look = fn(Sample, Sample) -> Option<(f64, f64)>;

    fn ours(reference: Sample, variant: Sample) -> Option<(f64, f64)> {
        difference(reference, variant, ERROR).map(|interval| (interval.low, interval.high))
    }

    /// The usual interval, which is right at one moment only.
    fn naive(reference: Sample, variant: Sample) -> Option<(f64, f64)> {
        let margin = 1.96 * (reference.variance() + variant.variance()).sqrt();
        let estimate = variant.rate()? - reference.rate()?;
        (reference.is_large() && variant.is_large())
            .then_some((estimate - margin, estimate + margin))
    }

    /// The shares of runs with a day on which the interval is without the true difference, and without
    /// zero.
    fn ever(test: Test, look: Look) -> (f64, f64) {
        let truth = test.rates[1] - test.rates[0];
        let (mut missed, mut alarmed) = (0, 0);
        for seed in 0..RUNS {
            let mut random = Random(seed);
            let mut samples = [Sample { visitors: 0, hits: 0 }; 2];
            let (mut misses, mut alarms) = (false, false);
            for _ in 0..DAYS {
                for _ in 0..test.daily {
                    let variant = usize::from(random.is_below(test.share));
                    samples[variant].visitors += 1;
                    samples[variant].hits += u64::from(random.is_below(test.rates[variant]));
                }
                if let Some((low, high)) = look(samples[0], samples[1]) {
                    misses |= truth < low || truth > high;
                    alarms |= low > 0.0 || high < 0.0;
                }
            }
            missed += u64::from(misses);
            alarmed += u64::from(alarms);
        }
        (missed as f64 / RUNS as f64, alarmed as f64 / RUNS as f64)
    }

    #[test]
    fn equal_variants_give_few_false_alarms_on_all_days_together() {
        for (rate, share, daily) in
            [(0.05, 0.5, 200), (0.2, 0.5, 200), (0.02, 0.5, 300), (0.2, 0.1, 200), (0.5, 0.5, 40)]
        {
            let test = Test { rates: [rate, rate], share, daily };
            let (_, alarmed) = ever(test, ours);
            assert!(alarmed <= ERROR, "{rate} {share} {daily}: {alarmed}");
        }
    }

    /// The simulation finds the fault that this module avoids.
    #[test]
    fn the_usual_interval_gives_many_false_alarms() {
        let test = Test { rates: [0.2, 0.2], share: 0.5, daily: 200 };
        let (_, alarmed) = ever(test, naive);
        assert!(alarmed > 4.0 * ERROR, "{alarmed}");
    }

    #[test]
    fn planted_differences_are_within_the_bounds_on_all_days_and_are_found() {
        for (rates, share, daily) in [
            ([0.05, 0.08], 0.5, 200),
            ([0.2, 0.15], 0.5, 200),
            ([0.02, 0.04], 0.5, 300),
            ([0.2, 0.3], 0.1, 200),
        ] {
            let (missed, found) = ever(Test { rates, share, daily }, ours);
            assert!(missed <= ERROR, "{rates:?} {share}: {missed}");
            assert!(found >= 0.95, "{rates:?} {share}: {found}");
        }
    }

    #[test]
    fn few_visitors_give_no_interval() {
        let of = |visitors, hits| Sample { visitors, hits };
        assert_eq!(difference(of(1000, 9), of(1000, 500), ERROR), None);
        assert_eq!(difference(of(1000, 500), of(1000, 991), ERROR), None);
        assert_eq!(difference(of(0, 0), of(0, 0), ERROR), None);
        assert!(difference(of(1000, 10), of(1000, 990), ERROR).is_some());
        assert_eq!(of(0, 0).rate(), None);
    }

    #[test]
    fn the_interval_is_that_of_the_formula() {
        // Computed in Python from the equation of the paper.
        let of = |visitors, hits| Sample { visitors, hits };
        let interval = difference(of(5000, 250), of(5000, 300), ERROR).unwrap();
        let expected = [0.01, -0.003857096312, 0.023857096312];
        for (value, expected) in
            [interval.estimate, interval.low, interval.high].iter().zip(expected)
        {
            assert!((value - expected).abs() < 1e-9, "{interval:?}");
        }
    }

    /// The share of runs with a day on which the split counts as wrong.
    fn complained(real: &[f64], expected: &[f64], daily: usize) -> f64 {
        let mut complained = 0;
        for seed in 0..RUNS {
            let mut random = Random(seed);
            let mut counts: Vec<(u64, f64)> = expected.iter().map(|share| (0, *share)).collect();
            let wrong = (0..DAYS).any(|_| {
                for _ in 0..daily {
                    let mut at = random.next();
                    let place = real.iter().position(|share| {
                        at -= share;
                        at < 0.0
                    });
                    counts[place.unwrap_or(real.len() - 1)].0 += 1;
                }
                is_split_wrong(&counts)
            });
            complained += u64::from(wrong);
        }
        complained as f64 / RUNS as f64
    }

    #[test]
    fn a_right_split_is_hardly_ever_called_wrong() {
        for split in [&[0.5, 0.5][..], &[0.9, 0.1], &[0.25, 0.25, 0.5]] {
            let complained = complained(split, split, 100);
            assert!(complained <= 0.01, "{split:?}: {complained}");
        }
    }

    #[test]
    fn a_wrong_split_is_found() {
        assert!(complained(&[0.55, 0.45], &[0.5, 0.5], 100) >= 0.99);
        assert!(complained(&[0.85, 0.15], &[0.9, 0.1], 100) >= 0.99);
        assert!(complained(&[0.30, 0.35, 0.35], &[1.0 / 3.0; 3], 100) >= 0.95);
        // A variant that nobody gets.
        assert!(is_split_wrong(&[(40, 0.5), (0, 0.5)]));
        assert!(!is_split_wrong(&[(0, 0.5), (0, 0.5)]));
    }

    #[test]
    fn the_logarithm_of_the_gamma_function() {
        let mut factorial = 0.0;
        for n in 1..200 {
            assert!((ln_gamma(f64::from(n)) - factorial).abs() < 1e-10 * (1.0 + factorial), "{n}");
            factorial += f64::from(n).ln();
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-10);
    }
}
