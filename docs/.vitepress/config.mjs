// The documentation site: https://vitepress.dev/reference/site-config

import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { slug } from "github-slugger";
import { defineConfig } from "vitepress";
import { SIDEBAR } from "./sidebar.mjs";

const REPOSITORY = "https://github.com/recobeacon/recobeacon";
/** The demo shop has it as well. */
const ICON = readFileSync(fileURLToPath(new URL("../../www/demo/favicon.svg", import.meta.url)), "utf8");
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

/** Cells with more text than this get the class that theme/tables.css makes wide enough to be read. */
const CELL_LETTERS = 50;

function markCellsOfText(md) {
  md.core.ruler.push("cells-of-text", ({ tokens }) => {
    for (const [place, token] of tokens.entries()) {
      const isText = token.type === "td_open" && tokens[place + 1].content.length > CELL_LETTERS;
      if (isText) token.attrJoin("class", "text");
    }
  });
}

/**
 * The words of a text, for the search: names such as `customer_rows` and `data-reco-item-id` as a whole, and their parts. VitePress puts this
 * function and the next one into the pages, so they must not use names from outside.
 */
const tokenize = (text) =>
  (text.match(/[\p{L}\p{N}]+(?:[_-]+[\p{L}\p{N}]+)*/gu) ?? []).flatMap((name) =>
    /[_-]/.test(name) ? [name, ...name.split(/[_-]+/)] : [name],
  );

/** A whole name says more than its parts, which are common words. */
const boostTerm = (term) => (/[_-]/.test(term) ? 20 : 1);

// An icon that is only named is fetched from api.iconify.design where the style sheet does not have it, as on the development server.
const GITHUB =
  '<svg role="img" viewBox="0 0 16 16" xmlns="http://www.w3.org/2000/svg"><path d="M8 0C3.58 0 0 3.58 0 8c0 3.54 2.29 6.53 5.47 7.59.4.07.55-.17.55-.38 0-.19-.01-.82-.01-1.49-2.01.37-2.53-.49-2.69-.94-.09-.23-.48-.94-.82-1.13-.28-.15-.68-.52-.01-.53.63-.01 1.08.58 1.23.82.72 1.21 1.87.87 2.33.66.07-.52.28-.87.51-1.07-1.78-.2-3.64-.89-3.64-3.95 0-.87.31-1.59.82-2.15-.08-.2-.36-1.02.08-2.12 0 0 .67-.21 2.2.82.64-.18 1.32-.27 2-.27s1.36.09 2 .27c1.53-1.04 2.2-.82 2.2-.82.44 1.1.16 1.92.08 2.12.51.56.82 1.27.82 2.15 0 3.07-1.87 3.75-3.65 3.95.29.25.54.73.54 1.48 0 1.07-.01 1.93-.01 2.2 0 .21.15.46.55.38A8.01 8.01 0 0 0 16 8c0-4.42-3.58-8-8-8Z"/></svg>';

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
  // Without an icon, browsers ask for /favicon.ico.
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  // The documentation of Rust brings a licence as Markdown.
  srcExclude: ["public/**"],
  // The anchors of headings are GitHub's, so one link works in both places.
  markdown: {
    anchor: { slugify: (text) => slug(text) },
    config: (md) => md.use(linkToRepository).use(keepBraces).use(markCellsOfText),
  },
  // A build beside the development server would make it reload for each file.
  vite: { server: { watch: { ignored: ["dist", ".temp", "cache"].map((name) => `**/.vitepress/${name}/**`) } } },
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
    search: { provider: "local", options: { miniSearch: { options: { tokenize }, searchOptions: { boostTerm } } } },
    socialLinks: [{ icon: { svg: GITHUB }, link: REPOSITORY, ariaLabel: "GitHub" }],
    editLink: {
      // VitePress puts this function into the pages, so it must not use names from outside.
      pattern: ({ filePath }) =>
        `https://github.com/recobeacon/recobeacon/edit/main/${filePath.startsWith("api/") ? "www/index.d.ts" : `docs/${filePath}`}`,
      text: "Edit this page on GitHub",
    },
  },
});
