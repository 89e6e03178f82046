// Products in pages' JSON-LD and <meta>: an item's id, master id, category and price, or nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromJsonLd, fromMetas, parsed, product } from "../../www/measure/jsonld.js";

const URL = "https://shop.example/boots?size=42#reviews";
const OFFER = { "@type": "Offer", price: 12.45, priceCurrency: "EUR" };
const PRICE = { amount: 12.45, currency: "EUR" };
const PRODUCT = { "@type": "Product", sku: "S-1", offers: OFFER };
const FOUND = { itemId: "S-1", price: PRICE };

const CASES = {
  "a product": [PRODUCT, FOUND],
  "a list of objects": [[{ "@type": "Organization" }, PRODUCT], FOUND],
  "in a graph, as the main entity of its page": [{ "@graph": [{ "@type": "WebPage", mainEntity: PRODUCT }] }, FOUND],
  "with a type of several, written as an address": [
    { ...PRODUCT, "@type": ["Thing", "http://schema.org/Product"] },
    FOUND,
  ],
  "a number as id, and a price as text": [
    { "@type": "Product", productID: 128, offers: [{ ...OFFER, price: "12.45" }] },
    { itemId: "128", price: { ...PRICE, amount: "12.45" } },
  ],
  "an identifier with a name": [
    { "@type": "Product", identifier: { "@type": "PropertyValue", value: "P-7" } },
    { itemId: "P-7" },
  ],
  "a category in Google's format": [
    { ...PRODUCT, category: "Shoes > Children" },
    { ...FOUND, categoryPath: "Shoes/Children" },
  ],
  "the first of several categories, with a name": [
    { ...PRODUCT, category: [{ "@type": "CategoryCode", name: "Shoes" }, "Sale"] },
    { ...FOUND, categoryPath: "Shoes" },
  ],
  "not the crossed-out price": [
    {
      ...PRODUCT,
      offers: {
        "@type": "Offer",
        priceSpecification: [
          { priceType: "https://schema.org/StrikethroughPrice", price: 20, priceCurrency: "EUR" },
          { price: 12.45, priceCurrency: "EUR" },
        ],
      },
    },
    FOUND,
  ],
  "not one of several different prices": [
    { ...PRODUCT, offers: { "@type": "AggregateOffer", lowPrice: 5, highPrice: 9, priceCurrency: "EUR" } },
    { itemId: "S-1" },
  ],
  "a price common to all offers": [
    { ...PRODUCT, offers: { "@type": "AggregateOffer", lowPrice: 12.45, highPrice: 12.45, priceCurrency: "EUR" } },
    FOUND,
  ],
  "a formatted price, which the engine checks": [
    { ...PRODUCT, offers: { ...OFFER, price: "1.299,00" } },
    { itemId: "S-1", price: { ...PRICE, amount: "1.299,00" } },
  ],
  "no empty price": [{ ...PRODUCT, offers: { ...OFFER, price: "" } }, { itemId: "S-1" }],
  "no price without a currency": [{ ...PRODUCT, offers: { price: 3 } }, { itemId: "S-1" }],
  "a variant of its group": [
    { ...PRODUCT, inProductGroupWithID: "G-1" },
    { ...FOUND, masterId: "G-1" },
  ],
  "a variant that names its group": [
    { ...PRODUCT, isVariantOf: { "@type": "ProductGroup", productGroupID: "G-1" } },
    { ...FOUND, masterId: "G-1" },
  ],
  "a group: the variant with this address": [
    {
      "@type": "ProductGroup",
      productGroupID: "G-1",
      category: "Shoes",
      hasVariant: [
        { ...PRODUCT, sku: "S-0", url: "/boots?size=41" },
        { ...PRODUCT, offers: { ...OFFER, url: "https://shop.example/boots?size=42" } },
      ],
    },
    { ...FOUND, masterId: "G-1", categoryPath: "Shoes" },
  ],
  "a group without a variant for this address": [
    { "@type": "ProductGroup", productGroupID: "G-1", hasVariant: [PRODUCT, { ...PRODUCT, sku: "S-2" }] },
    { itemId: "G-1" },
  ],
  "the one of several with this address": [
    [
      { ...PRODUCT, sku: "other" },
      { ...PRODUCT, url: "/boots?size=42" },
    ],
    FOUND,
  ],
  "the one of several with this address except for campaign parameters": [
    [
      { ...PRODUCT, sku: "other", url: "/shoes" },
      { ...PRODUCT, url: "http://www.shop.example/boots/" },
    ],
    FOUND,
  ],
  "the variant that shares most parameters with this address": [
    {
      "@type": "ProductGroup",
      productGroupID: "G-1",
      url: "/boots",
      hasVariant: [
        { ...PRODUCT, sku: "S-0", url: "/boots" },
        { ...PRODUCT, url: "/boots?size=42" },
        { ...PRODUCT, sku: "S-2", url: "/boots?size=42&colour=red" },
      ],
    },
    { ...FOUND, masterId: "G-1" },
  ],
  "a group whose variants are listed beside it": [
    [
      { "@type": "ProductGroup", productGroupID: "G-1", hasVariant: [{ "@id": "#a" }] },
      { ...PRODUCT, sku: "S-0", url: "/boots?size=41", isVariantOf: { "@id": "#g" } },
      { ...PRODUCT, url: "/boots?size=42", isVariantOf: { "@id": "#g" } },
    ],
    { ...FOUND, masterId: "G-1" },
  ],
  "by its @id, or by the page whose main entity it is": [
    [
      { ...PRODUCT, sku: "other", "@id": "https://shop.example/shoes#product" },
      { ...PRODUCT, mainEntityOfPage: { "@id": "https://shop.example/boots" } },
    ],
    FOUND,
  ],
  "none of several without an address": [[PRODUCT, { ...PRODUCT, sku: "S-2" }], {}],
  "not a list of other products": [
    { "@type": "ItemList", itemListElement: [{ "@type": "ListItem", item: PRODUCT }] },
    {},
  ],
  "not a related product": [{ "@type": "Article", about: PRODUCT }, {}],
  "nothing at all": [null, {}],
  "not an object": [
    [
      42,
      "Product",
      [],
      { "@type": null },
      { "@type": "Product", offers: "free", category: {}, sku: {}, hasVariant: "none" },
    ],
    {},
  ],
};
for (const [name, [value, wanted]] of Object.entries(CASES)) {
  test(`JSON-LD: ${name}`, () => assert.deepEqual(fromJsonLd([value], URL), wanted));
}

