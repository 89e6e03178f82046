// The recommendation box: what a shop's recommendation engine would fill. Says "rendered" once the box has been seen, and
// "clickRecommended" when a product in it is opened. Both leave the page's click and navigation alone.

import { card } from "./cards.js";
import { products, trackedItem } from "./catalogue.js";
import { byId, el, icon } from "./dom.js";
import { toast } from "./layout.js";
import { notInterested } from "./shop.js";
import { account, basket, hidden, viewed, visitorId } from "./state.js";

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

const MODEL = 37;
/** Where an engine that hands out ready-made links takes them. */
const LINKED = { ibexa: "/api/00000", yoochoose: "/ebl/00000" };

/**
 * Ibexa's answers have two links with every item, to be called as they are: they know the visitor, the scenario and the model.
 * Like a real answer's, they are there when the visitor was known as it was asked for.
 */
function links(product, scenario) {
  const path = LINKED[document.documentElement.dataset.protocol];
  const user = account.id ?? visitorId();
  if (!path || !user) return null;
  const link = (event) => `//${location.host}${path}/${event}/${encodeURIComponent(user)}/1/${product.id}?scenario=${scenario}&modelid=${MODEL}`;
  return { rendered: link("rendered"), clickRecommended: link("clickrecommended") };
}

/** Fills the section with this id. `except`: products that would be odd here, such as the page's own; `mainId`: the one that it was asked for. */
export function recommend(sectionId, { scenario, title, text, except = [], mainId }) {
  const section = byId(sectionId);
  const list = el("ul", { class: "grid", "data-testid": "recommendations", "data-scenario": scenario });
  let shown = choose(except);
  const ready = new Map(products.map((product) => [product, links(product, scenario)]));

  const seen = (fresh) => {
    const linked = fresh.filter((product) => ready.get(product));
    for (const product of linked) reco("followLink", ready.get(product).rendered);
    const others = fresh.filter((product) => !linked.includes(product));
    if (others.length > 0) reco("rendered", { items: others.map((product) => product.id), scenario });
  };

  const open = (product) => {
    const link = ready.get(product)?.clickRecommended;
    if (link) reco("followLink", link);
    else reco("clickRecommended", { ...trackedItem(product), scenario, mainId });
  };

  const draw = () => list.replaceChildren(...shown.map((product) => card(product, {
    testId: `reco-${product.id}`,
    onOpen: () => open(product),
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
    if (next) seen([next]);
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
    seen(shown);
  }, { threshold: SEEN_SHARE });
  observer.observe(list);
}
