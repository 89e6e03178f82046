// What is told: to the module, by `tell([number, ...])`, and by the module to the façade.

/** The timer has run out; */
export const WAKE = 0;
/** the page is hidden, or going; seen (again); */
export const HIDDEN = 1;
export const SHOWN = 2;
/** the network is there, is gone; */
export const ONLINE = 3;
export const OFFLINE = 4;
/** the visitor did something; */
export const ACT = 5;
/** what became of a request: its number, an HTTP status or one of those below, `Retry-After` in seconds; */
export const OUTCOME = 6;
/** a content security policy forbids a request: its number; */
export const BLOCKED = 7;
/** a batch's request has ended: `<stream>.<seq>`, and the HTTP status, or 0 where the browser does not say; */
export const FINISHED = 8;
/** batches that the collector has, by cookies: `<stream>.<seq>` each; */
export const ACKNOWLEDGED = 9;
/** the outbox of an instance as it is now: the instance, then keys and values in turn. */
export const OUTBOX_FOUND = 10;

/** Outcomes that are no status: an answer that cannot be read, none, and none because of a policy. A redirect that was not followed is 0. */
export const OPAQUE = -1;
export const NONE = -2;
export const FORBIDDEN = -3;

/** Characters of a response that a warning repeats. */
const LONGEST_RESPONSE_TEXT = 300;

/** The text of the response that the module is being told of. */
let responseText = "";

/** Runs something; the warnings that it causes quote the text of this response. */
export const withResponseText = (words, deed) => {
  responseText = words && `: ${words.slice(0, LONGEST_RESPONSE_TEXT)}`;
  deed();
  responseText = "";
};

/** What the façade hears of: that nothing is under way, */
export const settled = (sink) => sink("settled");

/** a problem, */
export const warn = (sink, code, field, detail) =>
  sink("warning", { code, field, message: `${field} ${detail}${code === "refused" ? responseText : ""}` });

/** and what became of events: by which transport a request went, or why there was none. */
export const notify = (sink, news, destination, events, how, url, bytes) =>
  sink(
    news,
    url === undefined ? { destination, events, code: how } : { destination, events, url, bytes, transport: how },
  );
