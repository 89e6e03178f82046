// What a page hears of its tracker: what was sent, acknowledged and dropped, and warnings.

import { inPage } from "./page.js";
import { TrackerError } from "./tracker-error.js";

/** The listeners of one tracker. */
export function listening({ onWarning, debug }) {
  /** One list for each of the codes NEWS_* that a page may listen to. */
  const listeners = { sent: [], acknowledged: [], dropped: [], warning: onWarning ? [onWarning] : [] };
  /** Codes of warnings that the console has shown. */
  const shown = new Set();
  const log = (...parts) => debug && console.debug("recobeacon:", ...parts);

  const emit = (type, detail) => {
    log(type, detail);
    // A type that is not known is ignored.
    for (const listener of [...(listeners[type] || [])]) {
      try {
        listener(detail);
      } catch (error) {
        // The page's own fault: shown to its developer, not thrown into our caller.
        console.error(error);
      }
    }
  };

  /** Where nobody listens for warnings, the console gets one of each code. */
  const show = (error) => {
    if (debug === false || !inPage() || shown.has(error.code)) return;
    shown.add(error.code);
    console.warn(`recobeacon: ${error.code}: ${error.message}`);
  };

  const warn = (detail) => {
    const { element } = heard;
    if (element) {
      if (element.told) return;
      element.told = true;
      detail = { ...detail, message: `${detail.message} (${element.name})` };
    }
    const error = new TrackerError(detail);
    if (!listeners.warning.length) show(error);
    emit("warning", error);
    return error;
  };

  /** Tells of an error that nobody waits for. */
  const internal = (error) => void warn({ code: "internal", message: String(error) });

  const on = (type, listener) => {
    if (!listeners[type] || typeof listener !== "function") {
      const message = 'on needs "sent", "acknowledged", "dropped" or "warning", and a function';
      warn({ code: "bad-type", field: "on", message });
      return () => {};
    }
    listeners[type].push(listener);
    return () => {
      listeners[type] = listeners[type].filter((other) => other !== listener);
    };
  };

  /** Runs something; warnings meanwhile are about this element. */
  const withElement = (element, deed) => {
    const outer = heard.element;
    heard.element = element;
    try {
      return deed();
    } finally {
      heard.element = outer;
    }
  };

  /** `element`: what a call is made for, its name, and whether there was a warning about it. */
  const heard = { element: undefined, listeners, log, emit, warn, internal, on, withElement };
  return heard;
}
