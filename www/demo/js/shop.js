// The visitor's actions in the shop, each with its call of the tracker. `reco` is the global function of the stub in
// the page's head. It may be called before the tracker has loaded, and it never throws.

import { categoryPath, trackedItem, trackedPrice } from "./catalogue.js";
import { account, basket, hidden, rating, viewed, wishlist } from "./state.js";

/**
 * `search`: the result list that the visitor comes from; `triggerName`: the trigger mail.
 * @param {import("./catalogue.js").Product} product
 * @param {{ search?: import("../../index.js").SearchContext, triggerName?: string }} [from]
 */
export function openProduct(product, { search, triggerName } = {}) {
  viewed.add(product.id);
  if (triggerName) reco("clickTriggered", { ...trackedItem(product), triggerName });
  reco("click", { ...trackedItem(product), search });
}

export function addToBasket(product, quantity) {
  basket.set(product.id, basket.quantity(product.id) + quantity);
  reco("basket", { ...trackedItem(product), quantity, price: trackedPrice(product) });
}

export function takeFromBasket(product, quantity) {
  basket.set(product.id, basket.quantity(product.id) - quantity);
  reco("deleteFromBasket", { ...trackedItem(product), quantity });
}

/** Returns true if the product is on the wishlist afterwards. */
export function toggleWish(product) {
  if (wishlist.has(product.id)) {
    wishlist.remove(product.id);
    reco("deleteFromWishlist", trackedItem(product));
    return false;
  }
  wishlist.add(product.id);
  reco("wishlist", { ...trackedItem(product), price: trackedPrice(product) });
  return true;
}

/** One star is 20 of 100. */
const RATING_PER_STAR = 20;
export function rate(product, stars) {
  rating.set(product.id, stars);
  reco("rate", { ...trackedItem(product), rating: stars * RATING_PER_STAR });
}

export function notInterested(product) {
  hidden.add(product.id);
  reco("blacklist", trackedItem(product));
}

export function openFromCampaign(product, campaign, pageId) {
  reco("landingPageClick", { ...trackedItem(product), campaign, pageId });
}

export function openPredicted(product) {
  reco("predictiveBasketClick", trackedItem(product));
}

export function openLetter(triggerName) {
  reco("triggerOpened", { triggerName });
}

/** The results of a search that was answered from the cache. */
export function answeredFromCache(answer) {
  reco("cacheHit", answer);
}

export function judgeSearch(query, positive, message) {
  reco("feedback", { query, positive, message: message || undefined });
}

/**
 * Called on every view of the confirmation page. With an orderId the tracker counts an order once, even after a reload.
 */
export function confirmOrder(order, find) {
  reco(
    "buy",
    order.lines.map(({ id, quantity, cents }) => {
      const product = find(id);
      return {
        itemId: id,
        categoryPath: categoryPath(product),
        quantity,
        price: trackedPrice({ cents }),
        orderId: order.orderId,
      };
    }),
  );
}

export function logIn(id) {
  account.enter(id);
  reco("login", id);
}

export function logOut() {
  account.leave();
  reco("logout");
}
