// Whether there is a page, and whether somebody sees it.

/** How long a page waits for the next one, before a file that did not come counts as missing. */
const STAYS_MS = 2000;

/**
 * In Node a page is rendered for many visitors: nothing may happen there. jsdom in Jest has a document, but neither `fetch` nor the
 * `TextDecoder` that the module needs: https://github.com/jsdom/jsdom/issues/1724, https://github.com/jsdom/jsdom/issues/2524
 */
export const inPage = () => ![typeof document, typeof fetch, typeof TextDecoder].includes("undefined");

/** A page that is only being prepared may never be seen. */
export async function activated() {
  if (document.prerendering) {
    await new Promise((activated) => document.addEventListener("prerenderingchange", activated, { once: true }));
  }
}

/** Firefox breaks off what a page loads as soon as a link is followed: by then a page that is left has gone, and says nothing. */
export const stays = () => new Promise((resolve) => setTimeout(resolve, STAYS_MS));
