// Trigger mails as a page: opening a letter, and following its link to the product. In a real letter, opening is an
// image request, and the recommendation engine makes the link.

import { card } from "./cards.js";
import { find } from "./catalogue.js";
import { byId, el, icon } from "./dom.js";
import { layout } from "./layout.js";
import { openLetter } from "./shop.js";
import { basket, wishlist } from "./state.js";

layout();

const LETTERS = [
  {
    trigger: "price-drop",
    subject: "Something you wished for costs less",
    text: "We looked at our prices, and this one came down. It will not stay there for ever.",
    product: find(wishlist.all()[0]) ?? find(103),
  },
  {
    trigger: "basket-reminder",
    subject: "You left something in your basket",
    text: "It is still there, and so are we. No hurry.",
    product: find(basket.lines()[0]?.id) ?? find(201),
  },
];

byId("letters").append(
  ...LETTERS.map(({ trigger, subject, text, product }) => {
    let opened = false;
    return el(
      "details",
      {
        class: "panel letter",
        "data-testid": `letter-${trigger}`,
        on: {
          toggle(event) {
            if (!event.target.open || opened) return;
            opened = true;
            openLetter(trigger);
          },
        },
      },
      el(
        "summary",
        {},
        icon("mail"),
        el("span", {}, el("strong", {}, subject), el("span", { class: "muted" }, " Lumen & Loam")),
      ),
      el("p", {}, text),
      el("ul", { class: "grid" }, card(product, { testId: `letter-item-${trigger}`, from: { trigger } })),
    );
  }),
);
