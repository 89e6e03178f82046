// The journal: the tracker measures how far the article has been read, by the time it was visible and the reader active.

import { article, categoryPath, ITEM_TYPE } from "./catalogue.js";
import { byId } from "./dom.js";
import { layout } from "./layout.js";

const QUICK_MS = 20_000;
const REDRAW_MS = 200;

layout();

const words = byId("text").textContent.trim().split(/\s+/).length;
const item = { itemId: article.id, itemType: ITEM_TYPE.article };
reco("click", { ...item, categoryPath: categoryPath(article) });

// ?by=words: at a reader's pace. Otherwise quick, so that nobody has to wait to see it work.
const byWords = new URLSearchParams(location.search).get("by") === "words";
byId(byWords ? "by-words" : "by-time").setAttribute("aria-current", "true");
byId("words").textContent = String(words);

reco("ready", (tracker) => {
  const timer = tracker.consumeTimer(item, byWords ? { by: "words", words } : { by: "time", fullAfterMs: QUICK_MS });
  if (!timer) return;
  setInterval(() => {
    byId("read").textContent = `${timer.percentage} %`;
    byId("bar").style.setProperty("--done", timer.percentage);
  }, REDRAW_MS);
});
