// All imports of the module. scripts/build.mjs and the browser tests bundle this file.

export { setCookie } from "./cookies.js";
export { now, signals } from "./env.js";
export { note, scheduleFetchLater, send } from "./fetch.js";
export { flatten } from "./flatten.js";
export { notify, settled, warn } from "./messages.js";
export { claim, forget } from "./outbox-lock.js";
export { listen, woken } from "./page.js";
export { keep, stored } from "./storage.js";
