// The references in docs/reference have every name of the code, and no other: error codes, options, fields of destinations, cookies and keys; and
// docs/ states the sizes of package.json.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";
import { at, manifest } from "../../scripts/lib/project.mjs";

const read = (file) => readFileSync(at(file), "utf8");
const docs = (name) => read(`docs/${name}.md`);
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);
const unique = (names) => [...new Set(names)].sort();
/** The texts in backticks of the first cells of all tables. */
const cells = (markdown) => all(markdown, /^\| ([^|]*) \|/gm).flatMap((cell) => all(cell, /`([^`]+)`/g));
const section = (markdown, heading) => markdown.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";

/** The declarations of a .d.ts file, by their names. */
function declarations(file) {
  const { statements } = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest);
  return Object.fromEntries(statements.flatMap((one) => (one.name ? [[one.name.text, one]] : [])));
}

/** The names of all properties below a node, with those of the objects in them behind a dot. Functions have none. */
function properties(node, declared, path = "") {
  if (ts.isFunctionTypeNode(node)) return [];
  if (ts.isPropertySignature(node)) {
    const name = path + node.name.text;
    return [name, ...properties(node.type, declared, `${name}.`)];
  }
  const referred = ts.isTypeReferenceNode(node) && declared[node.typeName.text];
  const names = referred ? properties(referred, declared, path) : [];
  ts.forEachChild(node, (child) => void names.push(...properties(child, declared, path)));
  return names;
}

/** Without the names of objects, which the tables do not have: what is in them says enough. */
const ends = (names) => unique(names.filter((name) => !names.some((other) => other.startsWith(`${name}.`))));

test("every error code has a section in errors.md, and each section is of a code", () => {
  const { TrackerError } = declarations("www/index.d.ts");
  const { type } = TrackerError.members.find(({ name }) => name.text === "code");
  const codes = type.types.map(({ literal }) => literal.text);
  const ofEngine = all(read("engine/src/error.rs"), /Self::\w+ => "([a-z-]+)"/g);
  assert.ok(ofEngine.length > 10);
  const unknown = ofEngine.filter((code) => !codes.includes(code));
  assert.deepEqual(unknown, [], "codes of the engine that index.d.ts does not have");
  assert.deepEqual(all(docs("reference/errors"), /^### (\S+)$/gm).sort(), codes.sort());
});

test("options.md has every option of config.d.ts, and no other", () => {
  const { Config, IdentityConfig, DataLayerOptions } = declarations("www/config.d.ts");
  const names = properties(Config, { IdentityConfig, DataLayerOptions });
  const options = docs("reference/options").split("\n## Destinations")[0];
  assert.deepEqual(ends(cells(options)), ends(names));
});

test("options.md has every field of a destination, and no other", () => {
  const { Destination } = declarations("www/config.d.ts");
  const names = properties(Destination, {}).filter((name) => !name.includes("."));
  const [fields] = section(docs("reference/options"), "Destinations").split("\nThe values of");
  assert.deepEqual(unique(cells(fields)), unique(names));
});

test("cookies-and-keys.md has every cookie and key of the code, and no other", () => {
  const sources = ["engine/src/identity.rs", "engine/src/config.rs", "engine/src/session.rs", "engine/src/orders.rs"]
    .concat(["engine/src/input.rs", "engine/src/delivery/outbox.rs", "engine/src/calls/outbox.rs"])
    .concat(["src/browser/host/cookies.js", "src/browser/host/outbox-lock.js", "src/browser/host/storage.js"])
    .concat(["www/recover/bounds.js", "www/recover/park.js", "collector/src/early_calls.rs"]);
  const names = sources.flatMap((file) => all(read(file), /"(reco_[a-z_]*)"/g)).filter((name) => name !== "reco_");
  const page = docs("reference/cookies-and-keys");
  const tables = section(page, "Cookies") + section(page, "localStorage");
  const documented = unique(cells(tables).map((name) => name.replace(/<.*/, "")));
  // The companion of the id cookie, whose name the page may choose.
  assert.deepEqual(documented, unique([...names, "reco_id_at"]));
});

test("cookies-and-keys.md has every lock and channel of the code, and no other", () => {
  const files = ["src/browser/host", "www"].flatMap((folder) =>
    readdirSync(at(folder), { recursive: true })
      .filter((file) => file.endsWith(".js"))
      .map((file) => read(`${folder}/${file}`)),
  );
  // Each of these files makes one of them, whose name is in the call or in a constant.
  const makers = files.filter((text) => /\blocks\s*\.request\(|new BroadcastChannel\(/.test(text));
  const constants = files.join("\n");
  const names = makers.map((text) => {
    const [, name] = text.match(/(?:\.request\(|new BroadcastChannel\()\s*(`[^`]+`|\w+)/);
    return name.startsWith("`")
      ? name.slice(1, -1).replace(/\$.*/, "")
      : all(constants, new RegExp(`const ${name} = "(reco_[^"]*)"`, "g"))[0].trim();
  });
  const table = section(docs("reference/cookies-and-keys"), "Locks and channels");
  assert.deepEqual(unique(cells(table).map((name) => name.replace(/<.*/, ""))), unique(names));
});

test("cookies-and-keys.md has every default endpoint of the code, every protocol, and no other host", () => {
  const folder = "engine/src/protocol";
  const sources = readdirSync(at(folder)).filter((file) => file.endsWith(".rs"));
  const hosts = sources.flatMap((file) =>
    all(read(`${folder}/${file}`).replace(/^\s*\/\/.*$/gm, ""), /"(https:\/\/[^"]+)"/g),
  );
  const endpoints = section(docs("reference/cookies-and-keys"), "Endpoints");
  assert.ok(hosts.length > 2);
  assert.deepEqual(unique(all(endpoints, /`(https:\/\/[^`]+)`/g)), unique(hosts));
  const protocols = all(read("engine/src/protocol.rs").match(/const NAMES[^;]+;[^;]+;/)[0], /"(\w+)"/g);
  assert.ok(protocols.length > 4);
  for (const protocol of protocols) assert.ok(endpoints.includes(`\`${protocol}\``), protocol);
});

test("the sizes in docs/ are the budgets of package.json", () => {
  const { budgets } = manifest.recobeacon;
  const row = /^\| ([^|]+) \|([^|]*)\| ([\d,]+) \| (\w+) \|$/gm;
  const documented = [...section(docs("performance"), "Size").matchAll(row)].map(
    ([, figure, files, bytes, compression]) => [
      figure.replaceAll("`", ""),
      {
        ...(files.trim() && { files: all(files, /`(.+?)`/g) }),
        [compression === "none" ? "raw" : compression]: Number(bytes.replaceAll(",", "")),
      },
    ],
  );
  assert.deepEqual(Object.fromEntries(documented), budgets);
  const kilobytes = ({ brotli }) => `${Math.round(brotli / 1000)} kB`;
  const home = docs("index");
  for (const figure of ["first load", "first load, all vendors"])
    assert.ok(home.includes(kilobytes(budgets[figure])), `docs/index.md: ${figure} has ${kilobytes(budgets[figure])}`);
});
