// A page with the components of docs/frameworks/react.md.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Article } from "./Article";
import { Product } from "./Product";
import { Recommendations } from "./Recommendations";

createRoot(document.querySelector("#app") as Element).render(
  <StrictMode>
    <Product id="react" name="Rain boots" category="Shoes/Children" price="49.90EUR" />
    <Recommendations scenario="also_bought" items={[{ id: "128", name: "Laces" }]} />
    <Article id="452">A flame needs air, and wind is too much of it.</Article>
  </StrictMode>,
);
