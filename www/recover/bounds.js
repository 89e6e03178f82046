// The storage keys and limits of parked calls, for park.js, resume.js and the stub. The build inserts the numbers into
// the stub.

/** The prefix of the keys for parked calls, one key for each page. */
export const PARKED = "reco_q";
/** With more keys than this in localStorage nothing is parked. */
export const MOST_KEYS = 999;
/** Most characters of one page's parked calls. */
export const MOST_OF_A_PAGE = 1_200_000;
/** Most characters of all pages' parked calls. If the tracker itself is blocked, each page leaves some. */
export const MOST_OF_ALL = 300_000;
/** A longer text was not written by the tracker: a page's calls, and the marks of dropped ones. */
export const LONGEST_TEXT = 2_000_000;
