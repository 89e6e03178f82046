// Listens to a consent platform (CMP) with an IAB interface, in this page or in a page around this frame. The interfaces for TCF and GPP have
// the same form:
// https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20CMP%20API%20v2.md
// https://github.com/InteractiveAdvertisingBureau/Global-Privacy-Platform/blob/main/Core/CMP%20API%20Specification.md

import { listOf, wholeTo } from "./answer.js";
import { whenFound } from "./wait.js";

/** The TCF has eleven purposes: https://iabeurope.eu/iab-europe-transparency-consent-framework-policies/ (appendix A) */
const LAST_PURPOSE = 11;
/** The option for the purposes that need consent. By default: storage, profiles for personalised content, and their use. */
export const PURPOSES = [[1, 5, 6], listOf(wholeTo(LAST_PURPOSE))];

/** The window around this frame that has the CMP: it has a child frame of that name. */
function windowOfCmp(locator) {
  for (let frame = window; frame !== window.top; ) {
    frame = /** @type {typeof window} */ (frame.parent);
    try {
      if (frame.frames[locator]) return frame;
    } catch {
      // Another origin's window: not every browser lets its frames be named.
    }
  }
}

/** The interface of a CMP in a page around this frame. Returns `{ call(command, callback, parameter), end() }`. */
function throughFrames(name, version) {
  const cmp = windowOfCmp(`${name}Locator`);
  if (!cmp) return;
  const callbacks = [];
  const answer = ({ source, data }) => {
    // Any window can send a message: only the CMP's counts.
    if (source !== cmp) return;
    const { callId, returnValue, success } = data?.[`${name}Return`] ?? {};
    callbacks[callId]?.(returnValue, success);
  };
  addEventListener("message", answer);
  return {
    call(command, callback, parameter) {
      const callId = callbacks.push(callback) - 1;
      cmp.postMessage({ [`${name}Call`]: { command, version, parameter, callId } }, "*");
    },
    end: () => removeEventListener("message", answer),
  };
}

/**
 * Runs `hear(data)` for each event of the CMP, as soon as there is one. `name` is that of its global, `version` that of the interface,
 * `local(api, command, callback, parameter)` calls the function of this page, `safe` makes functions that do not throw. Returns the function that
 * ends it.
 */
export function listenToCmp({ name, version, local }, hear, safe) {
  let end = () => {};
  const look = () =>
    typeof window[name] === "function"
      ? { call: (...args) => local(window[name], ...args), end() {} }
      : throughFrames(name, version);
  const use = (cmp) => {
    let listener;
    let ended = false;
    end = () => {
      ended = true;
      if (listener !== undefined) cmp.call("removeEventListener", () => {}, listener);
      cmp.end();
    };
    const callback = (data, success) => {
      listener = data?.listenerId ?? listener;
      if (!ended && success !== false && data) hear(data);
    };
    cmp.call("addEventListener", safe(callback));
  };
  const wait = whenFound(safe(look), safe(use));
  return () => {
    wait();
    end();
  };
}
