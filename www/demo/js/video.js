// The film: how far it was played, in steps of ten per cent, as a shop measures it with the video element's own events.

import { categoryPath, film, ITEM_TYPE } from "./catalogue.js";
import { byId } from "./dom.js";
import { layout } from "./layout.js";

const STEP = 10;

layout();

const item = { itemId: film.id, itemType: ITEM_TYPE.film };
const video = byId("film");
let told = 0;

function progress() {
  if (!(video.duration > 0)) return;
  // The last frame's time can lie a little before the duration, but then the film has ended.
  const done = video.ended ? 100 : Math.floor((video.currentTime / video.duration) * 100);
  byId("seen").textContent = `${done} %`;
  byId("bar").style.setProperty("--done", done);
  const percentage = Math.floor(done / STEP) * STEP;
  if (percentage <= told) return;
  told = percentage;
  reco("consume", { ...item, percentage });
}

reco("click", { ...item, categoryPath: categoryPath(film) });
video.addEventListener("timeupdate", progress);
video.addEventListener("ended", progress);
