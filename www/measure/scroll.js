// consumeTimer by scroll: how much of an element lies above the lower edge of what can be seen of it. Looked at once a
// frame, in which something was scrolled or has another size; between, and in a hidden page, nothing runs.

import { guarded, hear } from "./hear.js";

export const scroll = (port, id, element) => {
  // The page may throw its element away and forget the timer.
  const known = new WeakRef(element);
  let frame = 0;
  let deepest = 0;
  let tall = 0;

  const look = guarded(port, () => {
    frame = 0;
    const element = known.deref();
    if (!element) return end();
    const { top, height } = element.getBoundingClientRect();
    const depth = Math.min(Math.max(lowerEdge(element) - top, 0), height);
    if (depth > deepest || height !== tall) {
      [deepest, tall] = [depth, height];
      port.call("scrolled", [id, depth, height]);
    }
    if (height && depth === height && port.percentage(id) === 100) end();
  });
  const later = () => (frame ||= requestAnimationFrame(look));

  const sizes = new ResizeObserver(later);
  sizes.observe(element);
  // What moves it without being it: an image above that arrives late.
  sizes.observe(document.documentElement);
  const ends = [hear(port, window, "scroll resize pageshow", later)];
  // Zooming in by two fingers moves only this one.
  if (window.visualViewport) ends.push(hear(port, visualViewport, "scroll resize", later));

  const end = () => {
    cancelAnimationFrame(frame);
    sizes.disconnect();
    for (const stop of ends.splice(0)) stop();
  };
  return { end };
};

/** Where what can be seen of an element ends: the window's edge, or that of a box around it that scrolls or clips. */
function lowerEdge(element) {
  const css = (box) => getComputedStyle(box);
  const view = window.visualViewport;
  let edge = view ? view.offsetTop + view.height : innerHeight;
  let { position } = css(element);
  for (let box = above(element); box && position !== "fixed"; box = above(box)) {
    const style = css(box);
    // https://www.w3.org/TR/css-overflow-3/#overflow-control: a box does not clip what is placed against another one,
    if (position === "absolute" && style.position === "static") continue;
    position = style.position;
    // and https://www.w3.org/TR/css-overflow-3/#overflow-propagation: that of the page's own elements is the window's.
    if (
      box === document.documentElement ||
      (box === document.body && css(document.documentElement).overflowY === "visible")
    )
      continue;
    if (style.overflowY !== "visible") edge = Math.min(edge, box.getBoundingClientRect().bottom);
  }
  return edge;
}

const above = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host;
