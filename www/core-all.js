// The larger module for npm, inlined like the smaller one.

import bytes from "built:recobeacon-all.wasm";
import { loader } from "./inlined.js";

export const load = loader(bytes, () => import("./fallback.js"));
