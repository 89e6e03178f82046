// Shopify's storefront, where the Customer Privacy API is there once it is asked for: https://shopify.dev/docs/api/customer-privacy
const KINDS = ["analytics", "marketing", "preferences"];
let answers = Object.fromEntries(KINDS.map((kind) => [kind, ""]));
const customerPrivacy = {
  currentVisitorConsent: () => ({ ...answers, sale_of_data: "" }),
  preferencesProcessingAllowed: () => answers.preferences === "yes",
  analyticsProcessingAllowed: () => answers.analytics === "yes",
  marketingAllowed: () => answers.marketing === "yes",
};
window.Shopify = {
  loadFeatures(features, done) {
    if (features.some(({ name }) => name === "consent-tracking-api"))
      setTimeout(() => {
        window.Shopify.customerPrivacy = customerPrivacy;
        done();
      }, 50);
  },
};
window.banner = {
  ask() {},
  answer(yes) {
    answers = Object.fromEntries(KINDS.map((kind) => [kind, yes ? "yes" : "no"]));
    const detail = { preferencesAllowed: yes, analyticsAllowed: yes, marketingAllowed: yes };
    document.dispatchEvent(new CustomEvent("visitorConsentCollected", { detail }));
  },
};
