// Loads the larger module. It is a separate chunk, because Nuxt makes every visitor's browser prefetch the chunks that
// a page may import, but not the imports of these chunks: https://github.com/nuxt-contrib/vue-bundle-renderer

export const larger = () => import("./core-all.js");
