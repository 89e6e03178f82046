// Compiles the examples of README and docs/ as a customer's strict TypeScript, against www/index.d.ts. Examples in
// JavaScript are compiled as TypeScript too, because readers paste them into it.

import { dirname, join } from "node:path";
import ts from "typescript";
import { compileScript, parse } from "vue/compiler-sfc";
import { at } from "../../scripts/lib/project.mjs";

// A line with nothing but a path in backquotes names the file of the block behind it.
const BLOCK = /^(?:`(?<path>[^`\n]+)`:\n+)?```(?<language>js|ts|tsx|vue)\b[^\n]*\n(?<code>.*?)^```/gms;
/** The line of a compiled component says nothing about the line in its source. */
const NO_LINE = new Set(["vue"]);

const OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  jsx: ts.JsxEmit.ReactJSX,
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  paths: { recobeacon: [at("www", "index.d.ts")] },
};

/** A component's script and template as one module. */
function component(source) {
  const { descriptor } = parse(source);
  return compileScript(descriptor, { id: "example", inlineTemplate: true }).content;
}

/** The examples of a page: `{ file, line, language, code }`. `file` is in a folder that does not exist. */
export function examples(document, markdown) {
  return [...markdown.matchAll(BLOCK)].map(({ 0: text, groups: { path, language, code }, index }) => {
    const line = markdown.slice(0, index + text.indexOf("```")).split("\n").length + 1;
    const name = path ?? `line-${line}.${language === "tsx" ? "tsx" : "ts"}`;
    // Without an import it would be a script, whose names all examples share.
    const module = `${language === "vue" ? component(code) : code}\nexport {};\n`;
    const file = at(`${document}.examples`, language === "vue" ? `${name}.ts` : name);
    return { document, file, line, language, code: module };
  });
}

/** A file system that also has the examples. */
function hostOf(all) {
  const files = new Map(all.map(({ file, code }) => [file, code]));
  const folders = new Set(all.map(({ file }) => dirname(file)));
  const host = ts.createCompilerHost(OPTIONS);
  const { fileExists, readFile, directoryExists, getSourceFile } = host;
  return Object.assign(host, {
    fileExists: (file) => files.has(file) || fileExists(file),
    readFile: (file) => files.get(file) ?? readFile(file),
    directoryExists: (folder) => folders.has(folder) || directoryExists(folder),
    getSourceFile: (file, target, ...rest) =>
      files.has(file) ? ts.createSourceFile(file, files.get(file), target) : getSourceFile(file, target, ...rest),
  });
}

/** The errors of all examples, each with its place in the page. */
export function errorsOf(all) {
  const roots = [...all.map(({ file }) => file), join(import.meta.dirname, "frameworks.d.ts")];
  const program = ts.createProgram(roots, OPTIONS, hostOf(all));
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const { document, line, language } = all.find((one) => one.file === file?.fileName) ?? { document: file?.fileName };
    const offset = file && !NO_LINE.has(language) ? file.getLineAndCharacterOfPosition(start).line : 0;
    return `${document}:${(line ?? 1) + offset}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}
