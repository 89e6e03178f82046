// identity.hash: accounts by the hash of their id. The hash is made before anything else sees the id, by Web Crypto,
// which takes a moment and needs https: https://w3c.github.io/webcrypto/#subtlecrypto-interface

import { NO_ACCOUNT } from "./rules.gen.js";

/** The id in the form that is hashed, or nothing if it is no id. The engine reports why. */
const normal = (id) => {
  const text = typeof id === "string" && id.trim().toLowerCase();
  return text && !NO_ACCOUNT.test(text) ? text : "";
};

const sha256 = async (text) =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))]
    .map((byte) => (byte + 256).toString(16).slice(1))
    .join("");

/** Where a call has an account's id: the object, its field, and the name for warnings. */
export function accountIn(verb, args) {
  if (verb === "login") return [args, 0, "login.userId"];
  if (verb !== "dataLayer") return [];
  // An entry, or the arguments of a gtag() call.
  const [entry] = [].concat(args[0]).filter((part) => part?.user_id !== undefined);
  if (typeof entry?.user_id === "number") entry.user_id = String(entry.user_id);
  return [entry, "user_id", "dataLayer.user_id"];
}

/**
 * Returns the function that runs `run` after all earlier calls, once the id in `holder[field]` is a hash. Without such
 * an id and without waiting calls it runs at once. It gets the hash, and null if that cannot be made.
 *
 * If the page is left meanwhile, the waiting calls run without those whose id is not hashed yet.
 */
export function gate(fault) {
  let waiting = [];
  let isBusy = false;
  const idOf = ([, holder, field]) => holder && normal(holder[field]);
  const proceed = () => {
    isBusy = true;
    while (waiting.length) {
      const call = waiting.shift();
      const id = idOf(call);
      const [run, holder, field, name] = call;
      if (id)
        return void sha256(id)
          .catch(() => {
            fault("personal-data", name, "cannot be hashed without https: the visitor is anonymous");
            return null;
          })
          .then((hash) => {
            holder[field] = hash;
            run(hash);
            proceed();
          });
      // The engine refuses an empty text, and takes spaces for an id.
      if (holder?.[field]?.trim) holder[field] = holder[field].trim();
      run();
    }
    isBusy = false;
  };
  addEventListener(
    "pagehide",
    () => {
      const calls = waiting;
      waiting = calls.filter(idOf);
      for (const call of calls) if (!idOf(call)) call[0]();
    },
    true,
  );
  return (...call) => {
    waiting.push(call);
    if (!isBusy) proceed();
  };
}
