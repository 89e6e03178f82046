// A stored event as a row of the inspector. Stored data can come from any client, so it is always shown as text.

import { find } from "./catalogue.js";
import { el, icon } from "./dom.js";

// type: [icon, hue]
const LOOKS = {
  click: ["pointer", 205],
  consume: ["gauge", 265],
  basket: ["basket", 150],
  deleteFromBasket: ["basket-minus", 20],
  wishlist: ["heart", 340],
  deleteFromWishlist: ["heart-off", 20],
  buy: ["receipt", 95],
  rate: ["star", 45],
  owns: ["heart", 120],
  blacklist: ["ban", 5],
  rendered: ["eye", 190],
  clickRecommended: ["spark", 55],
  login: ["user", 285],
  triggerOpened: ["mail", 230],
  clickTriggered: ["mail", 230],
  feedback: ["chat", 120],
  cacheHit: ["search", 175],
  landingPageClick: ["flag", 310],
  predictiveBasketClick: ["clock", 80],
};
const OTHER_LOOK = ["dot", 220];
const VENDORS = { ibexa: "Ibexa", yoochoose: "YOOCHOOSE", factfinder: "FACT-Finder", intempt: "Intempt" };
export const TYPES = Object.keys(LOOKS);

const HASH_SHOWN = 6;
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

const nameOf = (itemId) => find(itemId)?.name;

/** The subject of the event. */
function subject(row) {
  if (Array.isArray(row.items)) {
    const names = row.items.map((item) => nameOf(item?.itemId) ?? `#${item?.itemId}`);
    return names.length > 2 ? `${names.slice(0, 2).join(", ")} + ${names.length - 2}` : names.join(", ");
  }
  if (row.query !== undefined) return `“${row.query}”`;
  if (row.itemId === undefined) return row.type === "login" ? "visitor joined to account" : "";
  return nameOf(row.itemId) ?? `#${row.itemId}`;
}

/** The one or two most important facts for the event's type. */
function facts(row) {
  return [
    row.percentage !== undefined && `${row.percentage} %`,
    row.rating !== undefined && `rated ${row.rating}`,
    row.quantity !== undefined && `${row.quantity} ×`,
    row.price,
    row.orderId,
    row.scenario,
    row.triggerName,
    row.campaign,
    row.search && `“${row.search.query}”, place ${row.search.position}`,
    row.positive !== undefined && (row.positive ? "found" : "not found"),
    row.hitCount !== undefined && `${row.hitCount} hits`,
    row.source !== "batch" && `as ${VENDORS[row.source] ?? row.source}`,
  ]
    .filter(Boolean)
    .map(String);
}

/** A shortened keyed hash in a colour of its own, so that the same visitor is easy to recognise. */
function person(kind, hash) {
  if (typeof hash !== "string") return null;
  const dot = el("i", {});
  dot.style.setProperty("--hue", Number.parseInt(hash.slice(0, 4), 16) % 360 || 0);
  return el("span", { class: "person", title: `${kind}: ${hash}` }, dot, `${kind} ${hash.slice(0, HASH_SHOWN)}`);
}

export function eventRow(row) {
  const [picture, hue] = Object.hasOwn(LOOKS, row.type) ? LOOKS[row.type] : OTHER_LOOK;
  const at = new Date(row.at);
  const json = el("pre", { tabindex: 0, "aria-label": "Stored event as JSON" });
  const details = el(
    "details",
    {
      on: {
        // Rendered when first opened, because most rows are not opened.
        toggle: () => {
          if (json.textContent === "") json.textContent = JSON.stringify(row, null, 2);
        },
      },
    },
    el(
      "summary",
      {},
      el("span", { class: "event-icon" }, icon(picture)),
      el("span", { class: "event-type" }, String(row.type)),
      el(
        "time",
        { datetime: Number.isNaN(at.getTime()) ? null : at.toISOString() },
        Number.isNaN(at.getTime()) ? "" : clock.format(at),
      ),
      el("span", { class: "event-subject" }, subject(row)),
      el(
        "span",
        { class: "event-facts" },
        ...facts(row).map((fact) => el("span", {}, fact)),
        person("account", row.user),
        person("visitor", row.anonymous),
      ),
    ),
    json,
  );
  const item = el(
    "li",
    {
      class: "event",
      "data-testid": "inspector-event",
      dataset: { type: String(row.type), row: String(row.row), item: String(row.itemId ?? "") },
    },
    details,
  );
  item.style.setProperty("--hue", hue);
  return item;
}
