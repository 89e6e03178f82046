// The names of the banners' interfaces. Each has a file www/consent-<name>.js. The build uses this list as well.

export const SOURCES = ["tcf", "gpp", "google", "wp", "shopify"];

/** The option's name in warnings. */
export const FIELD = "config.consentFrom";
