// Finds nginx, for the tests of the collector behind a reverse proxy.

import { existsSync } from "node:fs";
import { aptSteps, onPath } from "./browser.mjs";
import { Problem } from "./project.mjs";

// Debian's is in a directory that only root has in its PATH.
const PATHS = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
const INSTALL = "nginx: install it, on Debian or Ubuntu `apt-get install nginx`, on macOS `brew install nginx`.";

const findNginx = () => onPath(["nginx"]) ?? PATHS.find((file) => existsSync(file));

/** The path of nginx, or one sentence on how to get it. */
export function nginx() {
  const found = findNginx();
  if (!found) throw new Problem(`Not found: ${INSTALL}`);
  return found;
}

/** The step that installs nginx where this may be done; elsewhere a sentence says that it is missing. */
export const nginxSteps = () => (findNginx() ? [] : aptSteps(["nginx"], INSTALL));
