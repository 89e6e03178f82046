// The documents whose code blocks and stubs are tested: README.md and the pages of docs/, also the generated ones.

import { readdirSync } from "node:fs";
import { at } from "../../scripts/lib/project.mjs";

const isHidden = (name) => /(^|\/)\./.test(name);

export const documents = [
  "README.md",
  ...readdirSync(at("docs"), { encoding: "utf8", recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".md") && !isHidden(name))
    .map((name) => `docs/${name}`)
    .sort(),
];
