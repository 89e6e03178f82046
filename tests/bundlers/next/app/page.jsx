"use client";

import { useEffect } from "react";
import { createTracker } from "recobeacon";

// This also runs where the page is rendered, in Node.
const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });

export default function Page() {
  useEffect(() => tracker.click({ itemId: "next" }), []);
  return <h1>A shop</h1>;
}
