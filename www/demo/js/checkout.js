// The checkout: makes an order of the basket and goes to the confirmation page, which tracks the purchase.

import { find, money } from "./catalogue.js";
import { byId, el } from "./dom.js";
import { layout } from "./layout.js";
import { basket, orders } from "./state.js";

layout();

const lines = basket
  .lines()
  .map(({ id, quantity }) => ({ id, quantity, cents: find(id)?.cents }))
  .filter((line) => line.cents !== undefined);

/** "LL-" and eight letters or digits, unique enough for a shop in one browser. */
function newOrderId() {
  const random = crypto.getRandomValues(new Uint32Array(2));
  return `LL-${[...random]
    .map((n) => n.toString(36).padStart(4, "0").slice(-4))
    .join("")
    .toUpperCase()}`;
}

if (lines.length === 0) {
  byId("order").replaceChildren(
    el(
      "div",
      { class: "panel empty" },
      el("h2", {}, "Your basket is empty"),
      el("p", { class: "muted" }, "There is nothing to order."),
      el("a", { class: "button", href: "/" }, "Back to the shop"),
    ),
  );
} else {
  const total = lines.reduce((sum, line) => sum + line.cents * line.quantity, 0);
  byId("summary").replaceChildren(
    ...lines.map(({ id, quantity, cents }) =>
      el(
        "p",
        { class: "sum" },
        el("span", {}, `${quantity} × ${find(id).name}`),
        el("span", { class: "price" }, money(cents * quantity)),
      ),
    ),
    el("p", { class: "sum total" }, el("span", {}, "Total"), el("span", { class: "price" }, money(total))),
  );
}

byId("order").addEventListener("submit", (event) => {
  event.preventDefault();
  const orderId = newOrderId();
  orders.add({ orderId, lines, at: new Date().getTime() });
  basket.clear();
  // replace(): going back from the confirmation must not lead to a checkout without basket.
  location.replace(`/thanks.html?order=${orderId}`);
});
// Until this module runs, a submit would be a form submission by the browser, which the page's policy forbids.
const placeOrder = /** @type {HTMLButtonElement | null} */ (document.querySelector('[data-testid="place-order"]'));
if (placeOrder) placeOrder.disabled = false;
