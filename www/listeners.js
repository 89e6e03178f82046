// The listeners of a tracker: sent, acknowledged and dropped events, and warnings.

import { inPage } from "./page.js";
import { TrackerError } from "./tracker-error.js";

/** Most warnings in the console. */
const SHOWN = 20;

/** Whether the list has this code and field. It has them afterwards. */
function isKnown(list, code, field) {
  const key = `${code} ${field}`;
  return list.includes(key) || !list.push(key);
}

/** The listeners of one tracker. */
export function listening({ onWarning, debug }) {
  /** A list for each code NEWS_* that a page may listen to. */
  const listeners = { __proto__: null, sent: [], acknowledged: [], dropped: [], warning: onWarning ? [onWarning] : [] };
  /** The warnings that the console has shown, by code and field. */
  const shown = [];
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

  /**
   * Without a listener for warnings, the console shows each code and field once, and with `debug` all. A page that is reloaded after a purchase
   * reports its order again, which is no fault.
   */
  const show = ({ code, field, message }) => {
    if (debug === false || !inPage()) return;
    if (!debug && (code === "duplicate-order" || shown.length === SHOWN || isKnown(shown, code, field))) return;
    console.warn(`recobeacon: ${code}: ${message} (debug: true shows all)`);
  };

  const warn = (detail) => {
    const { element } = heard;
    if (element) {
      if (isKnown(element.told, detail.code, detail.field)) return;
      detail = { ...detail, message: `${detail.message} (${element.name})` };
    }
    const error = new TrackerError(detail);
    if (!listeners.warning.length) show(error);
    emit("warning", error);
    return error;
  };

  /** Warns of a field. It repeats no value of the page, because a page may forward its warnings. */
  const fault = (code, field, problem) => warn({ code, field, message: `${field} ${problem}` });

  /** Reports an error of a promise without a handler. */
  const internal = (error) => void warn({ code: "internal", message: String(error) });

  const on = (type, listener) => {
    if (typeof type !== "string" || !listeners[type] || typeof listener !== "function") {
      fault("bad-type", "on", 'needs "sent", "acknowledged", "dropped" or "warning", and a function');
      return () => {};
    }
    listeners[type].push(listener);
    return () => {
      listeners[type] = listeners[type].filter((other) => other !== listener);
    };
  };

  /** Runs a function. Warnings during it are about this element. */
  const withElement = (element, callback) => {
    const outer = heard.element;
    heard.element = element;
    try {
      return callback();
    } finally {
      heard.element = outer;
    }
  };

  /** `element`: the element that the call is made for, with its name and the codes and fields of its warnings. */
  const heard = { element: undefined, listeners, log, emit, warn, fault, internal, on, withElement };
  return heard;
}
