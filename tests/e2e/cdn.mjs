// A host for dist/ of another origin than the shop, which can be attacked.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after } from "node:test";
import { at } from "../../scripts/lib/project.mjs";

const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

/**
 * One changed byte, after which the file still works: the last line break of a script, or a letter of a text in a module. So only the hash tells the
 * difference.
 */
export function altered(name, bytes) {
  const copy = Buffer.from(bytes);
  const place = extname(name) === ".wasm" ? copy.indexOf("not_defined") : copy.length - 1;
  if (place < 0) throw new Error(`${name} has no byte that can be changed without harm`);
  copy[place] = extname(name) === ".wasm" ? "N".charCodeAt(0) : " ".charCodeAt(0);
  return copy;
}

/** `cors`: whether other origins may read the files; `tampered`: the names of altered files; `seen`: the names of requested files. */
export async function startCdn() {
  const cdn = { cors: true, tampered: [], seen: [], url: "" };
  const server = createServer((request, answer) => {
    const name = new URL(request.url, cdn.url).pathname.slice(1);
    cdn.seen.push(name);
    try {
      const bytes = readFileSync(join(at("dist"), name));
      const heads = { "Content-Type": TYPES[extname(name)], "Cache-Control": "no-store" };
      answer.writeHead(200, cdn.cors ? { ...heads, "Access-Control-Allow-Origin": "*" } : heads);
      answer.end(cdn.tampered.includes(name) ? altered(name, bytes) : bytes);
    } catch {
      answer.writeHead(404, { "Content-Type": "text/plain", "Access-Control-Allow-Origin": "*" }).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  cdn.url = `http://127.0.0.1:${server.address().port}/`;
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return cdn;
}

/** The hashes of dist/ for the attribute `integrity`. */
export const hashes = () => JSON.parse(readFileSync(at("dist", "integrity.json"), "utf8"));
