// npm run generate: writes the JavaScript that is generated from Rust, the codes of the module's boundary and the rules
// of the engine. The test that compares these files writes them if an environment variable is set.

import { command } from "./lib/progress.mjs";
import { main, manifest, root } from "./lib/project.mjs";

await main(async () => {
  const args = ["test", "--package", manifest.name, "--test", "engine", "generated::"];
  await command("cargo", args, { cwd: root, env: { ...process.env, RECOBEACON_GENERATE: "1" } });
});
