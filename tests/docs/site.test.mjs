// The pages of the documentation: each is in the sidebar, and each link leads to a file and a heading that are there: in the Markdown files, as
// on GitHub, and in the site, which is built before (scripts/test/stages.mjs).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { SIDEBAR } from "../../docs/.vitepress/sidebar.mjs";
import { at, root } from "../../scripts/lib/project.mjs";

const SITE = "docs/.vitepress/dist";
const markdown = (folder, options) => readdirSync(at(folder), options).filter((name) => name.endsWith(".md"));
const pages = markdown("docs", { recursive: true })
  .map((name) => name.replaceAll("\\", "/").replace(/\.md$/, ""))
  .filter((page) => !/^(\.|public\/)/.test(page));
const builtPages = () =>
  readdirSync(at(SITE), { encoding: "utf8", recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".html") && !name.startsWith("rust/"));
const isWritten = (page) => !page.startsWith("api/");

test("the sidebar has every page, and no other", () => {
  const named = SIDEBAR.flatMap(({ items }) => items).map(({ link }) => link.slice(1).replace(/\/$/, "/index"));
  assert.deepEqual(named.sort(), pages.filter((page) => page !== "index").sort());
});

test("the links of all Markdown files lead to files and headings that are there", () => {
  const files = [...markdown("."), "collector/README.md", ...pages.filter(isWritten).map((page) => `docs/${page}.md`)];
  const remark = [at("node_modules", "remark-cli", "cli.js"), "--no-config", "--no-stdout", "--quiet", "--frail"];
  const { status, stderr } = spawnSync(
    process.execPath,
    [...remark, "--use", "remark-validate-links=repository:false", ...files],
    { cwd: root, encoding: "utf8" },
  );
  assert.equal(status, 0, stderr);
});

test("pages link to files of the repository by relative paths, which work in every checkout", () => {
  const absolute = /https:\/\/github\.com\/recobeacon\/recobeacon\/(?:blob|tree)\/[^)\s]*/g;
  const found = pages
    .filter(isWritten)
    .flatMap((page) => readFileSync(at("docs", `${page}.md`), "utf8").match(absolute) ?? []);
  assert.deepEqual(found, []);
});

test("the pages of the collector have a group of their own in the sidebar", () => {
  const groups = SIDEBAR.filter(({ items }) =>
    items.some(({ link }) => /^\/(collector|deployment|forwarding)/.test(link)),
  );
  assert.deepEqual(
    groups.map(({ text }) => text),
    ["Collector"],
  );
});

test("inline code with braces has its text in the built page", () => {
  assert.match(readFileSync(at(SITE, "reference", "errors.html"), "utf8"), /<code>\{\{ id \}\}<\/code>/);
  const empty = builtPages().filter((name) => /<code[^>]*><\/code>/.test(readFileSync(at(SITE, name), "utf8")));
  assert.deepEqual(empty, []);
});

test("the links of the built pages lead to pages and headings that are there", () => {
  const site = builtPages();
  const matches = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);
  const html = Object.fromEntries(site.map((name) => [`/${name}`, readFileSync(at(SITE, name), "utf8")]));
  const ids = Object.fromEntries(Object.entries(html).map(([name, text]) => [name, matches(text, / id="([^"]+)"/g)]));
  const broken = Object.entries(html).flatMap(([name, text]) =>
    matches(text, /<a [^>]*?href="([/#][^"]*)"/g).filter((href) => {
      const { pathname, hash } = new URL(href, `http://site${name}`);
      const page = pathname.replace(/\/$/, "/index.html");
      if (page.startsWith("/rust/")) return false;
      return !ids[page] || (hash && !ids[page].includes(decodeURIComponent(hash.slice(1))));
    }),
  );
  assert.ok(site.length > 20);
  assert.deepEqual([...new Set(broken)], []);
});

test("the built pages and style sheets name no file of another host", () => {
  const files = readdirSync(at(SITE), { encoding: "utf8", recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(html|css)$/.test(name) && !name.startsWith("rust/"));
  const remote =
    /<(?!a\b)\w+ [^>]*?(?:src|srcset|href|poster)="(?:https?:)?\/\/[^"]*"|(?:url\(|@import )["']?(?:https?:)?\/\/[^)"']*/g;
  const found = files.flatMap((name) => {
    // The examples in the pages are text, not elements.
    const named = readFileSync(at(SITE, name), "utf8").match(remote) ?? [];
    return named.map((text) => `${name}: ${text}`);
  });
  assert.ok(files.some((name) => name.endsWith(".css")) && files.length > 20);
  assert.deepEqual(found, []);
});
