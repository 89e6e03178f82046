// Product cards, and controls that several pages use.

import { money } from "./catalogue.js";
import { el, icon, tile } from "./dom.js";
import { toast } from "./layout.js";
import { addToBasket, toggleWish } from "./shop.js";
import { wishlist } from "./state.js";

export const productUrl = (product, from) => `/product.html?${new URLSearchParams({ id: product.id, ...from })}`;

/**
 * A toggle button with a heart. `className` and `text` make it a round button on a card or a wide one on the product's
 * page.
 * @param {import("./catalogue.js").Product} product
 * @param {{ className: string, text?: string | null, onChange?: (on: boolean) => void }} options
 */
export function wishButton(product, { className, text = null, onChange = () => {} }) {
  const button = el("button", { type: "button", class: className, "data-testid": "wishlist" });
  const draw = () => {
    const on = wishlist.has(product.id);
    button.setAttribute("aria-pressed", String(on));
    button.replaceChildren(icon(on ? "heart-full" : "heart"), ...(text ? [text] : []));
  };
  if (!text) button.setAttribute("aria-label", `Wishlist: ${product.name}`);
  button.addEventListener("click", () => {
    const on = toggleWish(product);
    draw();
    toast(on ? `${product.name} is on your wishlist` : `${product.name} is off your wishlist`);
    onChange(on);
  });
  draw();
  return button;
}

export function basketButton(product) {
  return el(
    "button",
    {
      type: "button",
      class: "round",
      "data-testid": "add-to-basket",
      "aria-label": `Add to basket: ${product.name}`,
      on: {
        click: () => {
          addToBasket(product, 1);
          toast(`${product.name} is in your basket`);
        },
      },
    },
    icon("plus"),
  );
}

/**
 * `corner`: a button on the picture; `buy`: a button beside the price; `from`: parameters that tell the product's page
 * the visitor's origin; `onOpen` is called on a click on the link, and does not stop the navigation.
 */
export function card(product, { testId, corner = null, buy = null, from = null, onOpen = null }) {
  const link = el("a", { class: "card-link", href: productUrl(product, from) }, product.name);
  if (onOpen) {
    link.addEventListener("click", onOpen);
    // A middle click opens a tab and counts as a click on a recommendation. A right click does not count.
    link.addEventListener("auxclick", (event) => event.button === 1 && onOpen(event));
  }
  return el(
    "li",
    { class: "card", "data-testid": testId, "data-category": product.category },
    tile(product),
    link,
    el("div", { class: "price-row" }, el("span", { class: "price" }, money(product.cents)), buy),
    corner,
  );
}
