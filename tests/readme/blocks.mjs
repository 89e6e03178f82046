// Finds the code blocks of a Markdown file that are pages or scripts, and their expected events.
//
// A comment directly before every ```html or ```js block names the event types that the collector must have stored
// after the block has run, in order, or `nothing`:
//
// <!-- stores: click, buy -->
//
// No block can be left out. A line with nothing but a path in backquotes before the comment makes a script also a file
// of the document's pages.

const FENCE = /^(?<before>[^\n]*)(?<gap>\n+)```(?<language>html|js|javascript)\b[^\n]*\n(?<code>.*?)(?=^```)/gms;
const PATH = /(?:^|\n)`([^`\n]+)`:\n+$/;
const PROMISE = /^<!-- stores: (?<types>[A-Za-z, ]+) -->$/;

export function blocks(markdown) {
  return [...markdown.matchAll(FENCE)].map(({ groups: { before, gap, language, code }, index }) => {
    const path = markdown.slice(0, index).match(PATH)?.[1];
    const line = markdown.slice(0, index + before.length + gap.length).split("\n").length;
    const promise = before.trim().match(PROMISE)?.groups.types;
    const types = promise?.split(",").map((type) => type.trim());
    return {
      line,
      path,
      language: language === "html" ? "html" : "js",
      code,
      stores: types?.[0] === "nothing" ? [] : types,
    };
  });
}

const FAVICON = '<link rel="icon" href="data:,">';
const IMPORT_MAP = '<script type="importmap">{ "imports": { "recobeacon": "/dist/index.js" } }</script>';
/** The elements that the examples use. */
const BODY =
  '<main><article id="article">An article</article><video id="video"></video><button id="buy">Buy</button></main>';

/**
 * The page of a block. An html block is a page, or the content of a page's head. A js block is a module. If it creates
 * no tracker, it runs after the script tag has created one, and finds it as `tracker`. The shop of the examples is the
 * test's own site, and their `integrity` is that of the built reco.js.
 */
export function pageOf({ language, code: written }, snippet, integrity) {
  const code = written
    .replaceAll("https://shop.example/dist/", "/dist/")
    .replaceAll('integrity="sha384-..."', `integrity="${integrity}"`);
  if (language === "html") {
    return /<html|<!doctype/i.test(code)
      ? code
      : `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>README</title>${FAVICON}\n${code}</head><body>${BODY}</body></html>`;
  }
  const imports = /createTracker/.test(code);
  const own = imports || /reco\("create"/.test(code);
  const make = own
    ? ""
    : '<script>reco("create", { destinations: { protocol: "batch", endpoint: "/v1/events" } });</script>';
  const tag = imports ? "" : `<script>${snippet}</script><script async src="/dist/reco.js"></script>${make}`;
  const tracker = own ? "" : 'const tracker = await new Promise((resolve) => reco("ready", resolve));\n';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>README</title>${FAVICON}${IMPORT_MAP}${tag}</head><body>${BODY}<script type="module">\n${tracker}${code}\nwindow.ran = true;\n</script></body></html>`;
}
