"use client";

import { useEffect } from "react";
import { createTracker } from "recobeacon";

// This also runs in Node when the page is rendered.
const tracker = createTracker({ destinations: { protocol: "batch", endpoint: "/v1/events" } });

export default function Page() {
  useEffect(() => tracker.click({ itemId: "next" }), []);
  return <h1>A shop</h1>;
}
