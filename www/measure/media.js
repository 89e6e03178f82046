// consumeTimer by media: the parts of a video or sound that the browser has played.
// https://html.spec.whatwg.org/multipage/media.html#dom-media-played

import { times } from "../../src/browser/host/env.js";
import { hear } from "./hear.js";

/** The shortest time between two reports during normal playback. Browsers send 4 to 66 events a second. */
const PAUSE_MS = 1000;

/** The parts of an element that were played before the present page view. */
const before = new WeakMap();

export const media = (port, id, element) => {
  const known = new WeakRef(element);
  let last = -PAUSE_MS;

  /** @param {{ type?: string, timeStamp?: number }} [event] */
  const tell = ({ type, timeStamp } = {}) => {
    if (type === "timeupdate" && timeStamp - last < PAUSE_MS) return;
    last = timeStamp ?? last;
    const player = known.deref();
    if (!player) return unhear();
    const { duration } = player;
    // Infinity: a live stream. NaN: not loaded yet.
    port.call("played", [
      id,
      Number.isFinite(duration) ? duration * 1000 : null,
      without(ranges(player), before.get(player)).flat(),
    ]);
    if (type === "ended" && port.percentage(id) === 100) unhear();
  };

  const ends = [
    hear(port, element, "timeupdate pause ended seeked durationchange", tell),
    // On the window, so that it runs before the engine's listener on the document.
    hear(port, window, "visibilitychange pagehide", tell),
  ];
  const unhear = () => {
    for (const end of ends.splice(0)) end();
  };
  tell();
  return {
    /** `page`: a new page view begins, in which the parts played so far do not count. */
    end(page) {
      if (!ends.length) return;
      tell();
      const player = known.deref();
      if (page && player) before.set(player, ranges(player));
      unhear();
    },
  };
};

/** Start and end of each range, in milliseconds. */
const ranges = ({ played }) => times(played.length, (n) => [played.start(n) * 1000, played.end(n) * 1000]);

/** The ranges without the others, unless these belong to a medium that the element had loaded before. */
function without(played, others = []) {
  const lost = others.filter(([from, to]) => !played.filter(([start, end]) => start <= from && to <= end).length);
  if (lost.length) return played;
  const rest = ([from, to], list) =>
    list
      .flatMap(([start, end]) => [
        [start, Math.min(end, from)],
        [Math.max(start, to), end],
      ])
      .filter(([start, end]) => start < end);
  let list = played;
  for (const other of others) list = rest(other, list);
  return list;
}
