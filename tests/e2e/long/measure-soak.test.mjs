// Ten thousand page views of a single-page application leave nothing behind.

import { scenario, tagged, useBrowser } from "../harness.mjs";
import { leavesNothing } from "../soak.mjs";

useBrowser();

/** About half a minute of work; a machine that does other things as well needs longer. */
const SOAK_MS = 600_000;

scenario(
  "after ten thousand page views there is no listener, observer, timer or page of memory more than at the start",
  {
    site: { "index.html": tagged({ body: "<main></main>", config: "autoTrack: { attributes: true, routes: true }" }) },
    timeout: SOAK_MS,
  },
  (all) => leavesNothing(all, 10_000),
);
