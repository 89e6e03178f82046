// npm run generate: writes the JavaScript that is made of Rust, the codes of the module's boundary and the rules of the engine. The test that
// compares these files with Rust writes them where the environment asks for it.

import { command } from "./lib/progress.mjs";
import { main, manifest, root } from "./lib/project.mjs";

await main(async () => {
  const args = ["test", "--package", manifest.name, "--test", "engine", "generated::"];
  await command("cargo", args, { cwd: root, env: { ...process.env, RECOBEACON_GENERATE: "1" } });
});
