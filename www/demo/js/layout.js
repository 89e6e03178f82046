// What every page has: header with basket count and account, footer, and a short message after an act.

import { el, icon, byId } from "./dom.js";
import { account, basket } from "./state.js";

const NAV = [["/", "Shop"], ["/article.html", "Journal"], ["/video.html", "Film"]];
const TOAST_MS = 2600;

const here = location.pathname === "/index.html" ? "/" : location.pathname;
const current = (href) => (href === here ? "page" : null);

function header() {
  const user = account.id;
  const count = basket.count();
  return el("div", { class: "wrap" },
    el("a", { class: "brand", href: "/" }, el("img", { src: "/favicon.svg", alt: "", width: 32, height: 32 }), "Lumen & Loam"),
    el("nav", { class: "site-nav", "aria-label": "Main" },
      ...NAV.map(([href, text]) => el("a", { href, "aria-current": current(href) }, text)),
      user
        ? el("a", { href: "/account.html", "data-testid": "nav-account", "aria-label": `Account of ${user}`, "aria-current": current("/account.html") }, icon("user"), el("span", { class: "account-name" }, user))
        : el("a", { href: "/login.html", "data-testid": "nav-login", "aria-current": current("/login.html") }, "Log in"),
      el("a", { href: "/basket.html", "data-testid": "nav-basket", "aria-label": `Basket, ${count} ${count === 1 ? "item" : "items"}`, "aria-current": current("/basket.html") },
        icon("basket"), el("span", { class: "badge", "data-testid": "basket-count" }, String(count)))));
}

/** Draws the frame, and again whenever another act, tab or a return from the back/forward cache changed it. */
export function layout() {
  const draw = () => byId("site-header").replaceChildren(header());
  draw();
  byId("site-footer").replaceChildren(el("div", { class: "wrap" },
    el("p", {}, "A demo shop. Nothing is for sale: it shows how a shop uses recobeacon, and the event inspector shows what the collector stored.")));
  window.addEventListener("shop-changed", draw);
  window.addEventListener("storage", draw);
  window.addEventListener("pageshow", (event) => event.persisted && draw());
}

let toastTimer;

/** Says what happened, to eyes and to screen readers. */
export function toast(message) {
  let box = byId("toast");
  if (!box) {
    box = el("div", { id: "toast", class: "toast", role: "status", "data-testid": "toast" });
    document.body.append(box);
  }
  box.textContent = message;
  // The region has to be there for a frame before it changes, or screen readers and the transition miss it.
  requestAnimationFrame(() => box.classList.add("shown"));
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), TOAST_MS);
}
