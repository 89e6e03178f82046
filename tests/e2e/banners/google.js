// Consent Mode, by the code of https://developers.google.com/tag-platform/security/guides/consent
window.dataLayer = window.dataLayer || [];
function gtag() {
  // biome-ignore lint/complexity/noArguments: as in Google's code.
  window.dataLayer.push(arguments);
}
const types = (state) => ({ ad_storage: "denied", analytics_storage: state, personalization_storage: state });
gtag("consent", "default", { ...types("denied"), wait_for_update: 500 });
window.banner = {
  ask() {},
  answer: (yes) => gtag("consent", "update", types(yes ? "granted" : "denied")),
};
