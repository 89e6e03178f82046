// npm run stub: writes the stub as it is built, and its hash for policies, wherever pages and documents show it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at, main, Problem } from "./lib/project.mjs";

/** What a line has that is a stub of any version, built. */
const STUB = /\((?:\(|function\().*"pagehide".*\)\(window, ?"\w+"[^)]*\);/g;
/** The ES5 stub begins with it. */
const ES5 = "(function(";
const INLINE = /<script>(.*?)<\/script>/s;
const HASH = /'sha256-[A-Za-z0-9+/=]+'/;

/** All files with this ending below the folder, without those of a hidden folder. */
const files = (folder, ending) =>
  readdirSync(at(...folder), { encoding: "utf8", recursive: true })
    .filter((name) => name.endsWith(ending) && !/(^|[\\/])\./.test(name))
    .map((name) => join(at(...folder), name));

await main(() => {
  const [stub, es5] = ["snippet.js", "snippet.es5.js"].map((name) => readFileSync(at("dist", name), "utf8").trim());
  for (const file of [at("README.md"), ...files(["docs"], ".md"), ...files(["www", "demo"], ".html")]) {
    const before = readFileSync(file, "utf8");
    // Of a form that is not known it would stay the old one in silence.
    if (file.endsWith(".html") && before.search(STUB) < 0)
      throw new Problem(`${file} has no stub that is known as one.`);
    let after = before.replace(STUB, (known) => (known.startsWith(ES5) ? es5 : stub));
    if (file.endsWith(".html")) {
      const hash = createHash("sha256").update(after.match(INLINE)[1]).digest("base64");
      after = after.replace(HASH, () => `'sha256-${hash}'`);
    }
    if (after === before) continue;
    writeFileSync(file, after);
    console.log(file);
  }
});
