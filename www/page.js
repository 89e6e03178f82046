// Whether there is a page, and whether somebody may see it.

/**
 * In Node a page is rendered for many visitors: nothing may happen there. jsdom in Jest has a document, but neither `fetch` nor the
 * `TextDecoder` that the module needs: https://github.com/jsdom/jsdom/issues/1724, https://github.com/jsdom/jsdom/issues/2524
 */
export const inPage = () => ![typeof document, typeof fetch, typeof TextDecoder].includes("undefined");

/** A page that is only being prepared may never be seen. */
export const activated = async () => {
  if (document.prerendering) {
    await new Promise((activated) => document.addEventListener("prerenderingchange", activated, { once: true }));
  }
};
