// Packs the package as it would be published and installs it into an application of its own.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { at, root } from "../../scripts/lib/project.mjs";

const WORK = at("tests", "package", "work");

const npm = (args, cwd) => {
  const cli = process.env.npm_execpath;
  const [program, first] = cli?.endsWith("npm-cli.js") ? [process.execPath, [cli]] : ["npm", []];
  return execFileSync(program, [...first, ...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
};

/** Returns the folder of an application named `name` that has the package, its files, and what npm says is in the package. */
export function install(name, files = {}) {
  const app = join(WORK, name);
  rmSync(app, { recursive: true, force: true });
  mkdirSync(join(app, "packed"), { recursive: true });
  // --ignore-scripts: dist/ is there, and building it again would only take time.
  const [packed] = JSON.parse(
    npm(["pack", "--json", "--ignore-scripts", "--pack-destination", join(app, "packed")], root),
  );
  const [tarball] = readdirSync(join(app, "packed"));
  writeFileSync(join(app, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  npm(["install", "--no-audit", "--no-fund", "--no-package-lock", `./packed/${tarball}`], app);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(app, file), text);
  return { app, packed: packed.files.map((file) => file.path).sort() };
}

/** Makes a tool of this checkout visible in the application, as if it had been installed there. */
export function lend(app, dependency) {
  symlinkSync(at("node_modules", dependency), join(app, "node_modules", dependency), "dir");
}
