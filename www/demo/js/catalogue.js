// The shop's products. Prices are in cents, so that sums are exact.

export const ITEM_TYPE = { product: 1, article: 2, film: 3 };
export const CURRENCY = "EUR";
export const CATEGORIES = ["Light", "Kitchen", "Garden", "Desk", "Away"];

// id, name, category, kind, price in cents, description
const ROWS = [
  [
    101,
    "Storm lantern",
    "Light",
    "Lanterns",
    4890,
    "Burns for twenty hours on a filling and does not mind the wind. The globe lifts with one finger.",
  ],
  [
    102,
    "Paper globe lamp",
    "Light",
    "Hanging lamps",
    3450,
    "Rice paper on a bamboo frame. Folds flat, weighs next to nothing, and makes any room kinder.",
  ],
  [
    103,
    "Reading lamp",
    "Light",
    "Table lamps",
    8900,
    "Two joints, one switch, and a shade that puts the light on the page and not in your eyes.",
  ],
  [
    104,
    "Beeswax candles",
    "Light",
    "Candles",
    1295,
    "Three candles poured from the wax of one summer. They smell of it, too.",
  ],
  [
    105,
    "Harbour string lights",
    "Light",
    "Lanterns",
    2990,
    "Ten bulbs on nine metres of rubber cable, made for the deck and happy in the yard.",
  ],
  [
    201,
    "Moka pot",
    "Kitchen",
    "Coffee and tea",
    3290,
    "Eight sides, three cups, no electronics. The sound it makes is the best part of the morning.",
  ],
  [
    202,
    "Enamel mug",
    "Kitchen",
    "Coffee and tea",
    1250,
    "Steel under glass. It chips, it lasts, and it is yours once it has its first dent.",
  ],
  [
    203,
    "Bread board and knife",
    "Kitchen",
    "Baking",
    5400,
    "Oiled oak with a hole to hang it by, and a knife with teeth that reach through any crust.",
  ],
  [204, "Iron pan", "Kitchen", "Pans", 4600, "Cast in one piece and seasoned twice. Heavy, patient, good for eggs."],
  [
    205,
    "Teapot",
    "Kitchen",
    "Coffee and tea",
    3950,
    "Stoneware, glazed inside and out, with a spout that does not drip. We tried.",
  ],
  [
    301,
    "Watering can",
    "Garden",
    "Watering",
    3690,
    "Five litres, a long neck, and a brass rose that rains rather than pours.",
  ],
  [
    302,
    "Hand trowel",
    "Garden",
    "Tools",
    1850,
    "Forged blade, ash handle. Marked in centimetres for those who plant by the book.",
  ],
  [
    303,
    "Pot with a rubber plant",
    "Garden",
    "Plants",
    2750,
    "Terracotta that breathes, and a plant that forgives a forgotten week.",
  ],
  [
    304,
    "Wildflower seeds",
    "Garden",
    "Plants",
    495,
    "Forty kinds for one square metre. Sow in April, stand back, count the bees.",
  ],
  [
    305,
    "Bird house",
    "Garden",
    "Wildlife",
    2490,
    "Larch, a 32 millimetre hole, a roof that opens for the autumn cleaning.",
  ],
  [
    401,
    "Notebook",
    "Desk",
    "Paper",
    1690,
    "Thread-bound, so that it lies open. 192 dotted pages that take ink without complaint.",
  ],
  [
    402,
    "Fountain pen",
    "Desk",
    "Writing",
    6200,
    "A steel nib with a little spring in it. Comes with a cartridge and a converter.",
  ],
  [
    403,
    "Jar of pencils",
    "Desk",
    "Writing",
    1980,
    "Three pencils, one jar, and room for the twenty that will follow them.",
  ],
  [
    404,
    "Alarm clock",
    "Desk",
    "Clocks",
    4350,
    "Two bells and a hammer. There is no snooze button, and that is the idea.",
  ],
  [
    405,
    "Magnifier",
    "Desk",
    "Tools",
    2200,
    "Three times, ground glass, a beech handle. For maps, moths and small print.",
  ],
  [501, "Rucksack", "Away", "Bags", 11900, "Waxed cotton, leather straps, 18 litres: a day's walk or a week's post."],
  [502, "Flask", "Away", "On the way", 2850, "Keeps soup hot until the third summit. The lid is the cup."],
  [503, "Two-person tent", "Away", "Camp", 18900, "Two poles, six pegs, four minutes. Two kilograms for two people."],
  [504, "Compass", "Away", "On the way", 3150, "A brass case and a needle that knows one thing for certain."],
];

/**
 * @typedef {object} Product
 * @property {number} id
 * @property {string} name
 * @property {string} category
 * @property {string} kind
 * @property {number} [cents]
 * @property {string} [text]
 */

/** @type {Product[]} */
export const products = /** @type {any[][]} */ (ROWS).map(([id, name, category, kind, cents, text]) => ({
  id,
  name,
  category,
  kind,
  cents,
  text,
}));
/** @type {Product} */
export const article = { id: 901, name: "How a lens saved the coast", category: "Journal", kind: "Light" };
/** @type {Product} */
export const film = { id: 951, name: "One night at the light", category: "Films", kind: "Light" };

const byId = new Map([...products, article, film].map((item) => [item.id, item]));
/** @returns {Product | undefined} */
export const find = (id) => byId.get(Number(id));

/** "Light/Lanterns", in the tracker's format. */
export const categoryPath = (item) => `${item.category}/${item.kind}`;

/** The fields of a product for every event. */
export const trackedItem = (product) => ({
  itemId: product.id,
  categoryPath: categoryPath(product),
  title: product.name,
});

/**
 * "12.45EUR", in the tracker's format.
 * @returns {import("../../index.js").Price}
 */
export const trackedPrice = (product) => `${(product.cents / 100).toFixed(2)}${CURRENCY}`;

const format = new Intl.NumberFormat("en-IE", { style: "currency", currency: CURRENCY });
export const money = (cents) => format.format(cents / 100);
