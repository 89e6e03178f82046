// Banners, as the page of a shop has them: for TCF and GPP IAB's own libraries, for the others what their documentation says. Each file puts an
// object `banner` into the page: `banner.ask()` shows the dialogue, `banner.answer(yes)` is the visitor's click.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { at } from "../../../scripts/lib/project.mjs";

const bundled = (name) => {
  const entryPoints = [at("tests", "e2e", "banners", `${name}.js`)];
  return buildSync({ entryPoints, bundle: true, minify: true, format: "iife", write: false }).outputFiles[0].text;
};
const plain = (name) => readFileSync(join(at("tests", "e2e", "banners"), `${name}.js`), "utf8");

/** IAB's stub, which a page has inline until the CMP has loaded. */
export const TCF_STUB = readFileSync(at("node_modules", "@iabtcf", "stub", "lib", "stub.js"), "utf8");

/** `source`: the name in `consentFrom`; `script`: the banner. */
export const BANNERS = [
  { source: "tcf", script: bundled("tcf") },
  { source: "gpp", script: bundled("gpp") },
  { source: "google", script: plain("google") },
  { source: "wp", script: plain("wp") },
  { source: "shopify", script: plain("shopify") },
];
