// The destinations of the demo shop. A real shop has one destination or a fixed list. This one can be switched to try
// each protocol: `?protocol=factfinder`, kept for the tab, or the selector in the page's head. The demo's own collector
// serves all of them.
(() => {
  const KEY = "demo_protocol";
  const endpoint = location.origin;
  // The name of the shop at the vendor. The collector stores it with each event.
  const CUSTOMERS = {
    ibexa: "00000",
    yoochoose: "00000",
    factfinder: "demo",
    factfinder7: "demo",
    intempt: "lumen-loam/shop/1",
  };
  const DESTINATIONS = {
    batch: { protocol: "batch", endpoint: "/v1/events" },
    ibexa: { protocol: "ibexa", customerId: "00000", endpoint },
    yoochoose: { protocol: "yoochoose", customerId: "00000", endpoint },
    factfinder: { protocol: "factfinder", channel: "demo", currency: "EUR", endpoint },
    factfinder7: { protocol: "factfinder", version: "7", channel: "demo", currency: "EUR", endpoint },
    intempt: { protocol: "intempt", organization: "lumen-loam", project: "shop", source: "1", endpoint },
  };

  const kept = () => {
    try {
      return sessionStorage.getItem(KEY);
    } catch {
      // Storage is blocked: the links carry the choice.
      return null;
    }
  };
  const wanted = new URLSearchParams(location.search).get("protocol") ?? kept();
  const chosen = Object.hasOwn(DESTINATIONS, wanted) ? wanted : "batch";
  try {
    sessionStorage.setItem(KEY, chosen);
  } catch {
    // See above.
  }
  // The shop's modules read it.
  document.documentElement.dataset.protocol = chosen;
  document.documentElement.dataset.customer = CUSTOMERS[chosen] ?? "";

  // A link opened in another tab keeps the choice.
  const mark = (event) => {
    const link = event.target.closest?.('a[href^="/"]');
    if (!link || chosen === "batch") return;
    const url = new URL(link.href);
    if (url.searchParams.has("protocol")) return;
    url.searchParams.set("protocol", chosen);
    link.href = url.pathname + url.search;
  };
  for (const type of ["click", "auxclick", "contextmenu"]) document.addEventListener(type, mark, { capture: true });

  window.reco("create", { destinations: DESTINATIONS[chosen] });
})();
