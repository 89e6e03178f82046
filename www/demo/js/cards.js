// Product cards, and the controls that stand on several pages.

import { money } from "./catalogue.js";
import { el, icon, tile } from "./dom.js";
import { toast } from "./layout.js";
import { addToBasket, toggleWish } from "./shop.js";
import { wishlist } from "./state.js";

export const productUrl = (product, from) => `/product.html?${new URLSearchParams({ id: product.id, ...from })}`;

/**
 * A heart that toggles; `className` and `text` make it a round button on a card or a wide one on the product's page.
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
 * `corner`: a button on the picture; `buy`: one beside the price; `from`: parameters that tell the product's page where the visitor comes
 * from; `onOpen` is called on the link's click, the navigation goes on by itself.
 */
export function card(product, { testId, corner = null, buy = null, from = null, onOpen = null }) {
  const link = el("a", { class: "card-link", href: productUrl(product, from) }, product.name);
  if (onOpen) {
    link.addEventListener("click", onOpen);
    // A middle click opens a tab and is a click on a recommendation all the same; a right click is not.
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
