// The basket page: change quantities, remove products.

import { productUrl } from "./cards.js";
import { find, money } from "./catalogue.js";
import { byId, el, icon, tile } from "./dom.js";
import { layout, toast } from "./layout.js";
import { recommend } from "./recommendations.js";
import { addToBasket, takeFromBasket } from "./shop.js";
import { basket } from "./state.js";

layout();

const lines = () =>
  basket
    .lines()
    .map(({ id, quantity }) => ({ product: find(id), quantity }))
    .filter((line) => line.product);

function row({ product, quantity }) {
  const act = (what) => () => {
    what();
    draw();
    // The row was rendered again: restores the keyboard focus.
    const more = /** @type {HTMLElement | null} */ (document.querySelector(`[data-testid="more-${product.id}"]`));
    (more ?? byId("main")).focus();
  };
  return el(
    "li",
    { class: "line", "data-testid": `line-${product.id}` },
    tile(product),
    el("a", { class: "name", href: productUrl(product) }, product.name),
    el("span", { class: "price" }, money(product.cents * quantity)),
    el(
      "div",
      { class: "line-tools" },
      el(
        "div",
        { class: "stepper", role: "group", "aria-label": `Quantity of ${product.name}` },
        el(
          "button",
          {
            type: "button",
            "aria-label": "One less",
            "data-testid": `less-${product.id}`,
            on: { click: act(() => takeFromBasket(product, 1)) },
          },
          icon("minus"),
        ),
        el("output", { "data-testid": `quantity-${product.id}` }, String(quantity)),
        el(
          "button",
          {
            type: "button",
            "aria-label": "One more",
            "data-testid": `more-${product.id}`,
            on: { click: act(() => addToBasket(product, 1)) },
          },
          icon("plus"),
        ),
      ),
      el(
        "button",
        {
          type: "button",
          class: "link-button",
          "data-testid": `remove-${product.id}`,
          "aria-label": `Remove ${product.name}`,
          on: {
            click: act(() => {
              takeFromBasket(product, quantity);
              toast(`${product.name} removed`);
            }),
          },
        },
        icon("trash"),
        "Remove",
      ),
    ),
  );
}

function draw() {
  const all = lines();
  const total = all.reduce((sum, { product, quantity }) => sum + product.cents * quantity, 0);
  byId("basket").replaceChildren(
    ...(all.length === 0
      ? [
          el(
            "div",
            { class: "panel empty" },
            tile(find(203)),
            el("h2", {}, "Nothing in it yet"),
            el("p", { class: "muted" }, "The bread board is lonely."),
            el("a", { class: "button", href: "/" }, "Look around"),
          ),
        ]
      : [
          el(
            "div",
            { class: "columns" },
            el("ul", { class: "lines panel" }, ...all.map(row)),
            el(
              "section",
              { class: "panel", "aria-label": "Sum" },
              el("p", { class: "sum" }, el("span", {}, "Goods"), el("span", { class: "price" }, money(total))),
              el("p", { class: "sum" }, el("span", {}, "Delivery"), el("span", {}, "free")),
              el(
                "p",
                { class: "sum total" },
                el("span", {}, "Total"),
                el("span", { class: "price", "data-testid": "total" }, money(total)),
              ),
              el("a", { class: "button wide", href: "/checkout.html", "data-testid": "checkout" }, "To the checkout"),
            ),
          ),
        ]),
  );
}

draw();
window.addEventListener("pageshow", (event) => event.persisted && draw());
window.addEventListener("storage", draw);
recommend("recommended", {
  from: { feed: "bought_together", context: basket.lines().map((line) => line.id) },
  scenario: "basket-addons",
  title: "Before you go",
  text: "Small things that go with your basket.",
  mainId: basket.lines()[0]?.id,
});
