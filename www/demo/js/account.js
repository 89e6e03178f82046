// The account page: name, wishlist, orders.

import { basketButton, card, wishButton } from "./cards.js";
import { find, money, products } from "./catalogue.js";
import { byId, el } from "./dom.js";
import { layout } from "./layout.js";
import { recommend } from "./recommendations.js";
import { logOut, openPredicted } from "./shop.js";
import { account, orders, wishlist } from "./state.js";

if (!account.id) location.replace("/login.html");
layout();

byId("account-name").textContent = account.id ?? "";
byId("logout").addEventListener("click", () => {
  logOut();
  location.assign("/login.html");
});

function drawWishlist() {
  const wished = wishlist.all().map(find).filter(Boolean);
  byId("wishlist").replaceChildren(
    ...wished.map((product) =>
      card(product, {
        testId: `wish-${product.id}`,
        corner: wishButton(product, {
          className: "round tile-button",
          onChange: () => {
            drawWishlist();
            byId("main").focus();
          },
        }),
        buy: basketButton(product),
      }),
    ),
  );
  byId("wishlist-empty").hidden = wished.length > 0;
}

/** Replaces a recommendation engine: products ordered before, then everyday products. */
const EVERYDAY = [104, 304, 401, 403];
const ordered = orders.all().flatMap(({ lines }) => lines.map((line) => line.id));
const predicted = [...new Set([...ordered, ...EVERYDAY])]
  .map(find)
  .filter((item) => products.includes(item))
  .slice(0, EVERYDAY.length);
byId("predicted").append(
  ...predicted.map((product) =>
    card(product, {
      testId: `predicted-${product.id}`,
      onOpen: () => openPredicted(product),
      buy: basketButton(product),
    }),
  ),
);

recommend("waiting", {
  from: { feed: "recently_added_to_cart", own: true },
  title: "Waiting in your basket",
  text: "From the events of this browser: added, not removed, not bought.",
  testId: "waiting",
});

drawWishlist();
const placed = orders.all();
byId("orders-empty").hidden = placed.length > 0;
byId("orders").replaceChildren(
  ...placed.map(({ orderId, lines, at }) =>
    el(
      "li",
      { class: "sum" },
      el("a", { href: `/thanks.html?order=${encodeURIComponent(orderId)}` }, orderId),
      el("span", { class: "muted" }, new Date(at).toLocaleDateString("en-IE", { dateStyle: "medium" })),
      el("span", { class: "price" }, money(lines.reduce((sum, line) => sum + line.cents * line.quantity, 0))),
    ),
  ),
);
