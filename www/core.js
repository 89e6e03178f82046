// The smaller module for npm: inlined, because a .wasm beside the code is what bundlers lose.

import bytes from "built:recobeacon.wasm";
import { loader } from "./inlined.js";

export const load = loader(bytes);
