// npm run stub: writes the built stub, and its hash for policies, into the pages and documents that show it.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at, main, Problem } from "./lib/project.mjs";

/** Matches the line of a built stub of any version. */
const STUB = /\((?:\(|function\().*"pagehide".*\)\(window, ?"\w+"[^)]*\);/g;
/** The beginning of the ES5 stub. */
const ES5 = "(function(";
const INLINE = /<script>(.*?)<\/script>/gs;
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
    // A stub in an unknown form would stay outdated without notice.
    if (file.endsWith(".html") && before.search(STUB) < 0) throw new Problem(`${file} has no stub in a known form.`);
    let after = before.replace(STUB, (known) => (known.startsWith(ES5) ? es5 : stub));
    // A document may also show the stub in a script with further calls, which has no constant hash.
    const alone = [...after.matchAll(INLINE)].map(([, text]) => text).filter((text) => text.trim() === stub);
    if (alone.length > 0) {
      const hash = createHash("sha256").update(alone[0]).digest("base64");
      after = after.replace(HASH, () => `'sha256-${hash}'`);
    }
    if (after === before) continue;
    writeFileSync(file, after);
    console.log(file);
  }
});
