// The search: /search.html?q=light. A click on a result has its position in the list, and a form asks for feedback.
// Queries that this tab has made before are answered from the shop's own cache, which is tracked as well.

import { basketButton, card } from "./cards.js";
import { find, products } from "./catalogue.js";
import { byId, el, icon } from "./dom.js";
import { layout } from "./layout.js";
import { answeredFromCache, judgeSearch } from "./shop.js";
import { answers } from "./state.js";

const PAGE_SIZE = 6;
const POPULAR = ["light", "coffee", "garden", "paper"];
/** The weight of a word by the field that has it. */
/** @type {["name" | "kind" | "category" | "text", number][]} */
const WEIGHTS = [
  ["name", 100],
  ["kind", 80],
  ["category", 60],
  ["text", 40],
];

const parameters = new URLSearchParams(location.search);
const query = (parameters.get("q") ?? "").trim().slice(0, 100);
const page = Math.max(1, Math.trunc(Number(parameters.get("page"))) || 1);
const address = (q, number) => `/search.html?${new URLSearchParams(number > 1 ? { q, page: number } : { q })}`;

layout({ query });
byId("search-popular").append(
  el("span", { class: "muted" }, "Often looked for:"),
  ...POPULAR.map((word) => el("a", { href: address(word, 1), "data-testid": `search-${word}` }, word)),
);
if (query) show(search());

/** Replaces a search engine: the rank is the best field with any of the words. */
function ask() {
  const words = query.toLowerCase().split(/\s+/);
  const score = (product) =>
    Math.max(
      0,
      ...WEIGHTS.filter(([field]) => words.some((word) => product[field].toLowerCase().includes(word))).map(
        ([, weight]) => weight,
      ),
    );
  const hits = products.map((product) => ({ id: product.id, score: score(product) })).filter((hit) => hit.score > 0);
  return hits.sort((a, b) => b.score - a.score);
}

function search() {
  const started = performance.now();
  const key = query.toLowerCase();
  const known = answers.find(key);
  const hits = known ?? ask();
  const searchTimeMs = Math.ceil(performance.now() - started);
  if (known) {
    const scores = hits.map((hit) => hit.score);
    answeredFromCache({
      query,
      page,
      pageSize: PAGE_SIZE,
      hitCount: hits.length,
      searchTimeMs,
      minScore: Math.min(...scores, 100),
      maxScore: Math.max(...scores, 0),
      filters: [],
    });
  } else answers.add(key, hits);
  return { hits, cached: Boolean(known), searchTimeMs };
}

function show({ hits, cached, searchTimeMs }) {
  document.title = `${query} – Lumen & Loam`;
  byId("search-title").textContent = `“${query}”`;
  const count = hits.length === 1 ? "One thing" : `${hits.length} things`;
  byId("search-text").replaceChildren(
    hits.length === 0 ? "Nothing that we have" : count,
    `${cached ? ", from the shop's own cache" : ""}, in `,
    el("span", { "data-testid": "search-time" }, searchTimeMs),
    " ms.",
  );
  const first = (page - 1) * PAGE_SIZE;
  byId("results").replaceChildren(
    ...hits.slice(first, first + PAGE_SIZE).map(({ id, score }, index) =>
      card(find(id), {
        testId: `result-${id}`,
        buy: basketButton(find(id)),
        from: { query, position: first + index + 1, page, pageSize: PAGE_SIZE, score },
      }),
    ),
  );
  const pages = Math.ceil(hits.length / PAGE_SIZE);
  if (pages > 1)
    byId("search-pages").append(
      ...[...Array(pages).keys()].map((i) =>
        el(
          "a",
          {
            href: address(query, i + 1),
            "aria-label": `Page ${i + 1}`,
            "aria-current": i + 1 === page ? "page" : null,
          },
          String(i + 1),
        ),
      ),
    );
  askBack();
  // The engine can use the clicks only if the search has the same session.
  reco("ready", ({ sessionId }) => {
    if (sessionId)
      byId("search-text").append(" Asked in the session ", el("code", { "data-testid": "session" }, sessionId), ".");
  });
}

function askBack() {
  const message = el("input", {
    id: "feedback-message",
    maxlength: 300,
    autocomplete: "off",
    "data-testid": "feedback-message",
  });
  const section = byId("search-feedback");
  const answer = (positive) => () => {
    judgeSearch(query, positive, message.value.trim());
    section.replaceChildren(
      el(
        "p",
        { role: "status", "data-testid": "feedback-thanks" },
        positive ? "Good to hear." : "Thank you. We will look for it, too.",
      ),
    );
  };
  section.hidden = false;
  section.replaceChildren(
    el("h2", { id: "feedback-title" }, "Did you find it?"),
    el("div", { class: "field" }, el("label", { for: "feedback-message" }, "What was missing, if anything"), message),
    el(
      "div",
      { class: "ask-row" },
      el(
        "button",
        { type: "button", class: "button", "data-testid": "feedback-yes", on: { click: answer(true) } },
        icon("check"),
        "Yes",
      ),
      el(
        "button",
        { type: "button", class: "button quiet", "data-testid": "feedback-no", on: { click: answer(false) } },
        icon("ban"),
        "No",
      ),
    ),
  );
}
