// npm run release: builds and packs the version of package.json, tests the packed artefacts, and prints how to publish
// them. It publishes, tags and pushes nothing. `-- --dry` does the same for a checkout that must not be published yet.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { buildSteps, DIST } from "./build.mjs";
import { browserSteps } from "./lib/browser.mjs";
import { collectorStep } from "./lib/collector.mjs";
import { ownTemporaryDirectory, temporaryDirectory } from "./lib/ending.mjs";
import { checksumLine, differences, filesBelow, integrityOf, pack } from "./lib/pack.mjs";
import { command, steps } from "./lib/progress.mjs";
import { at, main, manifest, Problem, root } from "./lib/project.mjs";
import { releaseProblems, versionProblems } from "./lib/release.mjs";
import { sbomToolSteps, writeSboms } from "./lib/sbom.mjs";
import { npm, setUp } from "./lib/toolchain.mjs";

// The tests' collector. An optimised build would only take longer.
process.env.RECOBEACON_COLLECTOR = "debug";

const { name, version } = manifest;
const OUT = at("target", `release-${version}`);
const TARBALL = join(OUT, `${name}-${version}.tgz`);
/** The hashes of a build. dist/ has a file of this name as well; the release's one also has the tarball. */
const INTEGRITY = "integrity.json";

const git = async (...args) => (await command("git", args, { cwd: root })).out;

function refuseFor(problems) {
  if (problems.length > 0) throw new Problem(`This cannot be released.\n${problems.join("\n")}`);
}

async function checkState(dry) {
  const changelog = readFileSync(at("CHANGELOG.md"), "utf8");
  refuseFor(versionProblems({ version, changelog, cargo: readFileSync(at("Cargo.toml"), "utf8") }));
  const status = await git("status", "--porcelain");
  const tags = (await git("tag", "--list")).split("\n");
  const problems = releaseProblems({ version, status, tags, changelog });
  if (!dry) refuseFor(problems);
  for (const problem of problems) console.log(`Without --dry this is refused: ${problem}`);
}

/** Fills the release folder: the tarball, the files of dist/, the bills of materials, and their hashes. */
async function makeArtefacts(task) {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  await pack(root, OUT, { task });
  for (const file of filesBelow(DIST)) {
    mkdirSync(dirname(join(OUT, file)), { recursive: true });
    if (file !== INTEGRITY) copyFileSync(join(DIST, file), join(OUT, file));
  }
  await writeSboms(OUT, task);
  const files = filesBelow(OUT);
  writeFileSync(join(OUT, "SHA256SUMS"), `${files.map((file) => checksumLine(join(OUT, file), file)).join("\n")}\n`);
  const integrity = Object.fromEntries(files.map((file) => [file, integrityOf(join(OUT, file))]));
  writeFileSync(join(OUT, INTEGRITY), `${JSON.stringify(integrity, null, 2)}\n`);
}

/** Installs the tarball into an empty project and compares the result with dist/. */
async function compareInstalled(task) {
  const { path: project } = temporaryDirectory();
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "release-test", private: true }));
  await npm(["install", "--no-audit", "--no-fund", TARBALL], { task, cwd: project });
  const installed = join(project, "node_modules", name);
  const found = differences(join(installed, "dist"), DIST);
  if (found.length > 0) throw new Problem(`The tarball does not have the files of dist/:\n${found.join("\n")}`);
  const packed = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")).version;
  if (packed !== version) throw new Problem(`The tarball has version ${packed} instead of ${version}.`);
}

const testPackage = (task) =>
  command(process.execPath, ["--test", "--test-reporter=spec", at("tests", "package", "package.test.mjs")], {
    task,
    cwd: root,
    env: { RECOBEACON_TARBALL: TARBALL },
  });

const howToPublish = `To publish it:
  git tag --annotate v${version} --message "${name} ${version}"
  git push origin v${version}
  npm publish ${join("target", basename(OUT), basename(TARBALL))}`;

await main(async () => {
  const { values } = parseArgs({ options: { dry: { type: "boolean" } } });
  ownTemporaryDirectory();
  await checkState(values.dry);
  await steps([
    ...setUp(),
    ...browserSteps({ driver: false }),
    ...sbomToolSteps(),
    ...buildSteps(),
    {
      label: "checking the size",
      run: (task) => command(process.execPath, [at("scripts", "size.mjs")], { task }),
    },
    { label: "packing, describing the crates, and writing checksums", run: makeArtefacts },
    {
      label: "checking the software bills of materials",
      run: (task) => command(process.execPath, ["--test", at("tests", "sbom", "sbom.test.mjs")], { task }),
    },
    { label: "comparing the installed tarball with dist/", run: compareInstalled },
    collectorStep(),
    { label: "testing the tarball as an application gets it", run: testPackage },
  ]);
  console.log(`\nReady in ${join("target", basename(OUT))}: ${filesBelow(OUT).join(", ")}`);
  console.log(values.dry ? "Nothing was published: this was a dry run." : howToPublish);
});
