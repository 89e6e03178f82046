// The software bills of materials: they are valid CycloneDX, and name every crate in the products' programs, with licence,
// version and package URL, and no tool of the development.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at, lockedVersion, manifest } from "../../scripts/lib/project.mjs";
import { linkedCrates, PRODUCTS, sbomFile, writeSboms } from "../../scripts/lib/sbom.mjs";

const { name, version } = manifest;
const COLLECTOR = `${name}-collector`;
const texts = {};
const again = {};

before(async () => {
  for (const kept of [texts, again]) {
    const { path } = temporaryDirectory();
    await writeSboms(path, { say() {} });
    for (const product of Object.keys(PRODUCTS)) kept[product] = readFileSync(join(path, sbomFile(product)), "utf8");
  }
});

const components = (product) => JSON.parse(texts[product]).components;
const named = (product, crate) => components(product).find((one) => one.name === crate);
const validate = (text) => new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text);

for (const product of [name, COLLECTOR]) {
  test(`${product}: the document follows the schema of CycloneDX`, async () => {
    assert.equal(await validate(texts[product]), null);
    assert.notEqual(await validate(texts[product].replace('"version": 1', '"version": 0')), null);
  });

  test(`${product}: every crate of the program is there, with licence, version, package URL and hash`, async () => {
    const crates = await linkedCrates(product);
    assert.ok(crates.size > 15, `${crates.size} crates`);
    const ours = ["recobeacon", "recobeacon-engine", "recobeacon-collector"];
    const top = JSON.parse(texts[product]).metadata.component;
    for (const crate of crates) {
      const [crateName, crateVersion] = crate.split("@");
      const found = [top, ...components(product)].find((one) => one.purl === `pkg:cargo/${crate}`);
      assert.ok(found, `${crate} is missing`);
      assert.deepEqual([found.name, found.version, found.scope], [crateName, crateVersion, "required"]);
      assert.match(found.licenses[0].expression, /^[\w .()-]+$/);
      if (!ours.includes(crateName)) assert.match(found.hashes[0].content, /^[0-9a-f]{64}$/, crate);
    }
  });

  test(`${product}: a crate that is no part of the program is excluded, and no test's crate is there`, async () => {
    const crates = await linkedCrates(product);
    const others = components(product).filter((one) => one.purl.startsWith("pkg:cargo/"));
    for (const one of others) {
      const isLinked = crates.has(`${one.name}@${one.version}`);
      assert.equal(one.scope, isLinked ? "required" : "excluded", one.name);
    }
    for (const development of ["proptest", "wasm-bindgen-test", "tempfile"])
      assert.equal(named(product, development), undefined, development);
  });

  test(`${product}: references lead to components, and there is no path of the machine`, () => {
    const document = JSON.parse(texts[product]);
    const known = new Set([document.metadata.component, ...document.components].map((one) => one["bom-ref"]));
    assert.equal(known.size, document.components.length + 1, "each component is there once");
    for (const { ref, dependsOn = [] } of document.dependencies)
      for (const one of [ref, ...dependsOn]) assert.ok(known.has(one), one);
    assert.ok(!/file:|path\+/.test(texts[product]) && !texts[product].includes(at()));
  });

  test(`${product}: a second run gives the same bytes`, () => assert.equal(again[product], texts[product]));
}

test("the package is at the top of its document and depends on its crate", () => {
  const document = JSON.parse(texts[name]);
  assert.equal(document.metadata.component.purl, `pkg:npm/${name}@${version}`);
  assert.equal(document.metadata.component.name, name);
  const { dependsOn } = document.dependencies.find(({ ref }) => ref === `pkg:npm/${name}@${version}`);
  assert.deepEqual(dependsOn, [`pkg:cargo/${name}@${version}`]);
  for (const development of Object.keys(manifest.devDependencies))
    assert.equal(named(name, development), undefined, development);
});

test("crates have the versions of Cargo.lock, and the standard library and SQLite are there", () => {
  assert.equal(named(name, "wasm-bindgen").version, lockedVersion("wasm-bindgen"));
  assert.equal(named(COLLECTOR, "rusqlite").version, lockedVersion("rusqlite"));
  for (const product of [name, COLLECTOR]) assert.equal(named(product, "std").version, manifest.recobeacon.rustc);
  assert.match(named(COLLECTOR, "sqlite").cpe, /^cpe:2\.3:a:sqlite:sqlite:3\.\d+\.\d+:/);
});
