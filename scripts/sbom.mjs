// npm run sbom: writes the software bills of materials of the npm package and of the collector to target/sbom. The
// release attaches them.

import { steps } from "./lib/progress.mjs";
import { at, main } from "./lib/project.mjs";
import { PRODUCTS, sbomFile, sbomToolSteps, writeSboms } from "./lib/sbom.mjs";
import { checkMachine } from "./lib/toolchain.mjs";

const OUT = at("target", "sbom");

await main(async () => {
  checkMachine();
  await steps([
    ...sbomToolSteps(),
    { label: "describing the packages and crates", run: (task) => writeSboms(OUT, task) },
  ]);
  console.log(`Ready in target/sbom: ${Object.keys(PRODUCTS).map(sbomFile).join(", ")}`);
});
