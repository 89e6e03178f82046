// The software bills of materials of the npm package and of the collector, in the form of CycloneDX.
// https://cyclonedx.org/docs/1.5/json/
//
// npm and cargo-cyclonedx name the packages and crates. Here they become one document for each product. The document of
// the npm package has no npm package but itself, because it has no dependency; its crates are compiled into the modules.
// The same commit gives the same bytes, so that releases can be compared.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { command } from "./progress.mjs";
import { at, manifest, root, tool } from "./project.mjs";
import { cargoTool, npm, WASM_TARGET } from "./toolchain.mjs";

const CYCLONEDX_VERSION = "0.5.9";
const SPEC_VERSION = "1.5";
/** cargo-cyclonedx writes a file of this name beside each Cargo.toml. */
const WRITTEN = "sbom.cdx";

const { name, version, recobeacon } = manifest;
/** The products: the crate at the top, its folder, and the targets that it is compiled for. */
export const PRODUCTS = {
  [name]: { folder: ".", target: WASM_TARGET },
  [`${name}-collector`]: { folder: "collector", target: "all" },
};
export const sbomFile = (product) => `${product}-${version}.cdx.json`;

/** The step that installs cargo-cyclonedx, if it is missing. Without its subcommand it knows no option. */
export const sbomToolSteps = () =>
  [cargoTool("cargo-cyclonedx", "cargo-cyclonedx", CYCLONEDX_VERSION, ["cyclonedx", "--version"])].filter(Boolean);

const cargo = async (task, ...args) => (await command("cargo", args, { task, cwd: root })).out;

/** The crates that are part of the product's program, as `name@version`. Procedural macros only write code of others. */
export async function linkedCrates(product, task) {
  const { target } = PRODUCTS[product];
  const edges = ["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--package", product];
  const tree = await cargo(task, ...edges, "--target", target);
  return new Set([...tree.matchAll(/^(\S+) v(\S+)/gm)].map(([, crate, version]) => `${crate}@${version}`));
}

/** Runs cargo-cyclonedx for the whole workspace, which writes a file for each crate, and returns one of them. */
async function describeCrates({ folder, target }, time, task) {
  const args = ["--format", "json", "--spec-version", SPEC_VERSION, "--no-build-deps", "--target", target];
  const files = [".", "collector", "engine"].map((crate) => at(crate, `${WRITTEN}.json`));
  try {
    await command(tool("cargo-cyclonedx"), ["cyclonedx", "--override-filename", WRITTEN, ...args], {
      task,
      cwd: root,
      env: { SOURCE_DATE_EPOCH: String(Math.floor(time.getTime() / 1000)) },
    });
    return JSON.parse(readFileSync(at(folder, `${WRITTEN}.json`), "utf8"));
  } finally {
    for (const file of files) rmSync(file, { force: true });
  }
}

/** Replaces references and addresses that have paths of this machine by package URLs. */
function withoutPaths(document) {
  const plain = (purl) => purl.replace(/\?.*/, "");
  const all = [document.metadata.component, ...document.components];
  const references = new Map(all.map((component) => [component["bom-ref"], plain(component.purl)]));
  for (const component of all) {
    component.purl = plain(component.purl);
    component["bom-ref"] = component.purl;
    delete component.components;
  }
  for (const dependency of document.dependencies) {
    dependency.ref = references.get(dependency.ref);
    dependency.dependsOn = dependency.dependsOn?.map((reference) => references.get(reference));
  }
  return document;
}

/** A component that no tool names, because it is no crate of the lock file. */
const further = ({ name, version, purl, license, description, ...more }) => ({
  type: "library",
  "bom-ref": purl,
  name,
  version,
  description,
  scope: "required",
  licenses: [license],
  purl,
  ...more,
});

/** Rust's standard library, which is part of every program. */
const standardLibrary = () =>
  further({
    name: "std",
    version: recobeacon.rustc,
    description: "The standard library of the Rust version that dist/ is tested with",
    license: { expression: "MIT OR Apache-2.0" },
    purl: `pkg:generic/rust-std@${recobeacon.rustc}`,
  });

