// data-consent-from: the visitor's decision from the page's banner, as `consentFrom` of reco.js. Without the attribute the page decides whether it
// loads the script, as with the vendor's.

import { warn } from "./browser.js";

/**
 * Loads the banners' interfaces, and runs `decide(granted)` for each decision. They are in a classic script, because an old browser refuses a
 * script with `import()`. `self` is the address of this script.
 *
 * @param {string} name
 * @param {string} self
 * @param {(granted: boolean) => void} decide
 */
export function follow(name, self, decide) {
  const script = /** @type {any} */ (document.createElement("script"));
  script.onload = () => script.follow(name, decide);
  script.onerror = () => warn("nothing is sent, because this file is missing:", script.src);
  script.src = new URL("ycq-consent.js", self).href;
  document.head.append(script);
}
