// Messages from the module to the façade. codes.gen.js has those from the page to the module, which `tell([code, ...])` sends.

import { NEWS_SETTLED, NEWS_WARNING } from "./codes.gen.js";

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

/** Nothing is under way. */
export const settled = (sink) => sink(NEWS_SETTLED);

/** A problem. */
export const warn = (sink, code, field, detail) =>
  sink(NEWS_WARNING, { code, field, message: `${field} ${detail}${code === "refused" ? responseText : ""}` });

/** The outcome of events: the transport of their request, or why there was none. */
export const notify = (sink, news, destination, events, how, url, bytes) =>
  sink(
    news,
    url === undefined ? { destination, events, code: how } : { destination, events, url, bytes, transport: how },
  );
