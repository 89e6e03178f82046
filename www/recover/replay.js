// Finishes the work of earlier pages: parked calls, and unacknowledged raw batches.

import { clock } from "../../src/browser/host/env.js";
import { LOST } from "./park.js";
import { resend, take } from "./resume.js";

/** Counts lost calls by reason. `run` executes a call. */
export const lose = (run, lost) => {
  for (const [code, count] of Object.entries(lost)) if (count > 0) run(LOST, [count, code], 0);
};

/**
 * Recovers earlier pages if `consent` allows it. While consent is pending, everything stays stored; the engine deletes it if consent is denied or
 * anonymous. `user` returns the
 * account that this page has named. `verbs` are the calls about the visitor; the npm entry has their names already.
 */
export async function recoverEarlierPages(settings, consent, verbs, run, user) {
  if (consent !== "granted") return;
  lose(run, { damaged: resend(settings, run) });
  await take(settings, verbs, (pages) => replay(pages, run, user));
}

/** Executes the calls, each with the account of its page. Afterwards this page's account applies again. */
function replay(pages, run, user) {
  const identify = (user, at) =>
    user !== undefined && run(...(user === null ? ["logout", [], at] : ["login", [user], at]));
  for (const { userId, calls, at, lost } of pages) {
    if (calls.length) identify(userId, at);
    for (const call of calls) run(...call);
    lose(run, lost);
  }
  // This page's own account follows the recovered calls.
  if (pages.length) identify(user(), clock());
}
