// Finds nginx, for the tests of the collector behind a reverse proxy.

import { existsSync } from "node:fs";
import { aptSteps, onPath } from "./browser.mjs";
import { Problem } from "./project.mjs";

// Debian's is in a directory that is only in root's PATH.
const PATHS = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
const INSTALL = "nginx: install it, on Debian or Ubuntu `apt-get install nginx`, on macOS `brew install nginx`.";

const findNginx = () => onPath(["nginx"]) ?? PATHS.find((file) => existsSync(file));

/** The path of nginx. Throws a Problem with installation instructions if there is none. */
export function nginx() {
  const found = findNginx();
  if (!found) throw new Problem(`Not found: ${INSTALL}`);
  return found;
}

/** The step that installs nginx if possible. Otherwise it tells that it is missing. */
export const nginxSteps = () => (findNginx() ? [] : aptSteps(["nginx"], INSTALL));
