// The shop's front page: all products, optionally filtered by category, and a recommendation box.

import { basketButton, card, wishButton } from "./cards.js";
import { CATEGORIES, products } from "./catalogue.js";
import { byId, el } from "./dom.js";
import { layout } from "./layout.js";
import { recommend } from "./recommendations.js";
import { viewed, visitorId } from "./state.js";

layout();

const ALL = "All";
const wanted = new URLSearchParams(location.search).get("category");
let category = CATEGORIES.includes(wanted) ? wanted : ALL;

function drawGrid() {
  const shown = products.filter((product) => category === ALL || product.category === category);
  byId("grid").replaceChildren(
    ...shown.map((product) =>
      card(product, {
        testId: `product-card-${product.id}`,
        corner: wishButton(product, { className: "round tile-button" }),
        buy: basketButton(product),
      }),
    ),
  );
  byId("grid-count").textContent = `${shown.length} things`;
}

byId("filters").append(
  ...[ALL, ...CATEGORIES].map((name) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "category",
        value: name,
        checked: name === category,
        "data-testid": `filter-${name}`,
        on: {
          change() {
            category = name;
            // The filter is in the address, so that going back from a product shows the same view. It is not a
            // navigation.
            history.replaceState(null, "", name === ALL ? "/" : `/?category=${name}`);
            drawGrid();
          },
        },
      }),
      el("span", {}, name),
    ),
  ),
);

/** A test of two headlines. Only a visitor with an id, who keeps the variant, takes part. */
const HEADLINES = { A: "Picked for you", B: "You may like these" };
const variant = visitorId() && (visitorId().charCodeAt(0) % 2 ? "A" : "B");

drawGrid();
const seen = viewed.all().slice(0, 5);
recommend("recommended", {
  from: seen.length > 0 ? { feed: "also_viewed", context: seen } : { feed: "bestsellers" },
  scenario: "home-picks",
  variant,
  title: HEADLINES[variant ?? "A"],
  text: "After what you looked at. Say so when a thing is not for you.",
  mainId: seen[0],
});
recommend("recent", {
  from: { feed: "recently_viewed", own: true },
  title: "You looked at",
  text: "From the events of this browser. Nobody else gets this list.",
  testId: "recent",
});
