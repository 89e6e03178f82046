// autoTrack.jsonLd: the page's description of its product for search engines and social networks, for elements that
// name no item. https://schema.org/Product, https://ogp.me, https://developers.facebook.com/docs/marketing-api/catalog

/**
 * The document's product: `fields` of an item and its price, empty if there is none. `problem` says if the description
 * is faulty or ambiguous.
 */
export function product(document) {
  let broken;
  const scripts = [...document.querySelectorAll('script[type="application/ld+json"]')].map((script) => {
    try {
      return parsed(script.textContent);
    } catch {
      broken = "finds JSON-LD that is invalid JSON";
    }
  });
  const metas = {};
  for (const meta of document.querySelectorAll("meta[property]"))
    metas[meta.getAttribute("property")] ??= meta.content.trim();
  const canonical = document.querySelector('link[rel~="canonical"]')?.href;
  const addresses = [document.location.href, canonical, metas["og:url"]].filter(Boolean);
  const fields = { ...fromMetas(metas), ...fromJsonLd(scripts, addresses) };
  return { fields, problem: "itemId" in fields ? undefined : (broken ?? chosen(scripts, addresses).problem) };
}

/**
 * Parses JSON, even if a template has put it into CDATA or a comment, ended it with a semicolon, or broken lines within
 * texts.
 */
export function parsed(text) {
  const bare = text
    .replace(/^\s*(\/[/*])?\s*(<!\[CDATA\[|<!--)\s*(\*\/)?|(\/[/*])?\s*(\]\]>|-->)\s*(\*\/)?\s*;?\s*$/g, "")
    .replace(/;\s*$/, "");
  try {
    return JSON.parse(bare);
  } catch {
    return JSON.parse(bare.replace(/\p{Cc}+/gu, " "));
  }
}

/** Makes fields from the values of all JSON-LD scripts. `addresses` are the page's own, the most specific first. */
export function fromJsonLd(values, addresses) {
  const { one, variants } = chosen(values, addresses);
  if (!one) return {};
  const variant = best(variants, addresses) ?? (variants.length === 1 ? variants[0] : undefined);
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

/** The page's own product and its variants, or the problem. */
function chosen(values, addresses) {
  const found = values.flatMap(things).filter((thing) => is(thing, "Product") || is(thing, "ProductGroup"));
  const [group, ...groups] = found.filter((thing) => is(thing, "ProductGroup"));
  const others = found.filter((thing) => thing !== group);
  // A group whose variants are listed beside it.
  const isWhole =
    group && !groups.length && !others.filter((one) => !one.isVariantOf && !one.inProductGroupWithID).length;
  const one = isWhole ? group : (best(found, addresses) ?? (found.length === 1 ? found[0] : undefined));
  if (!one)
    return {
      problem: found.length
        ? `finds ${found.length} products in JSON-LD, but not exactly one with the page's address`
        : undefined,
    };
  return { one, variants: [...list(one.hasVariant), ...(isWhole ? others : [])].filter((each) => is(each, "Product")) };
}

/**
 * The product that fits the page's address best, by the first address with a match. None if several fit equally well.
 */
function best(things, addresses) {
  for (const address of [].concat(addresses)) {
    const fits = things.map((thing) => Math.max(0, ...addressesOf(thing).map((own) => fit(own, address))));
    const most = Math.max(0, ...fits);
    if (!most) continue;
    const [first, ...more] = things.filter((_, place) => fits[place] === most);
    return more.filter((other) => idOf(other) !== idOf(first)).length ? undefined : first;
  }
}

const addressesOf = (thing) =>
  [
    thing.url,
    thing["@id"],
    thing.mainEntityOfPage,
    thing.mainEntityOfPage?.["@id"],
    ...list(thing.offers).map((offer) => offer?.url),
  ]
    .flat()
    .filter((own) => own && typeof own === "string");

/**
 * How well an address fits the page's: 0 for another page, otherwise rising with each common parameter. The page's
 * address may have further parameters.
 */
function fit(own, page) {
  try {
    const [one, other] = [new URL(own, page), new URL(page)];
    if (place(one) !== place(other)) return 0;
    const parameters = [...one.searchParams];
    const isMissing = ([name, value]) => !other.searchParams.getAll(name).includes(value);
    return parameters.filter(isMissing).length ? 0 : 1 + parameters.length;
  } catch {
    return 0;
  }
}
/** The protocol, "www." and a final slash make no difference. */
const place = ({ host, pathname }) => host.replace(/^www\./, "") + pathname.replace(/\/$/, "");

/** Makes fields from <meta property="og:..."> and <meta property="product:...">, by property. */
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
const is = (thing, type) => list(thing?.["@type"]).filter((name) => String(name).split("/").pop() === type).length > 0;
/** The main objects of a script, without lists of other products and related objects. */
const things = (value) =>
  list(value).flatMap((thing) => [thing, ...things(thing?.["@graph"]), ...things(thing?.mainEntity)]);
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

/** The present price: not a crossed-out one, and not one of several different prices. */
function price(offers) {
  const [offer, ...others] = offers;
  if (!offer || others.length) return undefined;
  const [paid] = list(offer.priceSpecification).filter(
    ({ priceType, referenceQuantity } = {}) => !referenceQuantity && !/List|Strike|SRP/.test(priceType),
  );
  const one = offer.lowPrice === offer.highPrice ? offer.lowPrice : undefined;
  return money(offer.price ?? paid?.price ?? one, offer.priceCurrency ?? paid?.priceCurrency);
}

/** The engine checks it by the rule for all prices. */
const money = (amount, currency) => (text(amount) && text(currency) ? { amount, currency } : undefined);
const given = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
