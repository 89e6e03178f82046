// Scripts that change built-in functions and pages: libraries from Debian and npm, and by hand the changes of Prototype
// 1.6 and other versions that neither has.

import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { oldLibraries } from "../../scripts/lib/libraries.mjs";
import { at } from "../../scripts/lib/project.mjs";

/** As one classic script, which changes the page's own globals. */
async function bundled(source) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: at("tests", "e2e") },
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    platform: "browser",
    logLevel: "error",
  });
  return outputFiles[0].text;
}

const SOURCES = {
  "jquery.js": 'window.jQuery = require("jquery").noConflict();',
  "zone.js": 'require("zone.js");',
};

const joined = (files) => files.map((file) => readFileSync(file, "utf8")).join("\n;");

/** Datejs without its 160 languages, in the order of its own index.js. */
const DATEJS_FILES =
  "i18n core core-prototypes sugarpak format_parser parsing_operators parsing_translator parsing_grammar parser extras time_period time_span";

/** The libraries as files of a site: name -> text. Some replace the same methods, so each is a separate script. */
export async function libraries() {
  const names = Object.keys(SOURCES);
  const texts = await Promise.all(names.map((name) => bundled(SOURCES[name])));
  const datejs = DATEJS_FILES.split(" ").map((name) => at("node_modules", "datejs", "src", "core", `${name}.js`));
  const { prototype, mootools } = oldLibraries();
  return {
    "prototype.js": joined(prototype),
    "mootools.js": joined(mootools),
    ...Object.fromEntries(names.map((name, place) => [name, texts[place]])),
    "datejs.js": joined(datejs),
  };
}

/** The scripts' tags, for a page's head. */
export const tags = (scripts) =>
  Object.keys(scripts)
    .map((name) => `<script src="/${name}"></script>`)
    .join("");

/**
 * Serves these scripts to the visitor. The collector would compress each file at the highest level, which is slow in a
 * debug build.
 */
export const serve = (context, scripts) =>
  context.route(
    (url) => url.pathname.slice(1) in scripts,
    (route) =>
      route.fulfill({
        contentType: "text/javascript",
        body: scripts[new URL(route.request().url()).pathname.slice(1)],
      }),
  );

/**
 * Prototype 1.6: arrays and hashes have a `toJSON` that returns text, `reduce` and `entries` are different functions,
 * `Object.keys` includes inherited properties.
 */
export const PROTOTYPE_16 = `
  const text = (value) => Array.isArray(value) ? "[" + Array.prototype.slice.call(value).map(text).join(", ") + "]"
    : value && typeof value === "object" ? "{" + Object.entries(value).map(([name, field]) => '"' + name + '": ' + text(field)).join(", ") + "}"
    : typeof value === "string" ? '"' + value.replace(/"/g, '\\\\"') + '"' : String(value);
  Array.prototype.toJSON = function () { return text(this); };
  String.prototype.toJSON = function () { return text(String(this)); };
  Array.prototype.reduce = function () { return this.length > 1 ? this : this[0]; };
  Array.prototype.entries = Array.prototype.toArray = function () { return [].concat(this); };
  Array.from = window.$A = (iterable) => { const list = []; for (let n = 0; n < (iterable?.length ?? 0); n++) list.push(iterable[n]); return list; };
  Object.keys = (object) => { const names = []; for (const name in object) names.push(name); return names; };
  Object.values = (object) => { const values = []; for (const name in object) values.push(object[name]); return values; };
  Function.prototype.bind = function (self) { const that = this; return function () { return that.apply(self, arguments); }; };
  for (const name of ["each", "clone", "size", "first", "last", "clear", "compact", "without", "include", "inspect"])
    Array.prototype[name] = function () { return this; };
  for (const name of ["update", "replace", "insert", "hide", "show", "select", "observe", "fire", "up", "down", "match", "clone", "visible"])
    HTMLElement.prototype[name] = function () { return this; };
`;
/** Datejs 1.0 alpha. */
export const DATEJS = "Date.now = () => new Date();";
/** MooTools in a browser: its own classes with the names of built-in ones. */
export const MOOTOOLS = `
  window.Element = function () {}; window.Element.prototype = HTMLElement.prototype.__proto__;
  for (const name of ["Request", "Cookie", "Class", "Elements", "Events", "Options", "Chain", "Type", "Fx"]) window[name] = function () {};
  Array.from = (item) => item == null ? [] : typeof item === "object" && "length" in item ? [].slice.call(item) : [item];
`;
/** A page's own additions to every object and every array, which for-in enumerates. */
export const OBJECTS = `
  Object.prototype.x = 42;
  Object.prototype.extend = function () { return this; };
  Array.prototype.last = function () { return this[this.length - 1]; };
`;

export const HOSTILE = { PROTOTYPE_16, DATEJS, MOOTOOLS, OBJECTS };
