// The documentation site: https://vitepress.dev/reference/site-config

import { existsSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { slug } from "github-slugger";
import { defineConfig } from "vitepress";
import { SIDEBAR } from "./sidebar.mjs";

const REPOSITORY = "https://github.com/recobeacon/recobeacon";
const hasRustdoc = existsSync(fileURLToPath(new URL("../public/rust", import.meta.url)));

/** Pages link to files of the repository by relative paths, which work on GitHub. The site has only docs/, so there they lead to GitHub. */
function linkToRepository(md) {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    const links = tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === "link_open");
    for (const link of links) {
      const href = link.attrGet("href");
      if (!href?.startsWith(".")) continue;
      const target = posix.join("docs", posix.dirname(env.relativePath), href);
      if (!target.startsWith("docs/")) link.attrSet("href", `${REPOSITORY}/blob/main/${target}`);
    }
  });
}

/** Vue would evaluate `{{ }}` in inline code. VitePress itself protects only blocks. */
function keepBraces(md) {
  const { code_inline: inline } = md.renderer.rules;
  md.renderer.rules.code_inline = (...args) => inline(...args).replace("<code", "<code v-pre");
}

const rust = {
  text: "Rust",
  items: [
    { text: "Engine", link: "/rust/recobeacon_engine/index.html", target: "_blank" },
    { text: "Collector", link: "/rust/recobeacon_collector/index.html", target: "_blank" },
  ],
};

export default defineConfig({
  lang: "en",
  title: "recobeacon",
  description: "Recommendation tracking for shops and publishers",
  // The documentation of Rust brings a licence as Markdown.
  srcExclude: ["public/**"],
  // The anchors of headings are GitHub's, so one link works in both places.
  markdown: { anchor: { slugify: (text) => slug(text) }, config: (md) => (linkToRepository(md), keepBraces(md)) },
  themeConfig: {
    nav: [
      { text: "Guide", link: "/getting-started" },
      { text: "Options", link: "/reference/options" },
      { text: "API", link: "/api/" },
      ...(hasRustdoc ? [rust] : []),
      { text: "Changelog", link: `${REPOSITORY}/blob/main/CHANGELOG.md` },
    ],
    sidebar: SIDEBAR,
    outline: [2, 3],
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: REPOSITORY }],
    editLink: {
      // VitePress puts this function into the pages, so it must not use names from outside.
      pattern: ({ filePath }) =>
        `https://github.com/recobeacon/recobeacon/edit/main/${filePath.startsWith("api/") ? "www/index.d.ts" : `docs/${filePath}`}`,
      text: "Edit this page on GitHub",
    },
  },
});
