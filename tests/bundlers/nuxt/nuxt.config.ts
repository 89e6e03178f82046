// Nuxt as it is, without reports to its maker.

export default defineNuxtConfig({
  compatibilityDate: "2025-12-01",
  telemetry: false,
  app: { head: { link: [{ rel: "icon", href: "data:," }] } },
});
