// The browser for tests/engine/browser.rs. Its APIs are observed, and replaced if a test needs it. `reset` restores
// them.

const undo = [];
let log = [];
let active = new Map();

const put = (target, name, descriptor) => {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { configurable: true, ...descriptor });
  undo.push(() => (before ? Object.defineProperty(target, name, before) : delete target[name]));
};

/** A new visitor in an unchanged browser. */
export const reset = () => {
  while (undo.length) undo.pop()();
  log = [];
  active = new Map();
  localStorage.clear();
  for (const pair of document.cookie.split("; ")) document.cookie = `${pair.split("=")[0]}=; Path=/; Max-Age=0`;
};

/** The calls of `sendBeacon` and `fetch`, as JSON. */
export const requests = () => JSON.stringify(log);

/** Sets the result of `sendBeacon`. "throws": the function does not exist. */
export const beacons = (answer) =>
  put(navigator, "sendBeacon", {
    value: (url, body) => {
      if (answer === "throws") throw new TypeError("sendBeacon is not a function");
      log.push({ api: "beacon", url, body: body ?? null });
      return answer === "true";
    },
  });

/** Sets the result of `fetch`: a status, or "reject", "opaque", "redirect", "later" (never). */
export const fetches = (answer, retryAfter) =>
  put(window, "fetch", {
    value: (url, init) => {
      log.push({ api: "fetch", url, ...init });
      if (answer === "reject") return Promise.reject(new TypeError("Failed to fetch"));
      if (answer === "later") return new Promise(() => {});
      const headers = new Headers(retryAfter ? { "Retry-After": retryAfter } : {});
      if (answer === "opaque") return Promise.resolve({ type: "opaque", status: 0, headers: new Headers() });
      if (answer === "redirect") return Promise.resolve({ type: "opaqueredirect", status: 0, headers });
      return Promise.resolve(new Response(null, { status: Number(answer), headers }));
    },
  });

/** Records the callbacks of Resource Timing observers from now on. */
export const watchEnds = () => {
  const observers = new Set();
  put(window, "PerformanceObserver", {
    value: class {
      constructor(told) {
        this.told = told;
      }
      observe(options) {
        if (options.type === "resource") observers.add(this.told);
      }
      disconnect() {
        observers.delete(this.told);
      }
    },
  });
  undo.push(() => (ended = () => 0));
  ended = (...entries) => {
    for (const told of observers) told({ getEntries: () => entries });
    return observers.size;
  };
};

let ended = () => 0;

/** Reports the end of a request to the observers. Returns their number. */
export const end = (name, initiatorType, responseStatus, redirectStart) =>
  ended({ name, initiatorType, responseStatus, redirectStart });

/** The address as the browser resolves it. */
export const here = (url) => new URL(url, document.baseURI).href;

/** Reports a policy violation for an address, enforced or report-only. */
export const forbid = (blockedURI, effectiveDirective, disposition) =>
  document.dispatchEvent(
    new SecurityPolicyViolationEvent("securitypolicyviolation", { blockedURI, effectiveDirective, disposition }),
  );

/** Records all listeners from now on. */
export const watchListeners = () => {
  for (const target of [window, document]) {
    const [add, remove] = [target.addEventListener, target.removeEventListener];
    const key = (type) => `${target === window ? "window" : "document"} ${type}`;
    put(target, "addEventListener", {
      value: (type, ...rest) => {
        active.set(key(type), (active.get(key(type)) ?? 0) + 1);
        add.call(target, type, ...rest);
      },
    });
    put(target, "removeEventListener", {
      value: (type, ...rest) => {
        active.set(key(type), (active.get(key(type)) ?? 0) - 1);
        remove.call(target, type, ...rest);
      },
    });
  }
};

/** The names of the present listeners, sorted. */
export const listeners = () =>
  [...active]
    .flatMap(([name, count]) => Array(Math.max(count, 0)).fill(name))
    .sort()
    .join(", ");

/** Changes the page's visibility. */
export const becomes = (state) => {
  put(document, "visibilityState", { get: () => state });
  document.dispatchEvent(new Event("visibilitychange"));
};

export const fire = (type) => window.dispatchEvent(new Event(type));

/** Makes every access to cookies or storage throw, as in a sandboxed frame. */
export const blockStorage = () => {
  const refuse = () => {
    throw new DOMException("blocked", "SecurityError");
  };
  put(document, "cookie", { get: refuse, set: refuse });
  put(window, "localStorage", { get: refuse });
};

/** Makes the browser ignore cookies silently, as if the visitor had disabled them. */
export const ignoreCookies = () => put(document, "cookie", { get: () => "", set: () => {} });

export const cookies = () => document.cookie;

export const setCookie = (cookie) => (document.cookie = cookie);

export const keeps = (key) => localStorage.getItem(key) ?? undefined;

/** The texts in the outbox. */
export const outbox = () => Object.keys(localStorage).filter((key) => key.startsWith("reco_o_")).length;

/** Runs the function and returns its exception as text. */
export const thrownBy = (callback) => {
  try {
    callback();
    return "";
  } catch (error) {
    return String(error);
  }
};

/** Arguments that no typed caller would pass. */
export const odd = (name) => {
  const cyclic = { itemId: 1 };
  cyclic.title = cyclic;
  const all = {
    nan: () => ({ itemId: NaN }),
    infinity: () => ({ itemId: Infinity }),
    bigint: () => ({ itemId: 12n }),
    symbol: () => ({ itemId: Symbol("x") }),
    function: () => ({ itemId: () => 1 }),
    date: () => ({ itemId: new Date() }),
    boxed: () => ({ itemId: new String("a") }),
    element: () => document.body,
    field: () => ({ itemId: document.body }),
    map: () => new Map([["itemId", 1]]),
    cyclic: () => cyclic,
    sparse: () => [Array(5)],
    bare: () => Object.assign(Object.create(null), { itemId: true }),
    throwing: () => ({
      get itemId() {
        throw new Error("the page's own");
      },
    }),
    proxy: () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error("the page's own");
          },
        },
      ),
    revoked: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    frozen: () => Object.freeze({ itemId: Object.freeze([1]) }),
  };
  return all[name]();
};

/** An item whose id has an unpaired surrogate. */
export const loneSurrogate = () => ({ itemId: "a\ud83db" });

/** An object of a class with an inherited property. */
export const instance = () => {
  class Product {
    itemId = 7;
    get title() {
      return "inherited, so not an own field";
    }
  }
  return new Product();
};
