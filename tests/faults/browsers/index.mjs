// The browsers by name, and what a row may ask of each.

import { chromium } from "./chromium.mjs";
import { firefox } from "./firefox.mjs";
import { webkit } from "./webkit.mjs";

/**
 * An engine: `label`; `steps()`, what has to be installed; `start({ profile, cookies, signal })`, a browser with the profile in this directory,
 * where `cookies: "blocked"` is what its settings call so; `signal` ends all of it, so that a start that hangs leaves nothing behind.
 *
 * A browser: `version`; `open(url)`, a page in a new tab; `offline(yes)` where the driver can do that; `close()`, as a visitor closes the last
 * window, which ends the program; `kill()`, SIGKILL to all its processes.
 *
 * A page: `goto(url)`, `back()`, `close()`, as a visitor does it; `crash()` where the driver can do that: its process dies; `run(function, ...arguments)`, in the page, waiting for a promise. Behind a WebDriver also `url()`, `click(css)`, `type(css, text)`.
 */
export const ENGINES = { chromium, firefox, webkit };
