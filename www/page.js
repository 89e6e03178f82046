// Whether there is a page, and whether it may be visible.

/**
 * In Node a page is rendered for many visitors, and nothing must happen there. jsdom in Jest has a document, but
 * neither `fetch` nor the `TextDecoder` that the module needs: https://github.com/jsdom/jsdom/issues/1724,
 * https://github.com/jsdom/jsdom/issues/2524
 */
export const inPage = () => ![typeof document, typeof fetch, typeof TextDecoder].includes("undefined");

/** Waits until a prerendered page is activated, which may never happen. */
export const activated = async () => {
  if (document.prerendering) {
    await new Promise((activated) => document.addEventListener("prerenderingchange", activated, { once: true }));
  }
};

/** A page that has not loaded by then has a file that hangs. */
const LOADING_MS = 3000;

/**
 * Waits for the page's load event, which an element for a script would delay. Until then a page that is left may get no `pagehide`:
 * https://html.spec.whatwg.org/multipage/document-lifecycle.html#unloading-documents
 */
export const loaded = () =>
  new Promise((resolve) => {
    if (document.readyState === "complete") resolve(undefined);
    addEventListener("load", resolve, { once: true });
    setTimeout(resolve, LOADING_MS);
  });

/** The time that a page gets to unload, before a file that did not arrive counts as missing. */
const LEAVING_MS = 2000;

/**
 * Firefox cancels a page's downloads as soon as a link is followed. This promise resolves only in a page that was not
 * left.
 */
export const stays = () => new Promise((resolve) => setTimeout(resolve, LEAVING_MS));
