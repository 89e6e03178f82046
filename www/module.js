// The module's functions, once it is compiled.

import { call, happened, initSync, start, state } from "recobeacon-glue";

export function bind(module) {
  initSync({ module });
  return { call, happened, start, state };
}
