// The parts of every page: header with search, basket count and account, footer, and short messages.

import { byId, el, icon } from "./dom.js";
import { account, basket } from "./state.js";

const NAV = [
  ["/", "Shop"],
  ["/article.html", "Journal"],
  ["/video.html", "Film"],
  ["/attributes.html", "No code"],
];
const PROTOCOLS = {
  batch: "Batch",
  ibexa: "Ibexa",
  yoochoose: "YOOCHOOSE",
  factfinder: "FACT-Finder",
  factfinder7: "FACT-Finder 7",
  intempt: "Intempt",
};
const TOAST_MS = 2600;

const here = location.pathname === "/index.html" ? "/" : location.pathname;
const current = (href) => (href === here ? "page" : null);

/** The protocol selector of the demo, see tracking.js. */
function chooser() {
  const chosen = document.documentElement.dataset.protocol;
  const address = (protocol) => {
    const parameters = new URLSearchParams(location.search);
    parameters.set("protocol", protocol);
    return `${here}?${parameters}`;
  };
  const details = el(
    "details",
    { class: "speaks", "data-testid": "protocol" },
    el("summary", {}, "Speaks ", el("strong", {}, PROTOCOLS[chosen]), icon("chevron")),
    el(
      "ul",
      {},
      ...Object.entries(PROTOCOLS).map(([protocol, name]) =>
        el(
          "li",
          {},
          el(
            "a",
            {
              href: address(protocol),
              "aria-current": protocol === chosen ? "true" : null,
              "data-testid": `protocol-${protocol}`,
            },
            name,
          ),
        ),
      ),
    ),
  );
  document.addEventListener("click", (event) => {
    if (!details.contains(event.target)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
    event.stopPropagation();
  });
  return el("div", { class: "demo-bar" }, el("div", { class: "wrap" }, el("span", {}, "A demo shop"), details));
}

function searchForm(query) {
  const input = el("input", {
    type: "search",
    name: "q",
    value: query,
    placeholder: "Search",
    "aria-label": "Search the shop",
    maxlength: 100,
    enterkeyhint: "search",
    "data-testid": "search-input",
  });
  return el(
    "form",
    {
      class: "search",
      role: "search",
      on: {
        submit(event) {
          // The page's policy forbids form submission.
          event.preventDefault();
          const q = input.value.trim();
          if (q) location.assign(`/search.html?${new URLSearchParams({ q })}`);
          else input.focus();
        },
      },
    },
    input,
    el("button", { type: "submit", "aria-label": "Search", "data-testid": "search-submit" }, icon("search")),
  );
}

function links() {
  const user = account.id;
  const count = basket.count();
  return [
    ...NAV.map(([href, text]) => el("a", { href, "aria-current": current(href) }, text)),
    user
      ? el(
          "a",
          {
            href: "/account.html",
            "data-testid": "nav-account",
            "aria-label": `Account of ${user}`,
            "aria-current": current("/account.html"),
          },
          icon("user"),
          el("span", { class: "account-name" }, user),
        )
      : el("a", { href: "/login.html", "data-testid": "nav-login", "aria-current": current("/login.html") }, "Log in"),
    el(
      "a",
      {
        href: "/basket.html",
        "data-testid": "nav-basket",
        "aria-label": `Basket, ${count} ${count === 1 ? "item" : "items"}`,
        "aria-current": current("/basket.html"),
      },
      icon("basket"),
      el("span", { class: "badge", "data-testid": "basket-count" }, String(count)),
    ),
  ];
}

/** Renders the frame, and its links again after a change by an action, by another tab, or in the back/forward cache. */
export function layout({ query = "" } = {}) {
  const nav = el("nav", { class: "site-nav", "aria-label": "Main" });
  const draw = () => nav.replaceChildren(...links());
  draw();
  byId("site-header").replaceChildren(
    chooser(),
    el(
      "div",
      { class: "wrap" },
      el(
        "a",
        { class: "brand", href: "/" },
        el("img", { src: "/favicon.svg", alt: "", width: 32, height: 32 }),
        el("span", {}, "Lumen & Loam"),
      ),
      searchForm(query),
      nav,
    ),
  );
  byId("site-footer").replaceChildren(
    el(
      "div",
      { class: "wrap" },
      el(
        "p",
        {},
        "A demo shop. Nothing is for sale: it shows how a shop uses recobeacon, and the event inspector shows what the collector stored.",
      ),
      el(
        "p",
        {},
        el("a", { href: "/evenings.html" }, "Long evenings"),
        " · ",
        el("a", { href: "/mail.html" }, "Your mail"),
        " · ",
        el("a", { href: "/search.html?q=light" }, "Search"),
      ),
    ),
  );
  window.addEventListener("shop-changed", draw);
  window.addEventListener("storage", draw);
  window.addEventListener("pageshow", (event) => event.persisted && draw());
}

let toastTimer;

/** Shows a message, also to screen readers. */
export function toast(message) {
  let box = byId("toast");
  if (!box) {
    box = el("div", { id: "toast", class: "toast", role: "status", "data-testid": "toast" });
    document.body.append(box);
  }
  box.textContent = message;
  // The region must exist for a frame before it changes. Otherwise screen readers and the transition miss the change.
  requestAnimationFrame(() => box.classList.add("shown"));
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), TOAST_MS);
}
