// Ten thousand page views of a single-page application leave no listeners, observers, timers or memory.

import { scenario, tagged, useBrowser } from "../harness.mjs";
import { leavesNothing } from "../soak.mjs";

useBrowser();

/** About half a minute of work. A busy machine needs longer. */
const SOAK_MS = 600_000;

scenario(
  "ten thousand page views leave no listener, observer, timer or memory page",
  {
    site: { "index.html": tagged({ body: "<main></main>", config: "autoTrack: { attributes: true, routes: true }" }) },
    timeout: SOAK_MS,
  },
  (all) => leavesNothing(all, 10_000),
);
