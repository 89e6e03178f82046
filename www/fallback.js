// The smaller module as JavaScript, for pages without WebAssembly. A file of its own, because it is loaded only there.

export { instance } from "built:recobeacon.fallback.js";
