// Messages from the module to the façade. The messages in the other direction, sent by `tell([code, ...])`, are in
// codes.gen.js.

import { NEWS_SETTLED, NEWS_WARNING } from "./codes.gen.js";

/** Most characters of a response that a warning quotes. */
const LONGEST_RESPONSE_TEXT = 300;

/** The text of the response that is being passed to the module. */
let responseText = "";

/** Runs a function. Warnings that it causes quote this response text. */
export const withResponseText = (words, callback) => {
  responseText = words && `: ${words.slice(0, LONGEST_RESPONSE_TEXT).trim()}`;
  callback();
  responseText = "";
};

/** No request is pending. */
export const settled = (sink) => sink(NEWS_SETTLED);

/** Reports a problem. */
export const warn = (sink, code, field, detail) =>
  sink(NEWS_WARNING, { code, field, message: `${field} ${detail}${code === "refused" ? responseText : ""}` });

/** Reports the outcome of events: the transport of their request, or the reason of the loss. */
export const notify = (sink, news, destination, events, how, url, bytes) =>
  sink(
    news,
    url === undefined ? { destination, events, code: how } : { destination, events, url, bytes, transport: how },
  );