test("JSON-LD: the canonical address, if no product has the page's own", () => {
  const two = [
    { ...PRODUCT, sku: "other", url: "/shoes" },
    { ...PRODUCT, url: "/boots" },
  ];
  const addresses = ["https://shop.example/p/17?utm_source=mail", "https://shop.example/boots"];
  assert.deepEqual(fromJsonLd([two], addresses), FOUND);
  assert.deepEqual(fromJsonLd([two], addresses.slice(0, 1)), {});
});

const WRAPPED = {
  "in CDATA": '\n//<![CDATA[\n{"a":"b c"}\n//]]>\n',
  "in CDATA with CSS comments": '/*<![CDATA[*/{"a":"b c"}/*]]>*/',
  "in bare CDATA": '<![CDATA[{"a":"b c"}]]>',
  "in a comment": '<!--\n{"a":"b c"}\n-->',
  "with a semicolon": '{"a":"b c"};\n',
  "with a semicolon in CDATA": '//<![CDATA[\n{"a":"b c"};\n//]]>',
  "with a line break in a text": '{"a":"b\r\nc"}',
  "with a tab in a text": '{\n"a":"b\tc"\n}',
};
for (const [name, text] of Object.entries(WRAPPED))
  test(`JSON-LD ${name} is read`, () => assert.deepEqual(parsed(text), { a: "b c" }));

/** The parts of a document that `product` reads. */
const documentOf = (...texts) => ({
  location: { href: URL },
  querySelectorAll: (selector) => (/json/.test(selector) ? texts.map((textContent) => ({ textContent })) : []),
  querySelector: () => null,
});
test("the problem with a page's JSON-LD is reported", () => {
  assert.match(product(documentOf('{"@type": Product}')).problem, /^finds JSON-LD that is invalid JSON$/);
  const two = JSON.stringify([PRODUCT, { ...PRODUCT, sku: "S-2" }]);
  assert.match(product(documentOf(two)).problem, /^finds 2 products in JSON-LD/);
  assert.deepEqual(product(documentOf("{", JSON.stringify(PRODUCT))), { fields: FOUND, problem: undefined });
  assert.deepEqual(product(documentOf()), { fields: {}, problem: undefined });
});

test("<meta>: a product's id, price and category", () => {
  const metas = {
    "og:type": "product",
    "product:retailer_item_id": "S-1",
    "product:price:amount": "20.00",
    "product:price:currency": "EUR",
    "product:sale_price:amount": "12.45",
    "product:sale_price:currency": "EUR",
    "product:item_group_id": "G-1",
    "product:category": "Shoes > Children",
  };
  assert.deepEqual(fromMetas(metas), {
    itemId: "S-1",
    masterId: "G-1",
    categoryPath: "Shoes/Children",
    price: { amount: "12.45", currency: "EUR" },
  });
  assert.deepEqual(fromMetas({ "og:type": "og:product", "og:price:amount": "5", "og:price:currency": "EUR" }), {
    price: { amount: "5", currency: "EUR" },
  });
});

test("<meta>: an article is not a product", () => {
  assert.deepEqual(
    fromMetas({ "og:type": "article", "product:price:amount": "5", "product:price:currency": "EUR" }),
    {},
  );
  assert.deepEqual(fromMetas({}), {});
});
