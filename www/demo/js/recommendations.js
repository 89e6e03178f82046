// The recommendation box: what a shop's recommendation engine would fill. The tracker observes it: "rendered" when a product has been
// seen, "clickRecommended" when one is opened. Links that an engine hands out with its answer are called as they are, by the shop.

import { card } from "./cards.js";
import { find, products, trackedItem } from "./catalogue.js";
import { byId, el, icon } from "./dom.js";
import { toast } from "./layout.js";
import { account, basket, hidden, viewed, visitorId } from "./state.js";

const COUNT = 4;
const SEEN_SHARE = 0.3;

/** A stand-in for an engine: first what is like the products seen last, then one of every other category. */
function choose(except) {
  const out = new Set([...except, ...hidden.all(), ...basket.lines().map((line) => line.id)]);
  const seen = viewed.all();
  const likes = seen.map((id) => find(id)?.category);
  const rank = (product) => {
    const liked = likes.indexOf(product.category);
    return (
      (liked < 0 ? likes.length : liked) +
      (seen.includes(product.id) ? products.length : 0) +
      ((product.id * 7) % 5) / 5
    );
  };
  return products
    .filter((product) => !out.has(product.id))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, COUNT);
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
  const link = (event) =>
    `//${location.host}${path}/${event}/${encodeURIComponent(user)}/1/${product.id}?scenario=${scenario}&modelid=${MODEL}`;
  return { rendered: link("rendered"), clickRecommended: link("clickrecommended") };
}

/** What the tracker reads off a card, also for the button on it. */
function marked(element, product) {
  const { itemId, categoryPath, title } = trackedItem(product);
  Object.assign(element.dataset, { recoItem: itemId, recoCategory: categoryPath, recoTitle: title });
  return element;
}

/** The button by which a visitor refuses a product. */
function refusal(product, refuse) {
  return el(
    "button",
    {
      type: "button",
      class: "round tile-button",
      "data-testid": "not-interested",
      "aria-label": `Not interested: ${product.name}`,
      title: "Not interested",
      // No call in the shop's code: the button says what it means.
      dataset: { reco: "blacklist", recoOn: "click" },
      on: { click: refuse },
    },
    icon("ban"),
  );
}

/** Fills the section with this id. `except`: products that would be odd here, such as the page's own; `mainId`: the one that it was asked for. */
export function recommend(sectionId, { scenario, title, text, except = [], mainId }) {
  const section = byId(sectionId);
  const list = el("ul", {
    class: "grid",
    "data-testid": "recommendations",
    "data-scenario": scenario,
    "data-reco-main-id": mainId,
  });
  let shown = choose(except);
  const ready = new Map(products.map((product) => [product, links(product, scenario)]));

  const seen = (fresh) => {
    for (const product of fresh) if (ready.get(product)) reco("followLink", ready.get(product).rendered);
  };

  const draw = () =>
    list.replaceChildren(
      ...shown.map((product) => {
        const link = ready.get(product);
        return marked(
          card(product, {
            testId: `reco-${product.id}`,
            onOpen: link && (() => reco("followLink", link.clickRecommended)),
            corner: refusal(product, () => refuse(product)),
          }),
          product,
        );
      }),
    );

  function refuse(product) {
    hidden.add(product.id);
    const next = choose([...except, ...shown.map((other) => other.id)])[0];
    shown = shown.flatMap((other) => (other === product ? (next ? [next] : []) : [other]));
    draw();
    if (next) seen([next]);
    toast(`We will not recommend ${product.name} again`);
    list.querySelector("button")?.focus();
  }

  draw();
  section.replaceChildren(
    el(
      "div",
      { class: "section-head" },
      el("div", {}, el("h2", { id: `${sectionId}-title` }, title), el("p", {}, text)),
    ),
    list,
  );
  section.classList.add("recommendations");
  section.setAttribute("aria-labelledby", `${sectionId}-title`);

  // With links the shop tells of it: twice would be one time too many.
  if (![...ready.values()].some(Boolean))
    reco("ready", (tracker) => tracker.observeRecommendations(list, { scenario }));
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      seen(shown);
    },
    { threshold: SEEN_SHARE },
  );
  observer.observe(list);

  markSeen(list, scenario);
}

/** Marks each product that was seen: the inspector tells what the collector has stored. */
function markSeen(list, scenario) {
  window.addEventListener("stored", (/** @type {CustomEvent} */ { detail: row }) => {
    if (row.type !== "rendered" || row.scenario !== scenario) return;
    for (const { itemId } of row.items) {
      const tile = list.querySelector(`[data-testid="reco-${itemId}"]:not(:has(.seen-mark)) .tile`);
      tile?.after(el("span", { class: "seen-mark", title: "Seen: the collector has it" }, icon("eye")));
    }
  });
}
