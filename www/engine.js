// The module as used by one tracker. Exceptions do not reach the page, and after a trap the module is not called again.

import { inPage } from "./page.js";
import { isTrap } from "./trap.js";

/** `warn` and `fault` report a failure to the page. `onFailure` runs before that. */
export function connection({ warn, fault }, onFailure) {
  /** The module's number for this tracker. */
  let number;

  const engine = {
    /** The module's functions, once it has started the tracker. */
    module: null,
    /** Whether the earlier calls have been executed, so that further calls go to the module. */
    isOpen: false,
    /** Whether the module has failed, or there is no page. */
    isDead: !inPage(),

    /** Handles a failure. A module that could not be loaded may be available to the next page, so calls are still kept. */
    fail(code, cause) {
      engine.isDead = code === "internal";
      if (engine.isDead) engine.module?.discard();
      engine.module = null;
      engine.isOpen = false;
      onFailure();
      return warn({ code, message: String(cause?.message ?? cause) });
    },

    /** Runs a function, also after a failure of the module. Exceptions do not reach the page. */
    attempt(run, otherwise = null, field = "measure") {
      try {
        return run();
      } catch (error) {
        if (isTrap(error)) engine.fail("internal", error);
        // A getter or a proxy in the page's argument threw.
        else fault("bad-type", field, "threw an exception");
        return otherwise;
      }
    },

    /** Runs a function that needs the module. */
    guard: (run, otherwise, field) => (engine.isDead ? otherwise : engine.attempt(run, otherwise, field)),

    /** Starts a tracker in the module, which reports to `sink`. `module` stays null if the configuration is invalid. */
    start(module, settings, sink) {
      // Before the start, which may fail.
      engine.module = module;
      number = module.start([settings], sink, (happening) => engine.guard(() => module.happened(number, happening)));
      if (number === undefined) engine.module = null;
    },

    call: (verb, args, at) => engine.module?.call(number, [...args, verb], at),

    run: (verb, args, at) => engine.guard(() => engine.call(verb, args, at), null, verb),

    /** Queries the module. Returns `otherwise` if that is not possible. */
    ask: (what, otherwise = null, timer = 0) =>
      engine.guard(() =>
        engine.isOpen ? JSON.parse(engine.module.state(number, timer, what === "sessionId"))[what] : null,
      ) ?? otherwise,
  };
  return engine;
}
