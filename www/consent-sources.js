// The interfaces of banners for npm. In a chunk of its own for the same reason as larger.js.

export const sources = {
  tcf: () => import("./consent-tcf.js"),
  gpp: () => import("./consent-gpp.js"),
  google: () => import("./consent-google.js"),
  wp: () => import("./consent-wp.js"),
  shopify: () => import("./consent-shopify.js"),
};
