// The rules of `npm run release` and the comparison of `npm run reproducible`.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { checksumLine, differences, integrityOf, pack } from "../../scripts/lib/pack.mjs";
import { at, manifest } from "../../scripts/lib/project.mjs";
import { changelogEntries, releaseProblems, versionProblems } from "../../scripts/lib/release.mjs";
import { compilerNote } from "../../scripts/lib/toolchain.mjs";

const CARGO = '[workspace]\nmembers = ["."]\n\n[workspace.package]\nversion = "1.2.0"\nedition = "2024"\n';
const CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-02-03\n\n### Added\n\n- A thing.\n";
const READY = { version: "1.2.0", status: "", tags: ["v1.1.0"], changelog: CHANGELOG };

test("the entries of a changelog have version, date and whether they list changes", () => {
  assert.deepEqual(changelogEntries(CHANGELOG), [
    { version: "Unreleased", date: undefined, changes: false },
    { version: "1.2.0", date: "2026-02-03", changes: true },
  ]);
});

test("one version in package.json, Cargo.toml and the changelog is no problem", () => {
  assert.deepEqual(versionProblems({ version: "1.2.0", cargo: CARGO, changelog: CHANGELOG }), []);
});

test("each file with another version is named", () => {
  const problems = versionProblems({ version: "1.3.0", cargo: CARGO, changelog: CHANGELOG });
  assert.equal(problems.length, 2);
  assert.match(problems[0], /Cargo\.toml has version 1\.2\.0/);
  assert.match(problems[1], /CHANGELOG\.md is 1\.2\.0/);
});

test("the project's own files have one version", () => {
  const [cargo, changelog] = ["Cargo.toml", "CHANGELOG.md"].map((name) => readFileSync(at(name), "utf8"));
  assert.deepEqual(versionProblems({ version: manifest.version, cargo, changelog }), []);
});

test("a clean checkout of a new version with a dated entry can be released", () => {
  assert.deepEqual(releaseProblems(READY), []);
});

for (const [name, change, expected] of [
  ["uncommitted changes", { status: " M README.md\n" }, /uncommitted changes:\n M README\.md/],
  ["a tag of this version", { tags: ["v1.2.0"] }, /tag v1\.2\.0 exists already/],
  ["no entry of this version", { version: "1.3.0" }, /no entry "## \[1\.3\.0\] - YYYY-MM-DD"/],
  ["an entry without a date", { changelog: CHANGELOG.replace(" - 2026-02-03", "") }, /no entry "## \[1\.2\.0\]/],
  [
    "changes that are still unreleased",
    { changelog: CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n\n- A bug.\n") },
    /changes under "Unreleased"/,
  ],
]) {
  test(`refused: ${name}`, () => {
    const problems = releaseProblems({ ...READY, ...change });
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0], expected);
  });
}

function twoFolders(left, right) {
  const { path } = temporaryDirectory();
  return [left, right].map((files, place) => {
    const folder = join(path, String(place));
    mkdirSync(join(folder, "dist"), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  });
}

test("equal folders have no difference", () => {
  assert.deepEqual(differences(...twoFolders({ a: "1", "dist/b": "2" }, { a: "1", "dist/b": "2" })), []);
});

test("a difference names the file and the offset of the first byte", () => {
  const [left, right] = twoFolders(
    { a: "same", "dist/b": "abcdef", "dist/c": "short", only: "1" },
    { a: "same", "dist/b": "abcDef", "dist/c": "shorter" },
  );
  assert.deepEqual(differences(left, right), [
    "dist/b differs from byte 3 on",
    "dist/c differs from byte 5 on",
    `only is only in ${left}`,
  ]);
  assert.ok(differences(right, left).includes(`only is only in ${left}`));
});

test("the tarball does not depend on the permissions and the times of the files", async () => {
  const tarballs = [];
  for (const mode of [0o600, 0o664]) {
    const { path } = temporaryDirectory();
    const files = { "package.json": '{ "name": "packed", "version": "1.0.0" }', "index.js": "export {};\n" };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(path, name), text);
      chmodSync(join(path, name), mode);
      utimesSync(join(path, name), mode, mode);
    }
    tarballs.push(readFileSync(await pack(path, join(path, "out"))));
  }
  assert.ok(tarballs[0].equals(tarballs[1]), "the tarballs differ");
});

test("hashes are those of sha256sum and of the integrity attribute", () => {
  const [folder] = twoFolders({ file: "abc" }, {});
  // The vectors of FIPS 180-4 for "abc".
  assert.equal(
    checksumLine(join(folder, "file"), "name"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  name",
  );
  assert.equal(
    integrityOf(join(folder, "file")),
    "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn",
  );
});

test("another compiler than the tested one gets a warning", () => {
  assert.equal(compilerNote("rustc 1.95.0 (59807616e 2026-04-14)", "1.95.0"), null);
  assert.match(compilerNote("rustc 1.96.0 (000000000 2026-06-01)", "1.95.0"), /rustc 1\.96\.0.*tested with 1\.95\.0/);
});
