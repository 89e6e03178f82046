// What earlier pages of this site could not finish: their parked calls, and raw batches that nobody has acknowledged.

import { clock } from "../../src/browser/host/env.js";
import { LOST } from "./park.js";
import { forget, resend, take } from "./resume.js";

/** Counts calls that are lost, by the reason. `run` carries out a call. */
export const lose = (run, lost) => {
  for (const [code, count] of Object.entries(lost)) if (count > 0) run(LOST, [count, code], 0);
};

/**
 * Does it where `consent` lets this page do it: what waits for consent stays where it is. `user` returns the account that this page has named.
 * `verbs` are the calls about the visitor: the npm entry has their names already.
 */
export async function recoverEarlierPages(settings, consent, verbs, run, user) {
  if (consent === "denied" || consent === "anonymous") forget();
  if (consent !== "granted") return;
  lose(run, { damaged: resend(settings, run) });
  await take(settings, verbs, (pages) => replay(pages, run, user));
}

/** Carries out the calls, each as the account that its page was made for; afterwards it is this page's account again. */
function replay(pages, run, user) {
  const identify = (user, at) =>
    user !== undefined && run(...(user === null ? ["logout", [], at] : ["login", [user], at]));
  for (const { userId, calls, at, lost } of pages) {
    if (calls.length) identify(userId, at);
    for (const call of calls) run(...call);
    lose(run, lost);
  }
  // What this page has said itself comes after what it found.
  if (pages.length) identify(user(), clock());
}
