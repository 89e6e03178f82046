// Makes wasm-bindgen's glue smaller, and turns it into a function that can be called for each module of a page.

import { manifest } from "../lib/project.mjs";

/** wasm-opt's name for every imported module. */
const SHORT_MODULE = "a";

/** Replaces the names in the glue by the module's short ones. */
export function shortenNames(glue, { imports, exports }) {
  const rename = (pattern, to, name) => {
    if (!glue.match(pattern)) throw new Error(`the glue does not have ${name}, which the module uses`);
    glue = glue.replace(pattern, typeof to === "function" ? to : () => to);
  };
  // The module has one import namespace now. Its imports are keys of the glue's own object, or functions that the glue
  // passes on unchanged from another module.
  const own = `./${manifest.name}_bg.js`;
  const namespaces = new Map();
  for (const [module, name, short] of imports) {
    if (module === own) {
      rename(new RegExp(`\\b${name}(?=: function|\\()`, "g"), short, name);
      continue;
    }
    if (!namespaces.has(module)) {
      rename(
        new RegExp(`\\s*"${module}": (import\\d+),`, "g"),
        (_, namespace) => (namespaces.set(module, namespace), ""),
        module,
      );
    }
    rename("__proto__: null,", `__proto__: null, ${short}: ${namespaces.get(module)}.${name},`, name);
  }
  rename(`"${own}":`, `"${SHORT_MODULE}":`, own);
  // Functions that the shrunk module no longer imports.
  glue = glue.replace(/^ *__wbg\w+: function\(.*\n[\s\S]*?\n {8}\},\n/gm, "");
  for (const [name, short] of exports)
    glue = glue.replace(new RegExp(`\\bwasm\\.${name}\\b`, "g"), () => `wasm.${short}`);
  // Comments with a function's index in its module.
  glue = glue.replace(/^ *\/\/ Cast intrinsic .*\n/gm, "");
  // The glue's own functions, named after the code that they call. Numbered names are the same for both modules.
  const shims = [...new Set(glue.match(/\bwasm_bindgen_\w+_invoke_\w+/g))];
  return shims.reduce((glue, name, place) => glue.replaceAll(name, `invoke${place}`), glue);
}

/**
 * Views of the memory that are checked by their buffer. wasm-bindgen checks whether the buffer is detached, which is wrong for the engine as
 * JavaScript: there the old buffer stays when the memory grows.
 */
export function checkedViews(glue) {
  let views = 0;
  const view =
    /^let (cached\w+Memory0) = null;\nfunction (\w+Memory0)\(\) \{\n[\s\S]*?= new (\w+)\((wasm\.\w+\.buffer)\);[\s\S]*?\n\}\n/gm;
  glue = glue.replace(view, (_, cached, name, type, buffer) => {
    views += 1;
    const fresh = `${cached} = new ${type}(buffer)`;
    return `let ${cached};
function ${name}() {
    const { buffer } = ${buffer.replace(/\.buffer$/, "")};
    return ${cached}?.buffer === buffer ? ${cached} : (${fresh});
}
`;
  });
  if (!views || /cached\w+Memory0 === null/.test(glue))
    throw new Error("the glue caches its views in another way than this knows");
  return glue;
}

/** The glue without its register of forgotten closures. There are none, because Rust drops every timer. */
export function withoutRegister(glue) {
  const shrunk = glue.replace(/^const CLOSURE_DTORS = [^;]*;\n/m, "").replace(/^ *CLOSURE_DTORS\.\w+\(.*\);\n/gm, "");
  if (shrunk === glue || /CLOSURE_DTORS|FinalizationRegistry/.test(shrunk))
    throw new Error("the glue registers its closures in another way than this knows");
  return shrunk;
}

/**
 * The glue with closures whose traps do not reach the page. Timers are the only closures, and the browser calls them directly: without arguments, and
 * without a use for their result. Everything else is called through www/engine.js, which reports a trap and does not call the module again.
 */
export function caughtTimers(glue) {
  const call =
    /\(\.\.\.args\) => \{([\s\S]*?)try \{\s*return (f\(a, state\.b), \.\.\.args(\);\s*)\} finally \{([\s\S]*?)\}\s*\};/;
  const caught = glue.replace(call, "() => { try {$1$2$3$4} catch {} };");
  if (caught === glue) throw new Error("the glue calls its closures in another way than this knows");
  return caught;
}

/**
 * Turns the glue, which supports one instance of one module, into a function, because a page may have a tracker for each
 * module. The code that loads a module is left out: the entries have their own.
 */
export function instances(glue) {
  const start = glue.indexOf("let wasmModule, wasmInstance, wasm;");
  if (start < 0 || glue.includes("__wbindgen_start")) throw new Error("the glue starts its module in an unknown way");
  glue = glue.slice(0, start);
  const imports = [];
  glue = glue.replace(/^import .*\n/gm, (line) => (imports.push(line), ""));
  const exports = [];
  glue = glue.replace(/^export (function (\w+))/gm, (_, declaration, name) => (exports.push(name), declaration));
  return `${imports.join("")}export function instantiate(make) {\n${glue}\nconst wasm = make(__wbg_get_imports());\nreturn { ${exports.join(", ")} };\n}\n`;
}
