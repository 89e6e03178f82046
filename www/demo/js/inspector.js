// The event inspector: the collector's stored events as they arrive, and the state of this page's tracker. A panel on
// the right of wide screens, a sheet at the bottom of narrow ones. It belongs to the demo only.

import { el, icon } from "./dom.js";
import { follow } from "./inspector-feed.js";
import { eventRow, TYPES } from "./inspector-row.js";

const FIRST_ROWS = 50;
const MOST_ROWS = 300;
const MOST_WARNINGS = 20;
const STATS_MS = 400;
const ANNOUNCE_MS = 1_500;
const MEMORY = "demo_inspector";
const WIDE = window.matchMedia("(min-width: 1100px)");
const STATES = {
  connecting: "connecting",
  live: "live",
  paused: "paused",
  unreachable: "no collector",
  forbidden: "not shown here",
};
const COUNTS = ["accepted", "queued", "sent", "acknowledged", "merged", "dropped", "rejected"];

// ---- state kept between pages

function recall() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY)) ?? {};
  } catch {
    return {};
  }
}
const memory = { wide: true, narrow: false, filter: "", cleared: 0, seen: 0, ...recall() };
function remember(changes) {
  Object.assign(memory, changes);
  try {
    localStorage.setItem(MEMORY, JSON.stringify(memory));
  } catch {
    // Storage is refused: kept for this page only.
  }
}

// ---- the panel

const count = el("span", { class: "inspector-count", "data-testid": "inspector-count" }, "0");
const state = el("span", { class: "inspector-state", "data-testid": "inspector-state" });
const toggle = el(
  "button",
  { type: "button", class: "inspector-bar", "aria-controls": "inspector-body", "data-testid": "inspector-toggle" },
  el("span", { class: "inspector-dot", "aria-hidden": "true" }),
  el("strong", {}, "Stored events"),
  count,
  state,
  icon("chevron"),
);
const filter = el(
  "select",
  { id: "inspector-filter", "data-testid": "inspector-filter" },
  el("option", { value: "" }, "All types"),
  ...TYPES.map((type) => el("option", { value: type }, type)),
);
const flush = el(
  "button",
  { type: "button", "data-testid": "inspector-flush", title: "Send what the tracker still holds" },
  icon("send"),
  "Send now",
);
const clear = el("button", { type: "button", "data-testid": "inspector-clear" }, icon("trash"), "Clear");
const list = el("ol", { class: "inspector-list", reversed: true });
const empty = el("p", { class: "inspector-empty" });
const stats = Object.fromEntries(COUNTS.map((name) => [name, el("dd", { "data-testid": `stats-${name}` }, "–")]));
const warnings = el("ul", {
  class: "inspector-warnings",
  role: "status",
  hidden: true,
  "data-testid": "inspector-warnings",
});
const announcement = el("p", { class: "visually-hidden", role: "status" });
const panel = el(
  "aside",
  { id: "inspector", class: "inspector", "aria-label": "Event inspector", "data-testid": "inspector" },
  toggle,
  el(
    "div",
    { id: "inspector-body", class: "inspector-body" },
    el(
      "div",
      { class: "inspector-tools" },
      el("label", { class: "visually-hidden", for: "inspector-filter" }, "Show"),
      filter,
      flush,
      clear,
    ),
    el("div", { class: "inspector-scroll" }, empty, list),
    el(
      "div",
      { class: "inspector-stats" },
      el("h2", {}, "Tracker on this page"),
      el("dl", {}, ...COUNTS.map((name) => el("div", {}, el("dt", {}, name), stats[name]))),
      warnings,
    ),
  ),
  announcement,
);

function draw() {
  const open = WIDE.matches ? memory.wide : memory.narrow;
  document.documentElement.dataset.inspector = open ? "open" : "closed";
  toggle.setAttribute("aria-expanded", String(open));
}

function setOpen(open) {
  remember({ [WIDE.matches ? "wide" : "narrow"]: open });
  draw();
}

