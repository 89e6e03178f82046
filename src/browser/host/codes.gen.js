// The codes of the module's boundary, from src/browser/codes.rs. Written by `npm run generate`.

// Messages from the page to the module: the first number in the list for `happened`, and the values after it.

/** The module's timer has fired. */
export const WAKE = 0;

/** The page is hidden, or about to be left. */
export const HIDDEN = 1;

/** The page is visible, or visible again. */
export const SHOWN = 2;

/** The network is available. */
export const ONLINE = 3;

/** The network is not available. */
export const OFFLINE = 4;

/** The visitor is active. */
export const ACT = 5;

/** The outcome of a request: its number, an HTTP status or one of `Status`, `Retry-After` in seconds. */
export const OUTCOME = 6;

/** A content security policy forbids a request: its number. */
export const BLOCKED = 7;

/** A batch's request has ended: `<stream>.<seq>`, and the HTTP status, or 0 if the browser does not report it. */
export const FINISHED = 8;

/** Batches that the collector has acknowledged by cookies: `<stream>.<seq>` each. */
export const ACKNOWLEDGED = 9;

/** The present outbox of an instance: the instance, then keys and values in turn. */
export const OUTBOX_FOUND = 10;

// Outcomes of a request without an HTTP status. A redirect that was not followed is 0.

/** There is a response that the page may not read. */
export const OPAQUE = -1;

/** There is no response. */
export const NONE = -2;

/** There is no response, because a policy forbids the request. */
export const FORBIDDEN = -3;

// The type of a value in the list of numbers that `flatten` makes.

/** Nothing. */
export const NULL = 0;

/** 0 or 1 follows. */
export const BOOL = 1;

/** The number follows. */
export const NUMBER = 2;

/** The number of characters and the characters follow. */
export const TEXT = 3;

/** The number of elements and the elements follow. */
export const LIST = 4;

/** The number of fields follows, then a text and a value for each field. */
export const MAP = 5;

/** A value that is not read. */
export const UNREAD = 6;

// The browser's signals at the start, one bit each.

/** Global Privacy Control. */
export const GPC = 1;

/** Do Not Track. */
export const DNT = 2;

/** The network is available. */
export const IS_ONLINE = 4;

/** The page is visible. */
export const IS_VISIBLE = 8;

/** The browser has `fetchLater`. */
export const HAS_FETCH_LATER = 16;

// Messages from the module to the façade. Except `settled`, a tracker's listeners use the same names.
export const NEWS_SETTLED = "settled";
export const NEWS_WARNING = "warning";
export const NEWS_SENT = "sent";
export const NEWS_ACKNOWLEDGED = "acknowledged";
export const NEWS_DROPPED = "dropped";

/** A call's arguments may have as many characters and values as this many of the longest texts. */
export const MOST_TEXTS = 30;
