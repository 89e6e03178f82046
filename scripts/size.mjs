// npm run size: the size of dist/ uncompressed, with gzip and with brotli, of each file and of the files that a page
// loads together. Fails if a budget of package.json is exceeded. A budget is that of the file with its name, or of its
// `files`.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { at, main, manifest, Problem } from "./lib/project.mjs";
import { weigh } from "./lib/weigh.mjs";

const KINDS = ["raw", "gzip", "brotli"];

const number = (value) => value.toLocaleString("en-US");

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}

await main(() => {
  const dist = at("dist");
  if (!existsSync(join(dist, "integrity.json"))) throw new Problem("There is no dist/ yet: run `npm run build`.");
  const files = Object.fromEntries(
    readdirSync(dist)
      .filter((name) => extname(name))
      .sort()
      .map((name) => [name, weigh(readFileSync(join(dist, name)))]),
  );
  const rows = Object.entries(files).map(([name, size]) => [name, ...KINDS.map((kind) => number(size[kind])), ""]);
  const over = [];
  for (const [name, { files: parts = [name], ...limits }] of Object.entries(manifest.recobeacon.budgets)) {
    const missing = parts.find((part) => !files[part]);
    if (missing)
      throw new Problem(`dist/ has no ${missing}, which has a budget in package.json: run \`npm run build\`.`);
    const sum = Object.fromEntries(
      KINDS.map((kind) => [kind, parts.reduce((total, part) => total + files[part][kind], 0)]),
    );
    for (const [kind, limit] of Object.entries(limits)) {
      const note = `${sum[kind] > limit ? "OVER" : "within"} ${number(limit)} ${kind} (${Math.round((100 * sum[kind]) / limit)} %)`;
      if (sum[kind] > limit)
        over.push(`${name} has ${number(sum[kind])} bytes ${kind}, its budget is ${number(limit)}.`);
      const row = rows.find(([file]) => file === name);
      if (row) row[4] = note;
      else rows.push([name, ...KINDS.map((each) => number(sum[each])), note]);
    }
  }
  console.log(table([["file", ...KINDS, "budget"], ...rows]));
  if (over.length) throw new Problem(over.join("\n"));
});
