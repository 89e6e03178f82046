// Rules of the engine that the page needs without it: tests/engine/generated.rs has where each is from. Written by `npm run generate`.

/** Calls that are kept while the module loads: as many as its queue holds by default. */
export const MOST_EARLY = 1000;

/** What is older is lost. */
export const MOST_AGE_MS = 604800000;

/** Cookies of the collector that may stay for other pages. */
export const MOST_ACKNOWLEDGEMENTS = 20;

/** The life of a cookie that says "denied". */
export const OFF_DAYS = 180;

/** The life of the visitor's cookie, unless the page sets another. */
export const COOKIE_DAYS = 90;

/** In thousandths: so much of an item has to be in view. */
export const SEEN_SHARE = 500;

/** Elements of a list that the engine reads. */
export const MOST_VALUES = 1000;

/** Calls that are about the visitor: the next page carries them out. All others are about the page that made them. */
export const VISITOR_CALLS = /* @__PURE__ */ "click consume basket deleteFromBasket wishlist deleteFromWishlist buy rate owns blacklist rendered clickRecommended triggerOpened clickTriggered feedback cacheHit landingPageClick predictiveBasketClick login followLink logout".split(" ");

/** Protocols that only the larger module has. */
export const LARGER = ["yoochoose", "factfinder", "intempt"];

/** An id of a visitor that a cookie may have. */
export const ID = /^[\w-]{8,512}$/;

/** States of consent. The engine ignores all others. */
export const CONSENTS = ["pending", "granted", "anonymous", "denied"];
