// A page with the components of docs/frameworks/vue.md.

import { createApp, h } from "vue";
import Article from "./Article.vue";
import Product from "./Product.vue";
import Recommendations from "./Recommendations.vue";

createApp({
  render: () => [
    h(Product, { id: "vue", name: "Rain boots", category: "Shoes/Children", price: "49.90EUR" }),
    h(Recommendations, { scenario: "also_bought", items: [{ id: "128", name: "Laces" }] }),
    h(Article, { id: "452" }, () => "A flame needs air, and wind is too much of it."),
  ],
}).mount("#app");
