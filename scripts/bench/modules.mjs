// Counts the WebAssembly modules that a page compiles, and finds their memories.

import { setTimeout as pause } from "node:timers/promises";
import { isReady } from "./call.mjs";
import { openPage } from "./visit.mjs";

/** The page stays open for this time, because a tracker may load a module late. */
const STAYS_MS = 4_000;

/** Runs in the page before its own scripts: wraps the functions that compile modules and those that make instances. */
export function census() {
  const names = ["compile", "compileStreaming", "instantiate", "instantiateStreaming"];
  const memories = new Set();
  let modules = 0;
  const note = (instance) => {
    for (const one of Object.values(instance?.exports ?? {})) if (one instanceof WebAssembly.Memory) memories.add(one);
  };
  for (const name of names) {
    const native = WebAssembly[name];
    WebAssembly[name] = (...args) => {
      // `instantiate` compiles nothing if it gets a module.
      if (!(args[0] instanceof WebAssembly.Module)) modules += 1;
      return native.apply(WebAssembly, args).then((result) => (note(result.instance ?? result), result));
    };
  }
  const { Module, Instance } = WebAssembly;
  const counted = (Native, done) =>
    new Proxy(Native, { construct: (target, args, wanted) => done(Reflect.construct(target, args, wanted)) });
  WebAssembly.Module = counted(Module, (module) => ((modules += 1), module));
  WebAssembly.Instance = counted(Instance, (instance) => (note(instance), instance));
  /** @type {any} */ (window).wasm = () => ({
    modules,
    bytes: [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  });
}

/** @returns {Promise<{ modules: number, bytes: number }>} */
export const wasm = (page) => page.evaluate(() => /** @type {any} */ (window).wasm());

/**
 * Returns the number of modules that a page with one event compiles.
 * @param {import("playwright-core").Browser} browser
 * @param {{ addresses: { load: string } }} running
 */
export async function compiledModules(browser, { addresses }) {
  const { page, close } = await openPage(browser, { before: census });
  try {
    await page.goto(addresses.load, { waitUntil: "load" });
    await isReady(page);
    await pause(STAYS_MS);
    return (await wasm(page)).modules;
  } finally {
    await close();
  }
}
