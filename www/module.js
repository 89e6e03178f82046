// The module's functions, once it is compiled.

import { call, flush, happened, id, initSync, percentage, start, stats } from "recobeacon-glue";

export function bind(module) {
  initSync({ module });
  return { call, flush, happened, id, percentage, start, stats };
}