function drawRows() {
  const rows = [...list.children];
  const shown = rows.filter((row) => memory.filter === "" || row.dataset.type === memory.filter);
  for (const row of rows) row.hidden = !shown.includes(row);
  empty.hidden = shown.length > 0;
  if (panel.dataset.state === "forbidden")
    empty.textContent =
      "Stored events are shown on the machine that the collector runs on, when it was started with --inspector. What you do here is tracked all the same.";
  else
    empty.textContent =
      memory.filter === ""
        ? "Nothing here yet. Open a product, or put one in the basket."
        : `No ${memory.filter} among the events shown.`;
  count.textContent = memory.filter === "" ? String(rows.length) : `${shown.length} of ${rows.length}`;
}

toggle.addEventListener("click", () => setOpen(toggle.getAttribute("aria-expanded") !== "true"));
document.addEventListener("keydown", (event) => {
  // On a narrow screen the sheet covers the shop, so Escape closes it from everywhere. On a wide one only from within.
  if (
    event.key !== "Escape" ||
    toggle.getAttribute("aria-expanded") !== "true" ||
    (WIDE.matches && !panel.contains(event.target))
  )
    return;
  setOpen(false);
  toggle.focus();
});
WIDE.addEventListener("change", draw);
clear.addEventListener("click", () => {
  remember({ cleared: memory.seen });
  list.replaceChildren();
  drawRows();
});
filter.addEventListener("change", () => {
  remember({ filter: filter.value });
  drawRows();
});

// ---- rows

let unsaid = [];

/** Announces new events to a screen reader, a few at a time and without interrupting. */
function announce(types) {
  const waiting = unsaid.length > 0;
  unsaid.push(...types);
  if (waiting) return;
  setTimeout(() => {
    announcement.textContent = `${unsaid.length} stored: ${[...new Set(unsaid)].join(", ")}`;
    unsaid = [];
  }, ANNOUNCE_MS);
}

/** Adds rows, oldest first. `live`: they were stored just now. */
function add(rows, live) {
  const newest = rows.at(-1).row;
  // A new database begins at 1 again, and the last cleared row has no meaning there.
  remember({ seen: newest, cleared: memory.cleared > newest ? 0 : memory.cleared });
  const wanted = rows.filter((row) => row.row > memory.cleared).slice(-MOST_ROWS);
  for (const { type } of wanted) {
    if (![...filter.options].some((option) => option.value === type))
      filter.append(el("option", { value: type }, type));
  }
  const fresh = wanted.map(eventRow).reverse();
  if (live) for (const row of fresh) row.classList.add("fresh");
  list.prepend(...fresh);
  while (list.children.length > MOST_ROWS) list.lastElementChild.remove();
  drawRows();
  if (live) announce(wanted.map((row) => row.type));
}

document.body.append(panel);
filter.value = memory.filter;
if (filter.selectedIndex < 0) filter.value = memory.filter = "";
draw();
drawRows();
follow({
  count: FIRST_ROWS,
  near: memory.seen,
  onRows(rows, live) {
    add(rows, live);
    if (live) for (const row of rows) window.dispatchEvent(new CustomEvent("stored", { detail: row }));
  },
  onState(name) {
    panel.dataset.state = name;
    state.textContent = STATES[name];
    drawRows();
  },
});

// ---- the tracker's own view

reco("ready", (tracker) => {
  const read = () => {
    const now = tracker.stats();
    for (const name of COUNTS) {
      const text = String(now[name] ?? "–");
      if (stats[name].textContent !== text) stats[name].textContent = text;
    }
  };
  read();
  setInterval(read, STATS_MS);
  flush.addEventListener("click", () => tracker.flush().then(read));
});

// Not inside "ready", because early calls are checked, and give warnings, before that. For the same reason the pages
// load this module before their own.
// their own.
reco("on", "warning", ({ code, message }) => {
  warnings.hidden = false;
  warnings.prepend(el("li", { dataset: { code } }, el("strong", {}, code), ` ${message}`));
  while (warnings.children.length > MOST_WARNINGS) warnings.lastElementChild.remove();
});
