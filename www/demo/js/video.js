// The film: the tracker measures which parts of it were played.

import { categoryPath, film, ITEM_TYPE } from "./catalogue.js";
import { byId } from "./dom.js";
import { layout } from "./layout.js";

const REDRAW_MS = 200;

layout();

const item = { itemId: film.id, itemType: ITEM_TYPE.film };
reco("click", { ...item, categoryPath: categoryPath(film) });

reco("ready", (tracker) => {
  const timer = tracker.consumeTimer(item, { by: "media", element: byId("film") });
  if (!timer) return;
  setInterval(() => {
    byId("seen").textContent = `${timer.percentage} %`;
    byId("bar").style.setProperty("--done", timer.percentage);
  }, REDRAW_MS);
});
