// The peers' files as installed by npm beside this file.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

export const HERE = dirname(fileURLToPath(import.meta.url));

export function packaged(name) {
  const folder = join(HERE, "node_modules", name);
  return {
    name,
    version: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version,
    read: (file) => readFileSync(join(folder, file)),
    list: (path) => readdirSync(join(folder, path)),
  };
}

/** URL path -> file, for each file of a folder. */
export const directory = (npm, folder, prefix, only = /\.js$/) =>
  Object.fromEntries(
    npm
      .list(folder)
      .filter((name) => only.test(name))
      .map((name) => [prefix + name, npm.read(`${folder}/${name}`)]),
  );

/** A page's own code with its imports, as bundled for production. */
export function bundled(source) {
  const built = buildSync({
    stdin: { contents: source, resolveDir: HERE },
    bundle: true,
    minify: true,
    format: "iife",
    platform: "browser",
    write: false,
  });
  return Buffer.from(built.outputFiles[0].contents);
}
