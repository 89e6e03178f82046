// The stub that a page has inline, before the script: it keeps calls, with their time, until the
// tracker is there. What it keeps, [verb, arguments, milliseconds], is read by every later version.
//
// A page that is left earlier parks them for the next one, each as JSON with a comma behind it, under a key that no other tab writes to. Only where the
// last word on consent is yes, as in park.js, which reads them. It is pasted into every page, so it is as careful as its few bytes allow:
// where `respect.dnt` is set it parks nothing, and nothing among a thousand keys of the site's.
//
// Where the tracker is blocked, each page parks: `create` deletes the oldest, so that all of it stays at 300,000 characters. A call that there is
// no room for, and a page that is deleted, has a 0 in its place, and is counted by the next tracker.
//
// In a tab that is being closed Firefox 153 ends a script at its next loop or at its first look at a storage. So both are done
// when a call is made, and what is left to do at the end is one write.
//
// The global's name is the second argument. An element whose id is that name is no property of the window's own, and is hidden; another
// script's global is left alone. A library's `Date.now` or `toJSON` is not asked: env.js says which libraries have one.
import { MOST_KEYS, MOST_OF_A_PAGE, MOST_OF_ALL } from "./recover/bounds.js";
import { MOST_EARLY } from "./rules.gen.js";

((page, name, granted, /** @type {any} */ never, /** @type {any} */ may, text, kept, stay, size) => {
  if (page[name] && page.hasOwnProperty(name)) return;
  const reco = (verb, ...args) => {
    const call = [verb, args, +new Date()];
    const [said] = args;
    reco.q.push(reco.q.length > MOST_EARLY - 1 && verb != "consent" ? 0 : call);
    // Storage and cookies may be blocked, and an argument may be a graph.
    try {
      const line = `${JSON.stringify(
        call,
        /** @this {any} */ function (key) {
          return this[key];
        },
      )},`;
      if (verb == "create") {
        never =
          localStorage.length > MOST_KEYS - 1 ||
          /"memory"|persist":f|dnt":t/.test(line) ||
          /reco_off/.test(document.cookie);
        may =
          (said.consent || said.consentFrom || granted) == granted &&
          (!navigator.globalPrivacyControl || /gpc":f/.test(line));
        // The last page's stays, however much it is.
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
      text += text.length + line.length > MOST_OF_A_PAGE ? "0," : line;
      // create, ready, on, observe..., consent and ...Timer are this page's own, should it come back.
      if (/ea[td]|^o[nb]|nse|Ti/.test(verb)) {
        stay.push(call);
        kept += line;
      }
    } catch {}
  };
  reco.q = [];
  page[name] = /** @type {any} */ (reco);
  // Never unload, which keeps a page out of the back/forward cache.
  addEventListener("pagehide", () => {
    try {
      // Once the tracker is there, the queue is its own, and no list.
      if (may && !never && reco.q.map) {
        localStorage[`reco_q${+new Date() - Math.random()}`] = text;
        text = kept;
        reco.q = stay.slice();
      }
    } catch {}
  });
})(window, "reco", "granted", 1, 0, "", "", [], 0);
