// Asks the collector for recommendations. Without feeds in its configuration, or without an answer in time, there are
// none, and the page shows its own.

import { find, products } from "./catalogue.js";
import { account, visitorId } from "./state.js";

const ANSWER_MS = 1_000;
/** More than a box shows, because some are left out: those in the basket, and those that the visitor rejected. */
const ASKED = 20;

async function get(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  return answer.ok ? answer.json() : null;
}

/** Whether the collector has feeds. It would answer 404, which the browser's console shows as an error. */
const hasFeeds = get("/inspector.json").then(
  (answer) => answer?.feeds === true,
  () => false,
);

const PERSONAL = new Set(["recently_viewed", "recently_added_to_cart"]);

/**
 * The products of a feed: `[{ product, links }]`, empty without an answer. Its links are Ibexa's.
 * @param {string} scenario @param {readonly number[]} [context] the products that the visitor looks at
 */
export async function feed(scenario, context = []) {
  const { protocol, customer } = document.documentElement.dataset;
  const url = new URL(`/v1/recommendations/${scenario}`, location.href);
  url.searchParams.set("numrecs", String(ASKED));
  url.searchParams.set("contextitems", context.join(","));
  url.searchParams.set("customerid", customer ?? "");
  // The links need the visitor. A personal feed is for the tracker's own id, which nobody can guess.
  const user = PERSONAL.has(scenario) ? visitorId() : (account.id ?? visitorId());
  if (protocol === "ibexa" || PERSONAL.has(scenario)) url.searchParams.set("userid", user ?? "");
  try {
    const answer = (await hasFeeds) ? await get(url) : null;
    const items = answer?.recommendationItems ?? [];
    return items
      .map(({ itemId, links }) => ({ product: find(itemId), links: protocol === "ibexa" ? links : undefined }))
      .filter(({ product }) => products.includes(product));
  } catch {
    return [];
  }
}
