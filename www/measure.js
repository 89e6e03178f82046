// Observes the page for the methods that need it and for tracking without code. It only reports; the engine decides. It
// is a separate script that is loaded when it is needed, so that other pages do not pay for it.

import { attributes } from "./measure/attributes.js";
import { dataLayer } from "./measure/datalayer.js";
import { media } from "./measure/media.js";
import { routes } from "./measure/routes.js";
import { scroll } from "./measure/scroll.js";
import { seen } from "./measure/seen.js";

/**
 * Starts observing for one tracker. `port` has the functions that it may use:
 *
 * - `call(verb, args, at)`: a call of the engine, `percentage(timer)`: a timer's percentage, `tracker`: the public
 * methods;
 * - `fault(code, field, problem)` warns, and `withElement(about, callback)`: warnings during the function are about this
 * element;
 * - `guard(callback)`: runs a function and turns its exceptions into warnings;
 * - `auto`: the configuration's `autoTrack` as an object.
 */
export function measure(port) {
  const timers = new Map();
  const containers = new Map();
  const auto = [];
  const { attributes: declared, dataLayer: layer, routes: routed, jsonLd } = port.auto;

  const end = (running, id, page) => {
    running.get(id)?.end(page);
    running.delete(id);
  };

  if (declared) auto.push(attributes(port, jsonLd));
  if (routed) auto.push(routes(port));
  if (layer) auto.push(dataLayer(port, layer));

  const wrong = (field) => port.fault("bad-type", field, "must be an element; for media, a video or audio");
  const isElement = (value) => value?.nodeType === Node.ELEMENT_NODE;

  return {
    timer(id, by, element) {
      if (by === "media" ? !element?.played : !isElement(element)) wrong("consumeTimer.element");
      else timers.set(id, (by === "media" ? media : scroll)(port, id, element));
    },
    stop: (id) => end(timers, id),
    observe(id, container, options) {
      if (isElement(container)) containers.set(id, seen(port, id, container, options));
      else wrong("observeRecommendations.container");
    },
    unobserve: (id) => end(containers, id),
    /** A click from before this script was loaded. */
    clicked: (event, path) => auto.forEach((one) => one.clicked?.(event, path)),
    /** A new page view: the engine is about to end its timers, and counts viewed items again. */
    page() {
      for (const id of [...timers.keys()]) end(timers, id, true);
      for (const [id, container] of containers) {
        if (!container.gone()) continue;
        end(containers, id);
        port.call("unobserve", [id]);
      }
      for (const one of auto) one.page?.();
    },
    end() {
      for (const running of [timers, containers]) for (const id of [...running.keys()]) end(running, id);
      for (const one of auto.splice(0)) one.end();
    },
  };
}
