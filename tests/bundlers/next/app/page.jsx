// A page with the components of docs/frameworks/nextjs.md.

import { Product } from "../components/Product";
import { Recommendations } from "../components/Recommendations";

export default function Page() {
  return (
    <>
      <Product id="next" name="Rain boots" category="Shoes/Children" price="49.90EUR" />
      <Recommendations scenario="also_bought" items={[{ id: "128", name: "Laces" }]} />
    </>
  );
}
