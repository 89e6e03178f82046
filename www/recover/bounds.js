// Where calls are parked, and how much of them: for park.js, resume.js and the stub, in which the build puts the numbers.

/** What keys begin with under which calls are parked: a key for each page. */
export const PARKED = "reco_q";
/** Among more keys than these nothing is kept. */
export const MOST_KEYS = 999;
/** Characters of one page's calls that are parked. */
export const MOST_OF_A_PAGE = 1_200_000;
/** Characters that pages may leave together; where the tracker itself is blocked, each of them leaves some. */
export const MOST_OF_ALL = 300_000;
/** What is longer was not written by us, in characters: a page's calls, and what stands for those that were left out. */
export const LONGEST_TEXT = 2_000_000;
