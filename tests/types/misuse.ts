// Calls that are refused at run time must not compile. tsc reports a line below that has no error.

import { createTracker, type Price, type Tracker } from "recobeacon";

declare const tracker: Tracker;
declare const text: string;
const batch = { protocol: "batch", endpoint: "/v1/events" } as const;

// @ts-expect-error a destination is required
createTracker({});
// @ts-expect-error the same
createTracker();
// @ts-expect-error no such protocol
createTracker({ destinations: { protocol: "carrier-pigeon" } });
// @ts-expect-error ibexa needs a customer
createTracker({ destinations: { protocol: "ibexa" } });
// @ts-expect-error batch needs an endpoint
createTracker({ destinations: { protocol: "batch" } });
// @ts-expect-error an empty list has no destination
createTracker({ destinations: [] });
// @ts-expect-error the same
createTracker({ destinations: [] as const });
// @ts-expect-error a misspelled option of a destination
createTracker({ destinations: { ...batch, tokens: "t" } });
// @ts-expect-error the same in a list
createTracker({ destinations: [{ protocol: "ibexa", custumerId: "1" }] });
// @ts-expect-error no such state
createTracker({ destinations: batch, consent: "maybe" });
// @ts-expect-error no such hash
createTracker({ destinations: batch, identity: { hash: "md5" } });
// @ts-expect-error unknown option
createTracker({ destinations: batch, colour: "red" });

// @ts-expect-error an item is required
tracker.click({});
// @ts-expect-error a misspelled field
tracker.click({ itemID: 1 });
// @ts-expect-error an id is text or a number
tracker.click({ itemId: true });
// @ts-expect-error a rating is required
tracker.rate({ itemId: 1 });
// @ts-expect-error a list is required
tracker.rendered({ items: 1 });
// @ts-expect-error a currency is required
tracker.basket({ itemId: 1, price: { amount: 1 } });
// @ts-expect-error the same in a text
tracker.basket({ itemId: 1, price: "12.45" });
// @ts-expect-error the same in a list
tracker.buy([{ itemId: 1, price: "12" }]);
// @ts-expect-error a text may have no currency
tracker.wishlist({ itemId: 1, price: text });
// @ts-expect-error a number alone is not a price
const price: Price = 12.45;
// @ts-expect-error a user id is text
tracker.login(12);
// @ts-expect-error no such method
tracker.clack({ itemId: 1 });
// @ts-expect-error a measure is required
tracker.consumeTimer({ itemId: 1 }, {});
// @ts-expect-error a scenario is required
tracker.observeRecommendations(document.body, {});
// @ts-expect-error no such event
tracker.on("arrived", () => {});
// @ts-expect-error a warning has no such field
tracker.on("warning", (warning) => warning.reason);
// @ts-expect-error a loss is not a warning
tracker.on("dropped", (loss) => loss.message);
// @ts-expect-error read only
tracker.userId = "ada";

// @ts-expect-error there may be no script tag
window.reco("click", { itemId: 1 });
// @ts-expect-error no such method
window.reco?.("clik", { itemId: 1 });
// @ts-expect-error an id is missing
window.reco?.("click", {});
const collector = { protocol: "batch", endpoint: "/v1/events" } as const;
// @ts-expect-error no such banner
createTracker({ destinations: collector, consentFrom: "cookiebot" });
// @ts-expect-error an option of another banner
createTracker({ destinations: collector, consentFrom: { source: "wp", purposes: [1] } });
// @ts-expect-error a destination is required
window.reco?.("create", { destinations: [] });

export default price;
