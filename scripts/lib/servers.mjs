// Finds the servers that the tests run: reverse proxies, NATS, PostgreSQL, and the checker of systemd units.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { aptSteps, onPath } from "./browser.mjs";
import { Problem } from "./project.mjs";

// Debian has some of them in a directory that is only in root's PATH.
const FOLDERS = ["/usr/sbin", "/usr/local/sbin"];
/** Debian has PostgreSQL's programs for each of its versions in a folder of their own. */
const POSTGRES = "/usr/lib/postgresql";
const postgresFolders = () =>
  (existsSync(POSTGRES) ? readdirSync(POSTGRES) : []).map((version) => join(POSTGRES, version, "bin"));

const POSTGRESQL = {
  packages: ["postgresql"],
  hint: "on Debian or Ubuntu `apt-get install postgresql`, on macOS `brew install postgresql`",
};

/** How to install each program. */
const INSTALL = {
  nginx: { packages: ["nginx"], hint: "on Debian or Ubuntu `apt-get install nginx`, on macOS `brew install nginx`" },
  caddy: { packages: ["caddy"], hint: "on Debian or Ubuntu `apt-get install caddy`, on macOS `brew install caddy`" },
  "nats-server": {
    packages: ["nats-server"],
    hint: "on Debian or Ubuntu `apt-get install nats-server`, on macOS `brew install nats-server`",
  },
  initdb: POSTGRESQL,
  postgres: POSTGRESQL,
  "systemd-analyze": { packages: ["systemd"], hint: "on Debian or Ubuntu `apt-get install systemd`" },
};

const find = (name) =>
  onPath([name]) ??
  [...FOLDERS, ...postgresFolders()].map((folder) => join(folder, name)).find((file) => existsSync(file));
const missing = (name) => `${name}: install it, ${INSTALL[name].hint}.`;

/** The path of a program. Throws a Problem with installation instructions if there is none. */
export function program(name) {
  const found = find(name);
  if (!found) throw new Problem(`Not found: ${missing(name)}`);
  return found;
}

/** The steps that install these programs if possible. Otherwise they tell what is missing. */
export const programSteps = (names) =>
  [...new Set(names)].filter((name) => !find(name)).flatMap((name) => aptSteps(INSTALL[name].packages, missing(name)));
