// The comparison of variants, computed a second time from rows. docs/variants.md defines it. Nothing here uses the
// collector's code or SQL.

import { compare, groups } from "./lists.mjs";

const DAY = 86_400_000;
const ERROR = 0.05;
const FEWEST = 10;

const key = (...names) => JSON.stringify(names);

/** The visitors of each scenario, with what they did within a day. */
function visitorsOf(rows, now) {
  const all = rows
    .map((row) => ({ ...row, time: Math.min(row.at, row.receivedAt) }))
    .filter(({ visitor, time }) => visitor && time < now);
  const bought = groups(
    all.filter(({ type }) => type === "buy"),
    ({ customer, visitor }) => key(customer, visitor),
  );
  const boxes = all.filter(
    ({ type, scenario }) => (type === "rendered" || type === "clickRecommended") && scenario !== undefined,
  );
  const visits = groups(boxes, ({ customer, scenario, visitor }) => key(customer, scenario, visitor));
  return [...visits.values()].flatMap((events) => {
    const named = events.filter(({ variant }) => variant !== undefined);
    if (named.length === 0) return [];
    const { customer, scenario, visitor } = named[0];
    const since = Math.min(...named.map(({ time }) => time));
    const within = ({ time }) => time >= since && time < since + DAY;
    const first = named.filter(({ time }) => time === since).map(({ variant }) => variant);
    return {
      customer,
      scenario,
      variant: first.sort(compare)[0],
      changed: new Set(named.map(({ variant }) => variant)).size > 1,
      counted: since + DAY <= now,
      clicked: events.some((event) => event.type === "clickRecommended" && within(event)),
      bought: (bought.get(key(customer, visitor)) ?? []).some(within),
    };
  });
}

/** The logarithm of the gamma function for x > 0 (Lanczos, g = 7). */
function lnGamma(x) {
  const terms = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ];
  const sum = terms.reduce((total, term, place) => total + term / (x + place), 0.9999999999998099);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Lindon and Malek's test with 100 visitors as the weight of the expected split. */
function isSplitWrong(counts) {
  const all = counts.reduce((sum, { visitors }) => sum + visitors, 0);
  let log = lnGamma(100) - lnGamma(100 + all);
  for (const { visitors, share } of counts)
    log += lnGamma(100 * share + visitors) - lnGamma(100 * share) - visitors * Math.log(share);
  return log >= Math.log(100);
}

/** The difference of two rates with the bounds that hold at all moments, or nothing. */
function difference(reference, variant, error) {
  const isLarge = ({ counted, hits }) => hits >= FEWEST && counted - hits >= FEWEST;
  if (!isLarge(reference) || !isLarge(variant)) return null;
  const variance = ({ counted, hits }) => {
    const rate = (hits + 1) / (counted + 2);
    return (rate * (1 - rate)) / counted;
  };
  const rho = (-2 * Math.log(error) + Math.log(1 - 2 * Math.log(error))) / 10_000;
  const t = (reference.counted + variant.counted) * rho;
  const factor = Math.sqrt(((2 * (t + 1)) / t) * Math.log(Math.sqrt(t + 1) / error));
  const margin = Math.sqrt(variance(reference) + variance(variant)) * factor;
  const middle = variant.hits / variant.counted - reference.hits / reference.counted;
  return { middle, low: middle - margin, high: middle + margin };
}

/** A share in percent with two decimals. A half is rounded away from zero, and there is no -0. */
function points(share) {
  if (share === null || share === undefined) return null;
  return (Math.sign(share) * Math.round(Math.abs(share) * 10_000)) / 100 || 0;
}

function verdict(isReference, bounds) {
  if (isReference) return "reference";
  if (!bounds) return "tooFew";
  return bounds.low > 0 ? "higher" : bounds.high < 0 ? "lower" : "open";
}

/** The rows of a scenario. `plan`: `{ reference, weights }` of its table `[[variants]]`. */
function rowsOf(visitors, plan) {
  const { customer, scenario } = visitors[0];
  const seen = groups(visitors, ({ variant }) => variant);
  const weights = plan?.weights ?? Object.fromEntries([...seen.keys()].map((name) => [name, 1]));
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  const names = Object.keys(weights).sort(compare);
  const reference = plan?.reference ?? names[0];
  const count = (list, name) => list.filter((one) => one[name]).length;
  const variants = [reference, ...names.filter((name) => name !== reference)].map((variant) => {
    const all = seen.get(variant) ?? [];
    const counted = all.filter((one) => one.counted);
    return {
      variant,
      share: weights[variant] / sum,
      visitors: all.length,
      changed: count(all, "changed"),
      counted: counted.length,
      clicked: count(counted, "clicked"),
      bought: count(counted, "bought"),
    };
  });
  const error = ERROR / Math.max(1, variants.length - 1);
  const common = {
    customer,
    scenario,
    splitWrong: isSplitWrong(variants),
    others: visitors.length - variants.reduce((total, one) => total + one.visitors, 0),
  };
  return ["clicked", "bought"].flatMap((outcome) => {
    const sample = (one) => ({ counted: one.counted, hits: one[outcome] });
    return variants.map((one) => {
      const isReference = one.variant === reference;
      const bounds = isReference ? null : difference(sample(variants[0]), sample(one), error);
      return {
        ...common,
        outcome,
        variant: one.variant,
        visitors: one.visitors,
        changed: one.changed,
        expectedPercent: points(one.share),
        counted: one.counted,
        outcomeVisitors: one[outcome],
        percent: one.counted ? points(one[outcome] / one.counted) : null,
        difference: points(bounds?.middle),
        low: points(bounds?.low),
        high: points(bounds?.high),
        verdict: verdict(isReference, bounds),
      };
    });
  });
}

/** The table of variants of these rows at a time. `plans` has the plans by scenario. */
export function variants(rows, now, plans = {}) {
  const scenarios = groups(visitorsOf(rows, now), ({ customer, scenario }) => key(customer, scenario));
  return [...scenarios.values()]
    .sort(([a], [b]) => compare(a.customer, b.customer) || compare(a.scenario, b.scenario))
    .flatMap((visitors) => rowsOf(visitors, plans[visitors[0].scenario]));
}
