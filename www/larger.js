// Brings the larger module. In a chunk of its own because Nuxt has every visitor's browser prefetch the chunks that a page may import,
// but not what these import: https://github.com/nuxt-contrib/vue-bundle-renderer

export const larger = () => import("./core-all.js");
