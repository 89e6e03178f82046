// consumeTimer by scroll: how much of an element is above the lower edge of its visible part. Measured at most once a
// frame, after scrolling or resizing. Nothing runs otherwise, or in a hidden page.

import { guarded, hear } from "./hear.js";

export const scroll = (port, id, element) => {
  // A weak reference, because the page may remove the element without stopping the timer.
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
  // The element also moves without scrolling, for example when an image above it loads.
  sizes.observe(document.documentElement);
  const ends = [hear(port, window, "scroll resize pageshow", later)];
  // Pinch zoom only moves the visual viewport.
  if (window.visualViewport) ends.push(hear(port, visualViewport, "scroll resize", later));

  const end = () => {
    cancelAnimationFrame(frame);
    sizes.disconnect();
    for (const stop of ends.splice(0)) stop();
  };
  return { end };
};

/** The lower edge of an element's visible part: of the window, or of a surrounding box that scrolls or clips. */
function lowerEdge(element) {
  const css = (box) => getComputedStyle(box);
  const view = window.visualViewport;
  let edge = view ? view.offsetTop + view.height : innerHeight;
  let { position } = css(element);
  for (let box = above(element); box && position !== "fixed"; box = above(box)) {
    const style = css(box);
    // https://www.w3.org/TR/css-overflow-3/#overflow-control: a box does not clip elements that are positioned against
    // another box.
    if (position === "absolute" && style.position === "static") continue;
    position = style.position;
    // https://www.w3.org/TR/css-overflow-3/#overflow-propagation: overflow of the root elements applies to the window.
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
