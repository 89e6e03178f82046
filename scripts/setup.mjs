// npm run setup: only the set-up steps, which npm start, npm run build and npm test otherwise include.

import { steps } from "./lib/progress.mjs";
import { main } from "./lib/project.mjs";
import { setUp } from "./lib/toolchain.mjs";

await main(async () => {
  await steps(setUp());
  console.log("Everything that a build needs is installed.");
});
