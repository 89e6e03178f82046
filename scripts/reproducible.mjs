// npm run reproducible: builds the last commit in two clean clones and compares dist/ and the npm tarball byte by byte.
//
// The clones differ in everything that must not affect a build: the paths of the checkout and of cargo's home, the time
// zone, the language, the permissions of new files, and the time. They share the installed tools, which are pinned by
// lock files and version numbers.

import { renameSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ownTemporaryDirectory, temporaryDirectory } from "./lib/ending.mjs";
import { differences, pack } from "./lib/pack.mjs";
import { command, steps } from "./lib/progress.mjs";
import { at, main, Problem, root } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";

const INSTALLED = [".tools", "node_modules"];

/** The two clones. `path` is relative to the temporary directory. */
const PLACES = [
  { name: "first", path: "a", umask: 0o022, env: { TZ: "UTC", LC_ALL: "C" } },
  {
    name: "second",
    path: join("another", "much-longer-path"),
    umask: 0o077,
    env: { TZ: "Asia/Tokyo", LC_ALL: "C.UTF-8" },
  },
];

const cargoHome = () => process.env.CARGO_HOME ?? join(homedir(), ".cargo");
const cargoHomeOf = ({ name }, folder) => join(folder, `cargo-of-${name}`);

/** Runs a function with the umask of the clone. */
async function withUmask({ umask }, run) {
  const before = process.umask(umask);
  try {
    return await run();
  } finally {
    process.umask(before);
  }
}

/** Clones the last commit, with a separate cargo home, and links the installed tools into the clone. */
async function clone(place, folder, task) {
  const checkout = join(folder, place.path);
  await command("git", ["clone", "--quiet", "--no-hardlinks", root, checkout], { task });
  for (const name of INSTALLED) symlinkSync(at(name), join(checkout, name), "junction");
  symlinkSync(cargoHome(), cargoHomeOf(place, folder), "junction");
}

/** Builds the clone and copies dist/ and the tarball into the folder `out`. */
async function build(place, folder, out, task) {
  const checkout = join(folder, place.path);
  const env = { ...place.env, CARGO_HOME: cargoHomeOf(place, folder) };
  await command(process.execPath, [join(checkout, "scripts", "build.mjs")], { task, env, cwd: checkout });
  await pack(checkout, out, { task, env });
  renameSync(join(checkout, "dist"), join(out, "dist"));
}

async function warnOfChanges() {
  const { out } = await command("git", ["status", "--porcelain"], { cwd: root });
  if (out) console.log("Uncommitted changes are not in the comparison: it is of the last commit.");
}

await main(async () => {
  ownTemporaryDirectory();
  await warnOfChanges();
  const { path: folder } = temporaryDirectory();
  const out = ({ name }) => join(folder, "out", name);
  await steps([
    ...setUp(),
    {
      // Both before the first build, because the checkout may move to another commit meanwhile.
      label: "cloning twice",
      run: async (task) => {
        for (const place of PLACES) await withUmask(place, () => clone(place, folder, task));
      },
    },
    ...PLACES.map((place) => ({
      label: `building the ${place.name} clone`,
      run: (task) => withUmask(place, () => build(place, folder, out(place), task)),
    })),
  ]);
  const found = differences(...PLACES.map(out));
  if (found.length > 0) throw new Problem(`The two builds differ:\n${found.join("\n")}`);
  console.log("Both builds have the same bytes, in dist/ and in the tarball.");
});
