// The journal: the tracker measures how far the article was read, by the time it was visible and the reader active, or
// by scrolling.

import { article, categoryPath, ITEM_TYPE } from "./catalogue.js";
import { byId } from "./dom.js";
import { layout } from "./layout.js";

const QUICK_MS = 20_000;
const REDRAW_MS = 200;

layout();

const words = byId("text").textContent.trim().split(/\s+/).length;
const item = { itemId: article.id, itemType: ITEM_TYPE.article };
reco("click", { ...item, categoryPath: categoryPath(article) });

// ?by=words: at reading speed; ?by=scroll: by scroll depth. The default is quick, so that the effect is visible soon.
const MEASURES = { time: { fullAfterMs: QUICK_MS }, words: { words }, scroll: { element: byId("text") } };
const wanted = new URLSearchParams(location.search).get("by");
const by = Object.hasOwn(MEASURES, wanted) ? wanted : "time";
byId(`by-${by}`).setAttribute("aria-current", "true");
byId("words").textContent = String(words);

reco("ready", (tracker) => {
  const timer = tracker.consumeTimer(item, { by, ...MEASURES[by] });
  if (!timer) return;
  setInterval(() => {
    byId("read").textContent = `${timer.percentage} %`;
    byId("bar").style.setProperty("--done", timer.percentage);
  }, REDRAW_MS);
});
