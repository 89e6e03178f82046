// Finds the browser builds of Prototype and MooTools for the tests of pages with these libraries. npm has only their
// ports to servers, which replace less: neither `Event` nor `Array.prototype.find`.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { aptSteps } from "./browser.mjs";
import { Problem } from "./project.mjs";

/** The paths in Debian's packages. In `LIBRARIES` the file names only. */
const FILES = ["prototype/prototype.js", "mootools/mootools-core.min.js", "mootools/mootools-more.min.js"];
const DEBIAN = "/usr/share/javascript";
const PACKAGES = ["libjs-prototype", "libjs-mootools"];
const INSTALL =
  "Prototype and MooTools: on Debian or Ubuntu `apt-get install libjs-prototype libjs-mootools`; elsewhere name a folder with " +
  `${FILES.map((file) => file.split("/")[1]).join(", ")} in the variable LIBRARIES.`;

/** The files of both libraries, or undefined if one is missing. */
function find() {
  const folder = process.env.LIBRARIES;
  const files = FILES.map((file) => (folder ? join(folder, file.split("/")[1]) : join(DEBIAN, file)));
  if (!files.every((file) => existsSync(file))) return undefined;
  const [prototype, ...mootools] = files;
  return { prototype: [prototype], mootools };
}

/** The files. Throws a Problem with installation instructions if one is missing. */
export function oldLibraries() {
  const found = find();
  if (!found) throw new Problem(`Not found: ${INSTALL}`);
  return found;
}

/** The step that installs them if possible. Otherwise it tells that they are missing. */
export const librarySteps = () => (find() ? [] : aptSteps(PACKAGES, INSTALL));