/** SQLite, whose C code is in the crate libsqlite3-sys. */
async function sqlite(task) {
  const metadata = JSON.parse(await cargo(task, "metadata", "--locked", "--format-version", "1"));
  const crate = metadata.packages.find((one) => one.name === "libsqlite3-sys");
  const header = readFileSync(join(dirname(crate.manifest_path), "sqlite3", "sqlite3.h"), "utf8");
  const [, version] = header.match(/#define SQLITE_VERSION\s+"([^"]+)"/);
  return further({
    name: "sqlite",
    version,
    description: "The database, as C code in the crate libsqlite3-sys",
    license: { license: { id: "blessing" } },
    purl: `pkg:generic/sqlite@${version}`,
    cpe: `cpe:2.3:a:sqlite:sqlite:${version}:*:*:*:*:*:*:*`,
  });
}

/** The number of a document. It depends on the content, because the same commit must give the same document. */
function serialNumber(document) {
  const digest = createHash("sha256").update(JSON.stringify(document)).digest("hex");
  const [, a, b, c, d, e] = digest.match(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})/);
  // A UUID of version 8: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
  return `urn:uuid:${a}-${b}-8${c}-8${d}-${e}`;
}

/** The document of a product. */
async function describe(product, time, task) {
  const crates = withoutPaths(await describeCrates(PRODUCTS[product], time, task));
  const linked = await linkedCrates(product, task);
  for (const crate of crates.components) {
    if (!linked.has(`${crate.name}@${crate.version}`)) crate.scope = "excluded";
  }
  const top = crates.metadata.component;
  const more = [standardLibrary(), ...(product === name ? [] : [await sqlite(task)])];
  const uses = new Map(crates.dependencies.map((one) => [one.ref, one]));
  uses.get(top.purl).dependsOn.push(more[0].purl);
  const database = more[1] && crates.components.find((one) => one.name === "libsqlite3-sys");
  if (database) uses.get(database.purl).dependsOn = [...(uses.get(database.purl).dependsOn ?? []), more[1].purl];
  const document = {
    $schema: `http://cyclonedx.org/schema/bom-${SPEC_VERSION}.schema.json`,
    bomFormat: "CycloneDX",
    specVersion: SPEC_VERSION,
    version: 1,
    metadata: { timestamp: time.toISOString(), tools: crates.metadata.tools, component: top },
    components: [...crates.components, ...more],
    dependencies: [...crates.dependencies, ...more.map(({ purl }) => ({ ref: purl }))],
  };
  if (product === name) await addPackage(document, top, task);
  return { serialNumber: serialNumber(document), ...document };
}

/** Puts the npm package at the top of the document, with npm's description of it. */
async function addPackage(document, crate, task) {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"];
  const packages = JSON.parse((await npm(args, { task, cwd: root })).out);
  const top = packages.metadata.component;
  // npm names it after the folder of the checkout.
  Object.assign(top, { name, "bom-ref": top.purl });
  document.metadata.tools.push(...packages.metadata.tools);
  document.metadata.component = top;
  document.components.unshift(
    { ...crate, description: "The Rust code that the modules are made of" },
    ...packages.components,
  );
  const dependsOn = [crate.purl, ...packages.components.map((one) => one["bom-ref"])];
  document.dependencies.unshift({ ref: top.purl, dependsOn });
}

/** Writes the documents of all products into a folder. */
export async function writeSboms(folder, task) {
  mkdirSync(folder, { recursive: true });
  // The time of the commit, not of this run.
  const { out } = await command("git", ["log", "-1", "--format=%cI"], { cwd: root });
  for (const product of Object.keys(PRODUCTS)) {
    const document = await describe(product, new Date(out.trim()), task);
    writeFileSync(join(folder, sbomFile(product)), `${JSON.stringify(document, null, 2)}\n`);
  }
}
