// The pages of the documentation: each is in the sidebar, and each link of a Markdown file leads to a file and a heading that are there.
// The site itself is built before (scripts/test/stages.mjs).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { SIDEBAR } from "../../docs/.vitepress/sidebar.mjs";
import { at, root } from "../../scripts/lib/project.mjs";

const markdown = (folder, options) => readdirSync(at(folder), options).filter((name) => name.endsWith(".md"));
const pages = markdown("docs", { recursive: true })
  .map((name) => name.replaceAll("\\", "/").replace(/\.md$/, ""))
  .filter((page) => !/^(\.|public\/)/.test(page));
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
