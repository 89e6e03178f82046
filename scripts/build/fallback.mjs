// The engine as JavaScript, for pages without WebAssembly: Lockdown Mode, a policy without 'wasm-unsafe-eval', old browsers. It is made from the
// module by binaryen's wasm2js, so there is one source: https://github.com/WebAssembly/binaryen#wasm2js

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../lib/progress.mjs";
import { at } from "../lib/project.mjs";

/** wasm2js knows the first version of WebAssembly only. */
const LOWER = ["--llvm-memory-copy-fill-lowering", "--llvm-nontrapping-fptoint-lowering", "--signext-lowering"];

/**
 * Writes `fallback.js` into `work`, from `<name>.wasm`. It exports `instance(imports)`, which returns what the exports of a
 * WebAssembly.Instance are.
 */
export async function writeFallback(task, name, work, features) {
  task.say(`${name}: wasm2js`);
  const tool = (program, from, to, ...args) =>
    command(
      process.execPath,
      [at("node_modules", "binaryen", "bin", program), join(work, from), "-o", join(work, to), ...features, ...args],
      { task },
    );
  await tool("wasm-opt", `${name}.wasm`, "lowered.wasm", ...LOWER);
  await tool("wasm2js", "lowered.wasm", "lowered.js", "-O");
  writeFileSync(join(work, "fallback.js"), asFunction(readFileSync(join(work, "lowered.js"), "utf8")));
}

/** wasm2js writes a module that imports its imports. This makes it a function of them, and its traps known as such (www/trap.js). */
function asFunction(text) {
  const replace = (from, to) => {
    if (!text.match(from)) throw new Error(`wasm2js writes another form than this knows: ${from}`);
    text = text.replace(from, to);
  };
  replace(/^import \* as \w+ from '\w+';\n/gm, "");
  replace(/\nvar retasmFunc = [\s\S]*$/, "\nexport const instance = (imports) => asmFunc(imports);\n");
  replace(/throw new Error\('abort'\)/, "throw Object.assign(new Error('unreachable'), { isTrap: true })");
  return text;
}
