// npm run deny: checks licences, versions and sources of the crates by the rules of deny.toml. `-- --advisories` also
// checks for published vulnerabilities, which needs the database on github.com.

import { parseArgs } from "node:util";
import { denySteps } from "./lib/deny.mjs";
import { steps } from "./lib/progress.mjs";
import { main } from "./lib/project.mjs";
import { checkMachine } from "./lib/toolchain.mjs";

await main(async () => {
  const { values } = parseArgs({ options: { advisories: { type: "boolean" } } });
  checkMachine();
  await steps(denySteps(values));
});
