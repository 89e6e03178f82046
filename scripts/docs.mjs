// npm run docs: the documentation site on a development server. npm run docs:build: the site as files, in docs/.vitepress/dist, together with
// the documentation of the Rust crates (`-- --no-rust`: without it, in seconds). npm run docs:preview: serves these files. `-- --port 19400` or
// PORT sets the port of a server.

import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { freePort, wantedPort } from "./lib/collector.mjs";
import { command, steps } from "./lib/progress.mjs";
import { at, main, manifest, Problem, root } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";

const DOCS = at("docs");
const SITE = at("docs", ".vitepress", "dist");
const API = at("docs", "api", "index.md");
/** A development server and a build may run at the same time. So each makes its pages here and then moves them to their place. */
const NEXT = at("target", `docs-${process.pid}`);
/** VitePress copies what is in public/ into the site, so these pages are under /rust/. */
const RUST = at("docs", "public", "rust");
/** VitePress's own. */
const PORTS = { serve: 5173, preview: 4173 };
const CRATES = [`${manifest.name}-engine`, `${manifest.name}-collector`];

/** One page from the public types. TypeDoc deletes what else is in its folder. https://typedoc.org/documents/Options.html */
async function reference() {
  const { Application } = await import("typedoc");
  const typedoc = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown"],
    entryPoints: [at("www", "index.d.ts")],
    out: NEXT,
    tsconfig: at("www", "tsconfig.json"),
    skipErrorChecking: true,
    readme: "none",
    name: "API",
    disableSources: true,
    sort: ["source-order"],
    groupOrder: ["Functions", "Interfaces", "Type Aliases"],
    treatWarningsAsErrors: true,
    logLevel: "Warn",
    // Of typedoc-plugin-markdown: https://typedoc-plugin-markdown.org/docs/options
    ...{
      router: "module",
      entryFileName: "index",
      hidePageHeader: true,
      hideBreadcrumbs: true,
      interfacePropertiesFormat: "table",
      parametersFormat: "table",
      typeDeclarationFormat: "table",
    },
  });
  const project = await typedoc.convert();
  if (project) await typedoc.generateOutputs(project);
  if (!project || typedoc.logger.hasErrors() || typedoc.logger.hasWarnings())
    throw new Problem("The API reference could not be made from www/index.d.ts.");
  mkdirSync(dirname(API), { recursive: true });
  renameSync(join(NEXT, basename(API)), API);
  rmSync(NEXT, { recursive: true });
}

async function rustdoc(task) {
  const packages = CRATES.flatMap((name) => ["--package", name]);
  await command("cargo", ["doc", "--no-deps", ...packages], { task, cwd: root });
  cpSync(at("target", "doc"), NEXT, { recursive: true });
  rmSync(RUST, { recursive: true, force: true });
  mkdirSync(dirname(RUST), { recursive: true });
  renameSync(NEXT, RUST);
}

const vitepress = (task) =>
  command(process.execPath, [at("node_modules", "vitepress", "bin", "vitepress.js"), "build", DOCS], { task });

async function serve(wanted) {
  const { createServer } = await import("vitepress");
  const server = await createServer(DOCS, { port: wanted ?? (await freePort(PORTS.serve)), strictPort: true });
  await server.listen();
  server.printUrls();
  if (!existsSync(RUST)) console.log("  The Rust crates are left out: `npm run docs:build` makes their pages.");
}

/** Serves the built site. */
async function preview(wanted) {
  if (!existsSync(join(SITE, "index.html"))) throw new Problem("There is no site yet. Run `npm run docs:build` first.");
  const { serve: serveFiles } = await import("vitepress");
  await serveFiles({ root: DOCS, port: wanted ?? (await freePort(PORTS.preview)) });
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      build: { type: "boolean" },
      preview: { type: "boolean" },
      "no-rust": { type: "boolean" },
      port: { type: "string" },
    },
  });
  const port = wantedPort(values.port);
  if (values.preview) return steps([...setUp({ build: false })]).then(() => preview(port));
  const withRust = values.build && !values["no-rust"];
  await steps([
    ...setUp({ build: false }),
    { label: "the API reference, from www/index.d.ts", run: reference },
    ...(withRust ? [{ label: "the documentation of the Rust crates", run: rustdoc }] : []),
    ...(values.build ? [{ label: "the site, in docs/.vitepress/dist", run: vitepress }] : []),
  ]);
  if (!values.build) await serve(port);
});
