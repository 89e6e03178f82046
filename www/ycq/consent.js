// data-consent-from: the visitor's decision from the page's banner, as `consentFrom` of reco.js. Without the attribute the page decides whether it
// loads the script, as with the vendor's.

import { addressIn, addScript } from "../verified.js";
import { warn } from "./browser.js";

/**
 * Loads the banners' interfaces, and runs `decide(granted)` for each decision. They are in a classic script, because an old browser refuses a
 * script with `import()`. `own` is the element of this script.
 *
 * @param {string} name
 * @param {Partial<HTMLScriptElement>} own
 * @param {(granted: boolean) => void} decide
 */
export function follow(name, own, decide) {
  const [, integrity] = __YCQ_CONSENT_FILE__;
  const address = addressIn(own.src, __YCQ_CONSENT_FILE__);
  const taken = () => script.follow(name, decide);
  const missing = () => warn("nothing is sent, because this file is missing or of another build:", address);
  const script = addScript(address, integrity, "", own.nonce || "", taken, missing);
}
