// The WP Consent API's script, by its documentation: https://wordpress.org/plugins/wp-consent-api/
window.consent_api = { consent_type: "optin", cookie_prefix: "wp_consent" };
window.wp_fallback_consent_type = window.consent_api.consent_type;
const cookieOf = (category) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`wp_consent_${category}=`))
    ?.split("=")[1] ?? "";
window.wp_has_consent = (category) => {
  const type = window.wp_consent_type ?? window.wp_fallback_consent_type;
  if (!type) return true;
  const said = cookieOf(category);
  return type.includes("optout") && said === "" ? true : said === "allow";
};
window.wp_set_consent = (category, value) => {
  document.cookie = `wp_consent_${category}=${value};path=/`;
  document.dispatchEvent(new CustomEvent("wp_listen_for_consent_change", { detail: { [category]: value } }));
};
window.banner = {
  ask() {},
  answer(yes) {
    for (const category of ["preferences", "statistics", "marketing"])
      window.wp_set_consent(category, yes ? "allow" : "deny");
  },
};
