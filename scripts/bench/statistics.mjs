// Medians and spreads of the values of several rounds.

/**
 * Returns the middle value, or the lower one of the two in the middle: each median is a measured value.
 * @param {number[]} values
 */
export const median = (values) => [...values].sort((one, other) => one - other)[(values.length - 1) >> 1];

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
