// The browsers by name, and their interface for rows.

import { chromium } from "./chromium.mjs";
import { firefox } from "./firefox.mjs";
import { webkit } from "./webkit.mjs";

/**
 * An engine: `label`; `steps()`, the installation; `start({ profile, cookies, signal })`, a browser with the profile in
 * this directory. `cookies: "blocked"` blocks all cookies in its settings; `signal` ends everything, so that a hanging
 * start leaves nothing behind.
 *
 * A browser: `version`; `open(url)`, a page in a new tab; `offline(yes)`, if the driver can do that; `close()` closes
 * the last window like a visitor, which ends the program; `kill()`, SIGKILL to all its processes.
 *
 * A page: `goto(url)`, `back()`, `close()`, like a visitor; `crash()`, if the driver can do that: its process ends;
 * `run(function, ...arguments)` runs in the page and awaits a promise. Behind a WebDriver also `url()`, `click(css)`,
 * `type(css, text)`.
 */
export const ENGINES = { chromium, firefox, webkit };
