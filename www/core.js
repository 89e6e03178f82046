// The smaller module for npm. It is inlined, because bundlers often lose a .wasm file beside the code.

import bytes from "built:recobeacon.wasm";
import { loader } from "./inlined.js";

export const load = loader(bytes, () => import("./fallback.js"));
