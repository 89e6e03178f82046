// The module's functions, once it is compiled.

import { call, flush, id, initSync, percentage, start, stats } from "recobeacon-glue";

export function bind(module) {
  initSync({ module });
  return { call, flush, id, percentage, start, stats };
}
