// Packs the package as for publication and installs it into a separate application.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow } from "../../scripts/lib/pack.mjs";
import { at, manifest, root } from "../../scripts/lib/project.mjs";

const WORK = at("tests", "package", "work");

const npm = (args, cwd) => {
  const cli = process.env.npm_execpath;
  const [program, first] = cli?.endsWith("npm-cli.js") ? [process.execPath, [cli]] : ["npm", []];
  return execFileSync(program, [...first, ...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
};

/** The tarball that scripts/release.mjs has made for this test. */
const released = () => process.env.RECOBEACON_TARBALL;

function packInto(folder) {
  mkdirSync(folder);
  // --ignore-scripts, because dist/ exists already, and building it again would take time.
  npm(["pack", "--ignore-scripts", "--pack-destination", folder], root);
  const [tarball] = readdirSync(folder);
  return join(folder, tarball);
}

/**
 * Returns the folder of an application named `name` with the package and these files, and the names of the package's
 * files.
 */
export function install(name, files = {}) {
  const app = join(WORK, name);
  rmSync(app, { recursive: true, force: true });
  mkdirSync(app, { recursive: true });
  const tarball = released() ?? packInto(join(app, "packed"));
  writeFileSync(join(app, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  npm(["install", "--no-audit", "--no-fund", "--no-package-lock", tarball], app);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(app, file), text);
  return { app, packed: filesBelow(join(app, "node_modules", manifest.name)) };
}

/** Makes a tool of this checkout available in the application, as if it were installed there. */
export function lend(app, dependency) {
  symlinkSync(at("node_modules", dependency), join(app, "node_modules", dependency), "dir");
}
