// The demo shop's links to other tabs keep the selected protocol.

import { scenario, until, useBrowser } from "./harness.mjs";

// The headless shell requests a tab in the background, but never shows its page.
useBrowser({ full: true });

scenario(
  "the selected protocol is kept in links to other tabs, and an unknown one is ignored",
  {},
  async ({ page, visit, collector }) => {
    await visit("/?protocol=intempt");
    const link = page.getByTestId("product-card-303").getByRole("link");
    await link.click({ modifiers: ["ControlOrMeta"] });
    // Only the page of the new tab sends this event.
    await collector.expectStored({ type: "click", itemId: "303", source: "intempt" });
    await visit("/product.html?id=304&protocol=carrier-pigeon");
    await collector.expectStored({ type: "click", itemId: "304", source: "batch" });
    await until(
      () =>
        page
          .getByTestId("protocol")
          .locator("strong")
          .innerText()
          .then((name) => name === "Batch"),
      "the selector shows it",
    );
  },
);
