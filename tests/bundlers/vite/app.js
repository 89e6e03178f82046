// A shop that makes one event.

import { createTracker } from "recobeacon";

const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });
tracker.click({ itemId: "vite" });
