// Removes functions from the module that only its function table keeps.

/** A name in the text format: https://webassembly.github.io/spec/core/text/values.html#text-id */
const NAME = /\$(?:"(?:[^"\\]|\\.)*"|[^\s()"]+)/g;
/** wasm-bindgen's functions through which JavaScript calls a closure. js-sys has about fifty of them for its own methods. */
const SHIM = /^\$"wasm_bindgen\[\w+\]::convert::closures::_::invoke::</;
/** js-sys's support for promises: its tasks, and the waker of a task, which is in the table. */
const TASK = /js_sys\[\w+\]::futures::/;
const WAKER = /^\$"js_sys\[\w+\]::futures::jspi::task_waker::/;

/**
 * The module's text without the functions in the table that nothing can call. JavaScript calls a shim by its export, so the others are unused. A
 * waker is unused if no other function has a task. The first entry of the table takes their places: its type is another, so that a call would trap.
 */
export function withoutUnusedShims(text) {
  const exported = [...text.matchAll(/^ \(export "[^"]+" \(func (.*)\)\)$/gm)].map(([, name]) => name);
  // With reference types there are two tables, and the segment names its own.
  const [, table = ""] = text.match(/^ \(elem .*?\(i32\.const \d+\)(.*)$/m) ?? [];
  const entries = table.match(NAME) ?? [];
  const isShim = (name) => SHIM.test(name) && !exported.includes(name);
  const others = entries.filter((name) => !isShim(name) && !WAKER.test(name));
  const awaits = [...reachable(text, [...exported, ...others])].some((name) => TASK.test(name));
  const isUnused = (name) => isShim(name) || (WAKER.test(name) && !awaits);
  if (!entries.some(isUnused)) throw new Error("the function table has other names than this knows");
  return text.replace(table, () => table.replace(NAME, (name) => (isUnused(name) ? others[0] : name)));
}

/** The functions that these functions call, directly or indirectly, and these. */
function reachable(text, names) {
  const functions = text.split(/\n(?= \(func )/).slice(1);
  const named = new Map(functions.map((body) => [body.match(NAME)[0], body]));
  const found = new Set(names);
  // A set is iterated with the elements that are added meanwhile.
  for (const name of found) {
    const calls = named.get(name)?.matchAll(/\((?:return_)?call (\$(?:"(?:[^"\\]|\\.)*"|[^\s()"]+))/g) ?? [];
    for (const [, called] of calls) found.add(called);
  }
  return found;
}
