// The recommendation box, normally filled by a recommendation engine. The tracker observes it: "rendered" when a
// product was in view, "clickRecommended" when one is opened. Ready-made links of an engine's response are called by
// the shop.

import { card } from "./cards.js";
import { find, products, trackedItem } from "./catalogue.js";
import { byId, el, icon } from "./dom.js";
import { toast } from "./layout.js";
import { account, basket, hidden, viewed, visitorId } from "./state.js";

const COUNT = 4;
const SEEN_SHARE = 0.3;

/** Replaces a recommendation engine: products similar to the last viewed ones, then one of every other category. */
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
/** The addresses of ready-made links, by protocol. */
const LINKED = { ibexa: "/api/00000", yoochoose: "/ebl/00000" };

/**
 * Ibexa's responses have two ready-made links with every item. They contain the visitor, the scenario and the model. As
 * in a real response, they exist only if the visitor was known at the request.
 */
function links(product, scenario) {
  const path = LINKED[document.documentElement.dataset.protocol];
  const user = account.id ?? visitorId();
  if (!path || !user) return null;
  const link = (event) =>
    `//${location.host}${path}/${event}/${encodeURIComponent(user)}/1/${product.id}?scenario=${scenario}&modelid=${MODEL}`;
  return { rendered: link("rendered"), clickRecommended: link("clickrecommended") };
}

/** The attributes that the tracker reads from a card. They also apply to its button. */
function marked(element, product) {
  const { itemId, categoryPath, title } = trackedItem(product);
  Object.assign(element.dataset, { recoItem: itemId, recoCategory: categoryPath, recoTitle: title });
  return element;
}

/** The button by which a visitor rejects a product. */
function refusal(product, refuse) {
  return el(
    "button",
    {
      type: "button",
      class: "round tile-button",
      "data-testid": "not-interested",
      "aria-label": `Not interested: ${product.name}`,
      title: "Not interested",
      // The shop makes no call; the button has tracking attributes.
      dataset: { reco: "blacklist", recoOn: "click" },
      on: { click: refuse },
    },
    icon("ban"),
  );
}

/**
 * Fills the section with this id. `except`: products to leave out, such as the page's own; `mainId`: the product of the
 * request; `variant`: the visitor's variant in a test of the scenario.
 */
export function recommend(sectionId, { scenario, variant = null, title, text, except = [], mainId }) {
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

  // With ready-made links the shop reports the impressions itself, so that they do not count twice.
  if (![...ready.values()].some(Boolean))
    reco("ready", (tracker) => tracker.observeRecommendations(list, { scenario, variant }));
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

/** Marks each product for which the collector has stored an impression, as reported by the inspector. */
function markSeen(list, scenario) {
  window.addEventListener("stored", (/** @type {CustomEvent} */ { detail: row }) => {
    if (row.type !== "rendered" || row.scenario !== scenario) return;
    for (const { itemId } of row.items) {
      const tile = list.querySelector(`[data-testid="reco-${itemId}"]:not(:has(.seen-mark)) .tile`);
      tile?.after(el("span", { class: "seen-mark", title: "Seen: the collector has it" }, icon("eye")));
    }
  });
}
