// autoTrack.jsonLd: what the page says of its product for search engines and social networks, as the source for elements that
// name no item. https://schema.org/Product, https://ogp.me, https://developers.facebook.com/docs/marketing-api/catalog

/** The document's product as fields of an item, and its price; nothing where there is none. */
export function product(document) {
  const scripts = [...document.querySelectorAll('script[type="application/ld+json"]')].map((script) =>
    parsed(script.textContent),
  );
  const metas = {};
  for (const meta of document.querySelectorAll("meta[property]"))
    metas[meta.getAttribute("property")] ??= meta.content.trim();
  return { ...fromMetas(metas), ...fromJsonLd(scripts, document.location.href) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    // Other readers of it will complain.
    return null;
  }
}

/** From the values of all JSON-LD scripts; `url` is the page's own, by which a variant is known. */
export function fromJsonLd(values, url) {
  const found = values.flatMap(things).filter((thing) => is(thing, "Product") || is(thing, "ProductGroup"));
  const one = found.find((thing) => isAt(thing, url)) ?? found[0];
  if (!one) return {};
  const variants = list(one.hasVariant).filter((variant) => is(variant, "Product"));
  const variant = variants.find((each) => isAt(each, url)) ?? (variants.length === 1 ? variants[0] : undefined);
  const group = list(one.isVariantOf)[0];
  return given({
    itemId: idOf(variant) ?? idOf(one),
    masterId: idOf(variant)
      ? (text(one.productGroupID) ?? idOf(one))
      : (text(one.inProductGroupWithID) ?? text(group?.productGroupID)),
    categoryPath: path(category(variant) ?? category(one)),
    price: price(list(variant?.offers)) ?? price(list(one.offers)),
  });
}

/** From <meta property="og:..."> and <meta property="product:...">, by their properties. */
export function fromMetas(metas) {
  const itemId = metas["product:retailer_item_id"];
  if (!itemId && !/product/.test(metas["og:type"])) return {};
  const [amount, currency] = ["amount", "currency"].map(
    (part) => metas[`product:sale_price:${part}`] || metas[`product:price:${part}`] || metas[`og:price:${part}`],
  );
  return given({
    itemId: text(itemId),
    masterId: text(metas["product:item_group_id"]),
    categoryPath: path(metas["product:category"]),
    price: money(amount, currency),
  });
}

const list = (value) => (value == null ? [] : [value].flat());
/** "Product" of "https://schema.org/Product", or of several types. */
const is = (thing, type) => list(thing?.["@type"]).some((name) => String(name).split("/").pop() === type);
/** What a script speaks of: not a list of others' products, and not what stands beside this one. */
const things = (value) =>
  list(value).flatMap((thing) => [thing, ...things(thing?.["@graph"]), ...things(thing?.mainEntity)]);
const isAt = (thing, url) =>
  [thing, ...list(thing.offers)].some(({ url: own } = {}) => own && bare(own, url) === bare(url, url));

function bare(address, base) {
  try {
    return new URL(address, base).href.split("#")[0];
  } catch {
    return null;
  }
}

const text = (value) => (["string", "number"].includes(typeof value) && String(value).trim()) || undefined;
const idOf = (thing) =>
  thing &&
  (text(thing.sku) ??
    text(thing.productID) ??
    text(thing.identifier?.value ?? thing.identifier) ??
    text(thing.productGroupID));
const category = (thing) => list(thing?.category).map((each) => text(each?.name ?? each))[0];
/** Google's categories are written "Shoes > Children". */
const path = (category) => category?.split(/\s*>\s*/).join("/");

/** What one costs now: not the price that is crossed out, and not one out of many. */
function price(offers) {
  const [offer, ...others] = offers;
  if (!offer || others.length) return undefined;
  const [paid] = list(offer.priceSpecification).filter(
    ({ priceType, referenceQuantity } = {}) => !referenceQuantity && !/List|Strike|SRP/.test(priceType),
  );
  const one = offer.lowPrice === offer.highPrice ? offer.lowPrice : undefined;
  return money(offer.price ?? paid?.price ?? one, offer.priceCurrency ?? paid?.priceCurrency);
}

/** The engine judges it, by the rule for all prices. */
const money = (amount, currency) => (text(amount) && text(currency) ? { amount, currency } : undefined);
const given = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
