// Nuxt with its defaults, without telemetry.

export default defineNuxtConfig({
  compatibilityDate: "2025-12-01",
  telemetry: false,
  app: { head: { link: [{ rel: "icon", href: "data:," }] } },
});
