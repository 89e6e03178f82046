// Medians and spreads of the values of several rounds.

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Summarises the values of all rounds. A missing value is left out; without any value the result is undefined.
 * @param {(number | undefined)[]} values
 */
export function summary(values) {
  const measured = values.filter((value) => value !== undefined);
  if (measured.length === 0) return undefined;
  return {
    median: median(measured),
    least: Math.min(...measured),
    most: Math.max(...measured),
    rounds: measured.length,
  };
}

/**
 * Returns the list in the order of a round: each round begins with another element.
 * @template T
 * @param {T[]} list
 * @param {number} round
 * @returns {T[]}
 */
export const rotated = (list, round) => [...list.slice(round % list.length), ...list.slice(0, round % list.length)];
