// The pages of the site in their order. tests/docs/site.test.mjs compares this list with the files.

const page = (text, link) => ({ text, link });
const group = (text, items, collapsed = false) => ({ text, collapsed, items });

export const SIDEBAR = [
  group("Guide", [
    page("Getting started", "/getting-started"),
    page("How it works", "/how-it-works"),
    page("Track without code", "/without-code"),
    page("Consent", "/consent"),
    page("Single-page applications", "/single-page-applications"),
    page("Tag managers", "/tag-managers"),
    page("Frames", "/frames"),
    page("Policies and integrity", "/content-security-policy"),
    page("Bundlers", "/bundlers"),
  ]),
  group("Vendors", [
    page("Ibexa", "/ibexa"),
    page("YOOCHOOSE", "/yoochoose"),
    page("FACT-Finder", "/factfinder"),
    page("Intempt", "/intempt"),
    page("Replace ibexa-tracker.js", "/ibexa-tracker"),
    page("Google's e-commerce events", "/google-ecommerce"),
  ]),
  group("Collector", [
    page("Guide", "/collector"),
    page("Deployment", "/deployment"),
    page("Report", "/report"),
    page("Its data", "/collector-data"),
    page("Import and export", "/collector-history"),
    page("Compare variants", "/variants"),
    page("Monitoring", "/collector-monitoring"),
    page("Several collectors", "/cluster"),
    page("Forward events to vendors", "/forwarding"),
    page("Recommendations", "/feeds"),
  ]),
  group("Recipes", [
    page("Product page", "/recipes/product"),
    page("List of products", "/recipes/list"),
    page("Basket", "/recipes/basket"),
    page("Order confirmation", "/recipes/confirmation"),
    page("Article", "/recipes/article"),
    page("Video", "/recipes/video"),
    page("Recommendations", "/recipes/recommendations"),
  ]),
  group(
    "Frameworks",
    [
      page("React", "/frameworks/react"),
      page("Vue", "/frameworks/vue"),
      page("Next.js", "/frameworks/nextjs"),
      page("Nuxt", "/frameworks/nuxt"),
      page("Jest", "/frameworks/jest"),
    ],
    true,
  ),
  group("Reference", [
    page("Options", "/reference/options"),
    page("Events", "/reference/events"),
    page("Errors", "/reference/errors"),
    page("Cookies, keys and endpoints", "/reference/cookies-and-keys"),
    page("Requests", "/reference/wire"),
    page("API", "/api/"),
  ]),
  group("Delivery", [
    page("Guarantees", "/guarantees"),
    page("How events are delivered", "/delivery"),
    page("Before the module has loaded", "/loading"),
    page("Browser support", "/browser-support"),
    page("Size and speed", "/performance"),
  ]),
  group("Security", [page("Security and privacy", "/security"), page("PCI DSS", "/pci-dss")]),
  group("Evidence", [
    page("Tests", "/testing"),
    page("Faults in three browsers", "/delivery-faults"),
    page("Comparison with other trackers", "/peers"),
    page("Bugs of other trackers", "/lessons"),
  ]),
  group("Versions", [page("Migration", "/migration"), page("Upgrading", "/upgrading")]),
];
