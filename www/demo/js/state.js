// The visitor's state in the shop: basket, wishlist, orders (localStorage) and account (a cookie, which a shop's server
// would set). If storage is refused, the state is kept in memory.

const memory = new Map();

/** Like `find`, which MooTools and Prototype break together. A shop's pages may have both. */
const first = (list, test) => list.filter(test)[0];

function read(key, fallback) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? memory.get(key) ?? fallback;
  } catch {
    return memory.get(key) ?? fallback;
  }
}

function write(key, value) {
  memory.set(key, value);
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Blocked or full: the value is kept for this page.
  }
  // Not `Event`, because MooTools has a class of this name.
  window.dispatchEvent(new CustomEvent("shop-changed"));
}

/** A list of unique ids under one key. */
const idList = (key) => ({
  all: () => read(key, []),
  has: (id) => read(key, []).includes(id),
  add: (id) => write(key, [id, ...read(key, []).filter((other) => other !== id)]),
  remove: (id) =>
    write(
      key,
      read(key, []).filter((other) => other !== id),
    ),
});

export const wishlist = idList("demo_wishlist");
export const hidden = idList("demo_hidden");
export const viewed = idList("demo_viewed");

/** [{ id, quantity }] */
export const basket = {
  lines: () => read("demo_basket", []),
  count: () => basket.lines().reduce((sum, line) => sum + line.quantity, 0),
  quantity: (id) => first(basket.lines(), (line) => line.id === id)?.quantity ?? 0,
  set(id, quantity) {
    const others = basket.lines().filter((line) => line.id !== id || quantity > 0);
    const known = others.some((line) => line.id === id);
    if (known)
      write(
        "demo_basket",
        others.map((line) => (line.id === id ? { id, quantity } : line)),
      );
    else write("demo_basket", quantity > 0 ? [...others, { id, quantity }] : others);
  },
  clear: () => write("demo_basket", []),
};

/** The orders of this browser, newest first: { orderId, lines: [{ id, quantity, cents }], at } */
const ORDERS_KEPT = 20;
export const orders = {
  all: () => read("demo_orders", []),
  find: (orderId) => first(orders.all(), (order) => order.orderId === orderId),
  add: (order) => write("demo_orders", [order, ...orders.all()].slice(0, ORDERS_KEPT)),
};

export const rating = {
  of: (id) => read("demo_ratings", {})[id] ?? 0,
  set: (id, stars) => write("demo_ratings", { ...read("demo_ratings", {}), [id]: stars }),
};

const ACCOUNT_COOKIE = "demo_account";
const ACCOUNT_SECONDS = 30 * 24 * 3600;

/** The search results of this tab. */
const ANSWERS_KEY = "demo_answers";
export const answers = {
  find(key) {
    try {
      return JSON.parse(sessionStorage.getItem(ANSWERS_KEY))?.[key];
    } catch {
      return undefined;
    }
  },
  add(key, answer) {
    try {
      sessionStorage.setItem(
        ANSWERS_KEY,
        JSON.stringify({ ...JSON.parse(sessionStorage.getItem(ANSWERS_KEY)), [key]: answer }),
      );
    } catch {
      // Blocked or full: the next search is made again.
    }
  },
};

/** The tracker's anonymous id, if there is one. A shop's server finds it in the same cookie. */
export const visitorId = () => cookie("reco_id");

function cookie(name) {
  const pair = first(document.cookie.split("; "), (part) => part.startsWith(`${name}=`));
  try {
    return decodeURIComponent(pair?.slice(name.length + 1) ?? "") || null;
  } catch {
    return null;
  }
}

export const account = {
  get id() {
    return cookie(ACCOUNT_COOKIE);
  },
  enter(id) {
    document.cookie = `${ACCOUNT_COOKIE}=${encodeURIComponent(id)}; Path=/; Max-Age=${ACCOUNT_SECONDS}; SameSite=Lax`;
  },
  leave() {
    document.cookie = `${ACCOUNT_COOKIE}=; Path=/; Max-Age=0; SameSite=Lax`;
  },
};
