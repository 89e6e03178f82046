// The module, as one tracker calls it. Nothing that goes wrong in it reaches the page, and after a trap it is not called again.

import { inPage } from "./page.js";

/** `warn` tells the page of a failure; `onFailure` runs before. */
export function connection(warn, onFailure) {
  /** By which the module knows this tracker. */
  let number;

  const engine = {
    /** The module's functions, once it has started the tracker. */
    module: null,
    /** What was called earlier is carried out: from now on calls go to the module. */
    isOpen: false,
    /** The module has failed, or there is no page. */
    isDead: !inPage(),

    /** A module that cannot be loaded may be there on the next page: what is called waits for that. */
    fail(code, cause) {
      engine.isDead = code === "internal";
      if (engine.isDead) engine.module?.discard();
      engine.module = null;
      engine.isOpen = false;
      onFailure();
      return warn({ code, message: String(cause?.message ?? cause) });
    },

    /** Runs something of the module; nothing that goes wrong in it reaches the page. */
    guard(run, otherwise = null, field = undefined) {
      if (engine.isDead) return otherwise;
      try {
        return run();
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError) engine.fail("internal", error);
        // A getter or a proxy in the page's own argument threw.
        else warn({ code: "bad-type", field, message: String(error) });
        return otherwise;
      }
    },

    /** Makes the module start a tracker, which tells `sink`. Whether it does. */
    start(module, settings, sink) {
      number = module.start([settings], sink, (happening) => engine.guard(() => module.happened(number, happening)));
      if (number !== undefined) engine.module = module;
      return engine.module;
    },

    call: (verb, args, at) => engine.module?.call(number, [...args, verb], at),

    run: (verb, args, at) => engine.guard(() => engine.call(verb, args, at), null, verb),

    /** What the module knows of itself; otherwise something else. */
    ask: (what, otherwise = null, timer = 0) =>
      engine.guard(() => engine.isOpen && JSON.parse(engine.module.state(number, timer, what === "sessionId"))[what]) ??
      otherwise,
  };
  return engine;
}
