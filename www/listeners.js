// The listeners of a tracker: sent, acknowledged and dropped events, and warnings.

import { inPage } from "./page.js";
import { TrackerError } from "./tracker-error.js";

/** The listeners of one tracker. */
export function listening({ onWarning, debug }) {
  /** A list for each code NEWS_* that a page may listen to. */
  const listeners = { sent: [], acknowledged: [], dropped: [], warning: onWarning ? [onWarning] : [] };
  /** Codes of warnings that the console has shown. */
  const shown = new Set();
  const log = (...parts) => debug && console.debug("recobeacon:", ...parts);

  const emit = (type, detail) => {
    log(type, detail);
    // An unknown type is ignored.
    for (const listener of [...(listeners[type] || [])]) {
      try {
        listener(detail);
      } catch (error) {
        // An error of the page's own code. It is shown in the console and not thrown into the caller.
        console.error(error);
      }
    }
  };

  /** Without a listener for warnings, the console shows the first warning of each code, and with `debug` all. */
  const show = (error) => {
    if (debug === false || !inPage() || (!debug && shown.has(error.code))) return;
    shown.add(error.code);
    console.warn(
      `recobeacon: ${error.code}: ${error.message} (only the first ${error.code} is shown; debug: true shows all)`,
    );
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

  /** Reports an error of a promise without a handler. */
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

  /** Runs a function. Warnings during it are about this element. */
  const withElement = (element, deed) => {
    const outer = heard.element;
    heard.element = element;
    try {
      return deed();
    } finally {
      heard.element = outer;
    }
  };

  /** `element`: the element that the call is made for, its name, and whether it had a warning. */
  const heard = { element: undefined, listeners, log, emit, warn, internal, on, withElement };
  return heard;
}
