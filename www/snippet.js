// The stub that a page has inline, before the script: it keeps calls, with their time, until the
// tracker is there. What it keeps, [verb, arguments, milliseconds], is read by every later version.
//
// A page that is left earlier parks them for the next one, each as JSON with a comma behind it, under a key that no other tab writes to. Only where the
// last word on consent is yes, as in early.js, which reads them. It is pasted into every page, so it is as careful as 600 bytes can be:
// where `respect.dnt` is set it parks nothing, and nothing among a thousand keys of the site's.
((page, granted, room) => {
  if (page.reco) return;
  const reco = (verb, ...args) => {
    reco.q.push([verb, args, Date.now()]);
  };
  reco.q = [];
  page.reco = reco;
  // Looked at now: in a tab that is being closed Firefox 153 refuses a page's first look at its storage, and whatever comes behind it.
  try {
    room = localStorage.length < 999;
  } catch {}
  // Never unload, which keeps a page out of the back/forward cache.
  addEventListener("pagehide", () => {
    let may, text = "", rest = [];
    // Storage and cookies may be blocked. And once the tracker is there, the queue is its own, and no list.
    try {
      for (const call of reco.q) {
        const [verb, [said]] = call;
        // create, ready, on, observe..., consent and ...Timer are this page's own, should it come back.
        if (/ea[td]|^o|nse|Ti/.test(verb)) rest.push(call);
        // An argument may be a graph.
        try {
          const line = JSON.stringify(call);
          if (verb == "create") {
            if (/"memory"|persist":f|dnt":t/.test(line)) return;
            may =
              (said.consent || said.consentFrom || granted) == granted &&
              (!navigator.globalPrivacyControl || /gpc":f/.test(line)) &&
              !/reco_off/.test(document.cookie);
          }
          if (verb == "consent") may = said == granted;
          text += line + ",";
        } catch {}
      }
      if (may && room) {
        localStorage["reco_q" + Math.random()] = text;
        reco.q = rest;
      }
    } catch {}
  });
})(window, "granted");
