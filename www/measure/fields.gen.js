// The fields of events that data-reco-* attributes can have. Written by `npm run generate`.

const ITEM = "itemId itemType categoryPath masterId title";

/** The fields of `search`. */
export const SEARCH = "query position originalPosition page pageSize originalPageSize score campaign";

/** The fields of each method's object. */
export const OBJECTS = {
  __proto__: null,
  click: ITEM,
  consume: `${ITEM} percentage`,
  basket: `${ITEM} quantity price campaign query`,
  deleteFromBasket: `${ITEM} quantity`,
  wishlist: `${ITEM} price`,
  deleteFromWishlist: ITEM,
  buy: `${ITEM} price quantity orderId campaign query`,
  rate: `${ITEM} rating`,
  owns: ITEM,
  blacklist: ITEM,
  rendered: "itemType scenario variant",
  clickRecommended: `${ITEM} scenario variant modelId mainId`,
  triggerOpened: "triggerName",
  clickTriggered: `${ITEM} triggerName`,
  feedback: "query positive message",
  cacheHit: "query page pageSize hitCount searchTimeMs minScore maxScore itemId masterId title searchField customSorting additionalInfo",
  landingPageClick: `${ITEM} campaign pageId`,
  predictiveBasketClick: ITEM,
};

/** The beginnings of a template's placeholder. */
export const PLACEHOLDER = /\{\{|\{%|\$\{|#\{|<%|\[\[/;
