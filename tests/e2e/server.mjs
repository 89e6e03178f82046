// Starts a reverse proxy for a test, and ends it with the test.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../scripts/lib/collector.mjs";
import { atEnd, temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { program } from "../../scripts/lib/servers.mjs";
import { until } from "./harness.mjs";

const FIRST_TRY = 18_900;

/**
 * Runs a server until the test ends. `command(port, folder)` returns the program's name, its arguments and its environment.
 * Resolves with the server's address and its log, when it answers.
 */
async function startServer(t, command) {
  const { path, remove } = temporaryDirectory();
  const port = await freePort(FIRST_TRY);
  const { name, args, env } = command(port, path);
  const child = spawn(program(name), args, {
    cwd: path,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const forget = atEnd(() => child.kill("SIGKILL"));
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
    forget();
    remove();
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    assert.equal(child.exitCode, null, log);
    return fetch(url).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    );
  }, name);
  return { url, log: () => log };
}

/** Runs nginx with the `http` block that `http(port)` returns. */
export async function startNginx(t, http) {
  const server = await startServer(t, (port, folder) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (kind) => `${kind}_temp_path ${join(folder, kind)};`,
    );
    const file = join(folder, "nginx.conf");
    writeFileSync(
      file,
      `${process.getuid() === 0 ? "user root;" : ""} daemon off; pid ${join(folder, "pid")}; error_log stderr;
      events {} http { access_log off; ${temporary.join(" ")} ${http(port)} }`,
    );
    return { name: "nginx", args: ["-p", folder, "-e", "stderr", "-c", file], env: {} };
  });
  return server.url;
}

/** Runs Caddy with the Caddyfile that `text(port)` returns, and these variables. */
export const startCaddy = (t, text, env) =>
  startServer(t, (port, folder) => {
    const file = join(folder, "Caddyfile");
    writeFileSync(file, text(port));
    const own = { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, ...env(port) };
    return { name: "caddy", args: ["run", "--config", file, "--adapter", "caddyfile"], env: own };
  });
