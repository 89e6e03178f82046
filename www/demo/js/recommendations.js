// The recommendation box: what a shop's recommendation engine would fill. Says "rendered" once the box has been seen, and
// "clickRecommended" when a product in it is opened. Both leave the page's click and navigation alone.

import { card } from "./cards.js";
import { products, trackedItem } from "./catalogue.js";
import { byId, el, icon } from "./dom.js";
import { toast } from "./layout.js";
import { notInterested } from "./shop.js";
import { basket, hidden, viewed } from "./state.js";

const COUNT = 4;
const SEEN_SHARE = 0.3;

/** A stand-in for an engine: first what is like the products seen last, then one of every other category. */
function choose(except) {
  const out = new Set([...except, ...hidden.all(), ...basket.lines().map((line) => line.id)]);
  const seen = viewed.all();
  const likes = seen.map((id) => products.find((product) => product.id === id)?.category);
  const rank = (product) => {
    const liked = likes.indexOf(product.category);
    return (liked < 0 ? likes.length : liked) + (seen.includes(product.id) ? products.length : 0) + ((product.id * 7) % 5) / 5;
  };
  return products.filter((product) => !out.has(product.id)).sort((a, b) => rank(a) - rank(b)).slice(0, COUNT);
}

/** Fills the section with this id. `except`: products that would be odd here, such as the page's own. */
export function recommend(sectionId, { scenario, title, text, except = [] }) {
  const section = byId(sectionId);
  const list = el("ul", { class: "grid", "data-testid": "recommendations", "data-scenario": scenario });
  let shown = choose(except);

  const draw = () => list.replaceChildren(...shown.map((product) => card(product, {
    testId: `reco-${product.id}`,
    onOpen: () => reco("clickRecommended", { ...trackedItem(product), scenario }),
    corner: el("button", {
      type: "button", class: "round tile-button", "data-testid": "not-interested", "aria-label": `Not interested: ${product.name}`, title: "Not interested",
      on: { click: () => refuse(product) },
    }, icon("ban")),
  })));

  function refuse(product) {
    notInterested(product);
    const next = choose([...except, ...shown.map((other) => other.id)])[0];
    shown = shown.flatMap((other) => (other === product ? (next ? [next] : []) : [other]));
    draw();
    if (next) reco("rendered", { items: [next.id], scenario });
    toast(`We will not recommend ${product.name} again`);
    list.querySelector("button")?.focus();
  }

  draw();
  section.replaceChildren(
    el("div", { class: "section-head" }, el("div", {}, el("h2", { id: `${sectionId}-title` }, title), el("p", {}, text))),
    list);
  section.classList.add("recommendations");
  section.setAttribute("aria-labelledby", `${sectionId}-title`);

  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    reco("rendered", { items: shown.map((product) => product.id), scenario });
  }, { threshold: SEEN_SHARE });
  observer.observe(list);
}
