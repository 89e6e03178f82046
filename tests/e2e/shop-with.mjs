// The demo shop with additional scripts in all of its pages, before everything else.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DEMO } from "./harness.mjs";

const POLICY = /<meta http-equiv="Content-Security-Policy"[^>]*>/;

/**
 * The shop as files of a site: path -> text or bytes. `head` is inserted before all other scripts; the policy allows
 * the shop's own files.
 */
export function shopWith(head) {
  const paths = readdirSync(DEMO, { encoding: "utf8", recursive: true });
  return Object.fromEntries(
    paths
      .filter((path) => statSync(join(DEMO, path)).isFile())
      .map((path) => {
        const file = join(DEMO, path);
        if (!path.endsWith(".html")) return [path, readFileSync(file)];
        return [path, readFileSync(file, "utf8").replace(POLICY, (policy) => policy + head)];
      }),
  );
}
