// Rules of the engine that the page needs without it. tests/engine/generated.rs names the source of each. Written by `npm run generate`.

/** Most calls that are kept while the module loads. */
export const MOST_EARLY = 1000;

/** Age in milliseconds at which kept calls are dropped. */
export const MOST_AGE_MS = 604800000;

/** Most acknowledgement cookies that are left for other pages. */
export const MOST_ACKNOWLEDGEMENTS = 20;

/** Lifetime of the cookie for denied consent, in days. */
export const OFF_DAYS = 180;

/** Default lifetime of the identity cookie, in days. */
export const COOKIE_DAYS = 90;

/** Share of an item, in thousandths, that must be in view. */
export const SEEN_SHARE = 500;

/** Most elements of a list that the engine reads. */
export const MOST_VALUES = 1000;

/** Calls about the visitor, which the next page executes. All other calls concern the page that made them. */
export const VISITOR_CALLS = /* @__PURE__ */ "click consume basket deleteFromBasket wishlist deleteFromWishlist buy rate owns blacklist rendered clickRecommended triggerOpened clickTriggered feedback cacheHit landingPageClick predictiveBasketClick login followLink logout".split(" ");

/** A text in lower case that a template prints in the place of an account's id. */
export const NO_ACCOUNT = /^(0|undefined|null|none|nil|nan|false|\(not set\)|\[object object\])$|\{\{|\{%|\$\{|#\{|<%|\[\[/;

/** Protocols that only the larger module supports. */
export const LARGER = ["yoochoose", "factfinder", "intempt"];

/** A valid visitor id in a cookie. */
export const ID = /^[\w-]{8,512}$/;

/** States of consent. The engine ignores all others. */
export const CONSENTS = ["pending", "granted", "anonymous", "denied"];
