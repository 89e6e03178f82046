// One product: /product.html?id=101

import { productUrl, wishButton } from "./cards.js";
import { find, money, products } from "./catalogue.js";
import { byId, el, icon, tile } from "./dom.js";
import { layout, toast } from "./layout.js";
import { recommend } from "./recommendations.js";
import { addToBasket, notInterested, openProduct, rate } from "./shop.js";
import { hidden, rating } from "./state.js";

const STARS = [1, 2, 3, 4, 5];
const MOST = 9;

layout();

const product = find(new URLSearchParams(location.search).get("id"));
if (product && products.includes(product)) show();
else
  byId("product").replaceChildren(
    el(
      "div",
      { class: "empty" },
      el("h1", {}, "We do not have that"),
      el("p", { class: "muted" }, "The address names no product of this shop."),
      el("a", { class: "button", href: "/" }, "Back to the shop"),
    ),
  );

function show() {
  document.title = `${product.name} – Lumen & Loam`;
  openProduct(product, arrival());
  byId("product").replaceChildren(
    el(
      "nav",
      { class: "crumbs", "aria-label": "Breadcrumb" },
      el("a", { href: "/" }, "Shop"),
      " / ",
      el("a", { href: `/?category=${product.category}` }, product.category),
      ` / ${product.kind}`,
    ),
    el(
      "div",
      { class: "product" },
      tile(product, `Drawing: ${product.name}`),
      el(
        "div",
        {},
        el("h1", {}, product.name),
        el("p", { class: "big-price" }, money(product.cents)),
        el("p", {}, product.text),
        el(
          "ul",
          { class: "facts" },
          el("li", {}, "With you in two to three days"),
          el("li", {}, "Thirty days to send it back"),
        ),
        buyRow(),
        el(
          "div",
          { class: "buy-row" },
          wishButton(product, { className: "button quiet", text: "Wishlist" }),
          refuseButton(),
        ),
        stars(),
      ),
    ),
  );
  recommend("recommended", {
    from: { feed: "also_viewed", context: [product.id] },
    scenario: "product-similar",
    title: "Goes well with it",
    text: "Opened by people who looked at this.",
    ownText: "The shop's own choice, until other visitors have looked at this.",
    except: [product.id],
    mainId: product.id,
  });
}

/** The visitor's origin as given by the link. It is used once: a reloaded or shared page has no origin. */
function arrival() {
  const said = new URLSearchParams(location.search);
  if (said.has("query") || said.has("trigger")) history.replaceState(null, "", productUrl(product));
  const number = (name) => Number(said.get(name));
  return {
    triggerName: said.get("trigger"),
    search: said.get("query")
      ? {
          query: said.get("query"),
          position: number("position"),
          page: number("page"),
          pageSize: number("pageSize"),
          score: number("score"),
        }
      : undefined,
  };
}

function buyRow() {
  let quantity = 1;
  const output = el("output", { "aria-live": "polite", "data-testid": "quantity" }, "1");
  const step = (by) => () => {
    quantity = Math.min(MOST, Math.max(1, quantity + by));
    output.textContent = String(quantity);
  };
  return el(
    "div",
    { class: "buy-row" },
    el(
      "div",
      { class: "stepper", role: "group", "aria-label": "Quantity" },
      el(
        "button",
        { type: "button", "aria-label": "One less", "data-testid": "less", on: { click: step(-1) } },
        icon("minus"),
      ),
      output,
      el(
        "button",
        { type: "button", "aria-label": "One more", "data-testid": "more", on: { click: step(1) } },
        icon("plus"),
      ),
    ),
    el(
      "button",
      {
        type: "button",
        class: "button",
        "data-testid": "add-to-basket",
        on: {
          click: () => {
            addToBasket(product, quantity);
            toast(`${quantity} × ${product.name} in your basket`);
          },
        },
      },
      icon("basket"),
      "Add to basket",
    ),
  );
}

function refuseButton() {
  const button = el(
    "button",
    { type: "button", class: "button quiet", "data-testid": "not-interested" },
    icon("ban"),
    "Not interested",
  );
  const draw = () => {
    const done = hidden.has(product.id);
    button.disabled = done;
    if (done) button.replaceChildren(icon("check"), "Noted");
  };
  button.addEventListener("click", () => {
    notInterested(product);
    draw();
    toast(`We will not recommend ${product.name} again`);
  });
  draw();
  return button;
}

function stars() {
  const buttons = STARS.map((n) =>
    el(
      "button",
      {
        type: "button",
        "data-testid": `rate-${n}`,
        "aria-label": n === 1 ? "1 star" : `${n} stars`,
        on: {
          click: () => {
            rate(product, n);
            draw();
            toast(`You gave ${n} of 5 stars`);
          },
        },
      },
      icon("star"),
    ),
  );
  const draw = () =>
    buttons.forEach((button, index) => {
      const mine = rating.of(product.id);
      button.classList.toggle("on", index < mine);
      button.setAttribute("aria-pressed", String(index + 1 === mine));
    });
  draw();
  return el(
    "div",
    { class: "rating", role: "group", "aria-label": "Your rating" },
    el("span", {}, "Your rating"),
    el("div", { class: "stars" }, ...buttons),
  );
}
