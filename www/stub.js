// The page's inline stub. It keeps calls with their time until the tracker has loaded. Every later version of the
// tracker reads its format: [verb, arguments, milliseconds].
//
// If the page is left earlier, the stub parks the calls for the next page: each as JSON with a comma after it, under a
// key that no other tab uses. As in park.js, which reads them, it does so only if the last consent allows it. Because
// it is part of every page, it must be small: it parks nothing if `respect.dnt` is set, or if localStorage already has
// 1,000 keys.
//
// If the tracker is blocked, each page parks calls. `create` therefore deletes the oldest, so that all of them stay
// within 300,000 characters. A dropped call and a deleted page leave a 0, which the next tracker counts.
//
// With identity.hash, the ids of accounts are not parked, because the stub cannot hash them. The next page logs in again.
//
// In a tab that is being closed, Firefox 153 stops a script at its next loop or its first access to storage. So both
// are done when a call is made, and only a single write remains at the end.
//
// The second argument is the name of the global. An element with this id is not an own property of the window, and the
// stub hides it. Another script's global is not replaced. `Date.now` and `toJSON` are avoided because libraries replace
// them, see env.js.
import { MOST_KEYS, MOST_OF_A_PAGE, MOST_OF_ALL } from "./recover/bounds.js";
import { MOST_EARLY } from "./rules.gen.js";

((page, name, granted, /** @type {any} */ never, /** @type {any} */ may, text, kept, stay, size) => {
  if (page[name] && page.hasOwnProperty(name)) return;
  const reco = (verb, ...args) => {
    const call = [verb, args, +new Date()];
    const [said] = args;
    // Storage and cookies may be blocked, and an argument may be cyclic or throw.
    try {
      reco.q.push(reco.q.length > MOST_EARLY - 1 && verb != "consent" ? 0 : call);
      const line = `${JSON.stringify(
        call,
        /** @this {any} */ function (key) {
          return key == "userId" && this.hash ? void 0 : this[key];
        },
      )},`;
      if (verb == "create") {
        never =
          localStorage.length > MOST_KEYS - 1 ||
          /"memory"|persist":f|dnt":t|From":""|\["login.*hash":"/.test(text + line);
        may =
          (said.consent || said.consentFrom || granted) == granted &&
          (!navigator.globalPrivacyControl || /gpc":f/.test(line));
        // The last page's calls are kept, whatever their size.
        Object.getOwnPropertyNames(localStorage)
          .sort()
          .reverse()
          .map((key) => {
            if (/^reco_q/.test(key))
              if (size < MOST_OF_ALL) size += localStorage[key].length;
              else {
                text += "0,";
                delete localStorage[key];
              }
          });
      }
      // A state that does not exist changes nothing. For brevity, "pending", "anonymous" and "denied" are recognised by two letters, and `>` is "and not".
      if (verb == "consent") may = said == granted || may > /n[dio]/.test(said);
      if (verb != "login" || !/hash":"/.test(kept)) text += text.length + line.length > MOST_OF_A_PAGE ? "0," : line;
      // create, ready, on, observe..., consent and ...Timer belong to this page, in case it returns from the
      // back/forward cache.
      if (/ea[td]|^o[nb]|nse|Ti/.test(verb)) {
        stay.push(call);
        kept += line;
      }
    } catch {}
  };
  reco.q = [];
  page[name] = /** @type {any} */ (reco);
  // `unload` would keep a page out of the back/forward cache.
  addEventListener("pagehide", () => {
    try {
      // Once the tracker has loaded, the queue is its own and no longer a list.
      // Another tab may have heard a no since.
      if (may && !never && reco.q.map && !/reco_off/.test(document.cookie)) {
        localStorage[`reco_q${+new Date() - Math.random()}`] = text;
        text = kept;
        reco.q = stay.slice();
      }
    } catch {}
  });
})(window, "reco", "granted", 1, 0, "", "", [], 0);
