// The confirmation page: tracks the purchase. Reloads and returns do not count it again.

import { find, money } from "./catalogue.js";
import { byId, el, tile } from "./dom.js";
import { layout } from "./layout.js";
import { confirmOrder } from "./shop.js";
import { orders } from "./state.js";

layout();

const order = orders.find(new URLSearchParams(location.search).get("order"));

if (order) {
  confirmOrder(order, find);
  const total = order.lines.reduce((sum, line) => sum + line.cents * line.quantity, 0);
  byId("thanks").replaceChildren(
    el("h1", {}, "Thank you"),
    el(
      "p",
      {},
      "Order ",
      el("span", { class: "order-id", "data-testid": "order-id" }, order.orderId),
      " is on its way, in spirit. Reload this page as often as you like: the purchase is counted once.",
    ),
    el(
      "div",
      { class: "panel" },
      el(
        "ul",
        { class: "lines" },
        ...order.lines.map(({ id, quantity, cents }) =>
          el(
            "li",
            { class: "line" },
            tile(find(id)),
            el("span", { class: "name" }, find(id).name),
            el("span", { class: "price" }, money(cents * quantity)),
            el("span", { class: "line-tools muted" }, `${quantity} × ${money(cents)}`),
          ),
        ),
      ),
      el("p", { class: "sum total" }, el("span", {}, "Total"), el("span", { class: "price" }, money(total))),
      el("a", { class: "button", href: "/" }, "Back to the shop"),
    ),
  );
}
