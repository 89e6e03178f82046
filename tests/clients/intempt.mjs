// Intempt's server clients. Both send the same requests and have the same calls, whose names differ only in case.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command } from "../../scripts/lib/progress.mjs";
import { at } from "../../scripts/lib/project.mjs";

const PYTHON = at("target", "clients", "python");
const python = join(PYTHON, "bin", "python");
const snake = (text) => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
/** The content of these objects is the shop's own and is sent unchanged. */
const SHOPS = ["properties", "traits"];
const snaked = (value) => {
  if (Array.isArray(value)) return value.map(snaked);
  if (value === null || typeof value !== "object") return value;
  const names = ([name, part]) => [snake(name), SHOPS.includes(name) ? part : snaked(part)];
  return Object.fromEntries(Object.entries(value).map(names));
};

const item = (type, itemId, more = {}) => ({ type, itemType: "1", itemId, ...more });

/** Each call: its path, the arguments of each invocation, the expected rows, and the number of events without a row. */
const CALLS = [
  {
    call: "ecommerce.productViewed",
    args: [{ userId: "u-1", productId: "SKU_1" }],
    rows: [item("click", "SKU_1", { user: "u-1" })],
  },
  {
    call: "ecommerce.addedToCart",
    args: [{ userId: "u-1", accountId: "firm", productId: "SKU_1", quantity: 2 }],
    rows: [item("basket", "SKU_1", { user: "u-1", account: "firm", quantity: 2 })],
  },
  {
    call: "ecommerce.ordered",
    args: [
      {
        userId: "u-1",
        products: [
          { productId: "SKU_1", quantity: 2 },
          { productId: "SKU_2", quantity: 1 },
          { productId: "SKU_1", quantity: 2 },
        ],
      },
    ],
    rows: ["SKU_1", "SKU_2", "SKU_1"].map((id) => item("buy", id, { user: "u-1", quantity: id === "SKU_1" ? 2 : 1 })),
  },
  {
    call: "batched.ecommerce.ordered",
    args: ["a", "b"].map((productId) => ({ userId: "u-2", products: [{ productId }, { productId: "c" }] })),
    rows: ["a", "c", "b", "c"].map((id) => item("buy", id, { user: "u-2" })),
  },
  {
    call: "track",
    args: [
      { event: "Product viewed", userId: "u-1", properties: { productId: "SKU_3", price: 9.99 } },
      { event: "Signed up", userId: "u-1", properties: { plan: "gold" } },
    ],
    rows: [item("click", "SKU_3", { user: "u-1", data: { price: 9.99 } })],
    unknown: 1,
  },
  { call: "identify", args: [{ userId: "u-3", traits: { plan: "gold" } }], rows: [{ type: "login", user: "u-3" }] },
  {
    call: "alias",
    // PyPI's 2.0.0 does not have this method, although its documentation does.
    only: "node",
    args: [{ userId: "u-3", previousUserId: "before" }],
    rows: [{ type: "login", user: "u-3", anonymous: "before" }],
  },
  {
    call: "group",
    args: [{ accountId: "firm", userId: "u-3" }],
    rows: [{ type: "login", user: "u-3", account: "firm" }],
  },
  { call: "group (no user)", args: [{ accountId: "firm" }], rows: [], unknown: 1 },
];

const cases = (language, run, written) =>
  CALLS.filter(({ only = language }) => only === language).map(({ call, args, ...expected }) => {
    const path = call.replace(" (no user)", "");
    return { ...expected, call: written(call), run: (context) => run(context, path, args) };
  });

const requirements = at("tests", "clients", "requirements.txt");
const [, version] = readFileSync(requirements, "utf8").match(/intempt==(\S+)/);

/** The client from PyPI. */
export const intemptPython = {
  name: `Intempt for Python ${version}`,
  from: "PyPI",
  steps: () =>
    existsSync(python)
      ? []
      : [
          {
            label: "installing Intempt's Python client from PyPI",
            run: async (task) => {
              await command("python3", ["-m", "venv", PYTHON], { task });
              const options = ["--quiet", "--no-deps", "--require-hashes", "--disable-pip-version-check"];
              await command(python, ["-m", "pip", "install", ...options, "-r", requirements], { task });
            },
          },
        ],
  cases: cases(
    "python",
    async ({ host }, call, args) => {
      const script = at("tests", "clients", "intempt_client.py");
      await command(python, [script, host, snake(call), JSON.stringify(snaked(args))]);
    },
    snake,
  ),
};

/** Its only dependency, which only a client behind a proxy needs. */
const noProxy = {
  name: "no proxy",
  setup(build) {
    build.onResolve({ filter: /^https-proxy-agent$/ }, () => ({ path: "none", namespace: "no-proxy" }));
    build.onLoad({ filter: /./, namespace: "no-proxy" }, () => ({ contents: "export class HttpsProxyAgent {}" }));
  },
};

/** From a checkout of the vendor's repository: TypeScript, bundled by esbuild. */
export const intemptNode = (folder) => {
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = at("target", "clients", "intempt-node.mjs");
  let module;
  return {
    name: `Intempt for Node ${version}`,
    from: "checkout",
    steps: () => [
      {
        label: "bundling Intempt's Node client",
        run: async () => {
          const { build } = await import("esbuild");
          const { outputFiles } = await build({
            entryPoints: [join(folder, "src", "index.ts")],
            bundle: true,
            write: false,
            platform: "node",
            format: "esm",
            plugins: [noProxy],
          });
          writeFileSync(file, outputFiles[0].contents);
          module = await import(pathToFileURL(file).href);
        },
      },
    ],
    cases: cases(
      "node",
      async ({ host }, call, args) => {
        const client = module.Intempt.init({
          org: "org",
          project: "shop",
          apiKey: "identifier.secret",
          sourceId: "1234567890123456789",
          host,
          protocol: "http",
          batch: call.startsWith("batched.") && { size: 50, flushMs: 60_000 },
        });
        const path = call.replace("batched.", "").split(".");
        const method = path.pop();
        const target = path.reduce((object, name) => object[name], client);
        for (const { event, ...options } of args)
          await (event ? target[method](event, options) : target[method](options));
        await client.close();
      },
      (call) => call,
    ),
  };
};
