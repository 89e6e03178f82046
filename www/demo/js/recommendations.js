// The recommendation boxes, filled by the collector's feeds or, while these know nothing, by the shop's own choice. The
// tracker observes them: "rendered" when a product was in view, "clickRecommended" when one is opened. Ready-made links
// of a response are called by the shop.

import { card } from "./cards.js";
import { find, products, trackedItem } from "./catalogue.js";
import { byId, el, icon } from "./dom.js";
import { feed } from "./feeds.js";
import { toast } from "./layout.js";
import { account, basket, hidden, viewed, visitorId } from "./state.js";

const COUNT = 4;
/** With fewer products of a feed, the shop shows its own choice. */
const LEAST = 2;
const SEEN_SHARE = 0.3;

const leftOut = (except) => new Set([...except, ...hidden.all(), ...basket.lines().map((line) => line.id)]);

/** Replaces a recommendation engine: products similar to the last viewed ones, then one of every other category. */
function choose(except) {
  const out = leftOut(except);
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
  return products.filter((product) => !out.has(product.id)).sort((a, b) => rank(a) - rank(b));
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
 * Fills the section with this id. `from`: the feed, its context, and whether it is the visitor's own; `scenario`: the
 * name of the shop's own choice, which is shown without a feed, with `ownText`. Without a name the section then stays empty. `except`:
 * products to leave out, such as the page's own; `mainId`: the product of the request; `testId`: that of the list;
 * `variant`: the visitor's variant in a test.
 * @param {string} sectionId
 * @param {{ from: { feed: string, context?: number[], own?: boolean }, scenario?: string, title: string, text: string, ownText?: string,
 * variant?: string | null, except?: number[], mainId?: number, testId?: string }} options
 */
export function recommend(
  sectionId,
  { from, scenario, variant = null, title, text, ownText = text, except = [], mainId, testId = "recommendations" },
) {
  const same = { variant, title, mainId, testId };
  void feed(from.feed, from.context).then((items) => {
    const out = from.own ? new Set(except) : leftOut(except);
    const wanted = items.filter(({ product }) => !out.has(product.id));
    if (wanted.length >= (scenario ? LEAST : 1)) {
      const ready = new Map(wanted.map((item) => [item.product, item.links ?? links(item.product, from.feed)]));
      show(sectionId, { ...same, text, scenario: from.feed, all: [...ready.keys()], ready });
    } else if (scenario) {
      const all = choose(except);
      const ready = new Map(all.map((product) => [product, links(product, scenario)]));
      show(sectionId, { ...same, text: ownText, scenario, all, ready });
    }
  });
}

/** Shows the first of these products. `ready`: the links of each, if it has some. */
function show(sectionId, { scenario, variant, title, text, mainId, testId, all, ready }) {
  const section = byId(sectionId);
  const list = el("ul", {
    class: "grid",
    "data-testid": testId,
    "data-scenario": scenario,
    "data-reco-main-id": mainId,
  });
  let shown = all.slice(0, COUNT);
  const rest = all.slice(COUNT);

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
    const next = rest.shift();
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
  observe(list, { scenario, variant }, ready, () => seen(shown));
}

/** Reports the impressions. With ready-made links the shop does it itself, so that they do not count twice. */
function observe(list, { scenario, variant }, ready, seen) {
  if (![...ready.values()].some(Boolean))
    reco("ready", (tracker) => tracker.observeRecommendations(list, { scenario, variant }));
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      seen();
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
