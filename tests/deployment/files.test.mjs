// The files of collector/deploy: the systemd unit is valid and confined, the container builds from what it copies, the image's configuration
// starts, and all of them agree.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { startTemporary } from "../../scripts/lib/collector.mjs";
import { temporaryDirectory } from "../../scripts/lib/ending.mjs";
import { at } from "../../scripts/lib/project.mjs";
import { program } from "../../scripts/lib/servers.mjs";

const read = (name) => readFileSync(at("collector", "deploy", name), "utf8");
const folder = (t) => {
  const { path, remove } = temporaryDirectory();
  t.after(remove);
  return path;
};
const run = (name, args, options) => {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: "utf8", ...options });
  return { status, out: `${stdout}${stderr}` };
};
const publishedEventPort = "8787";

test("the systemd unit is valid, and exposes little", (t) => {
  const unit = read("recobeacon-collector.service");
  const file = join(folder(t), "recobeacon-collector.service");
  // The program of the unit must exist.
  const own = unit.replace("/usr/local/bin/recobeacon-collector", process.execPath);
  assert.notEqual(own, unit);
  writeFileSync(file, own);
  const analyze = program("systemd-analyze");
  const verified = run(analyze, ["verify", file]);
  assert.deepEqual(verified, { status: 0, out: "" });
  // 1.2 of 10, in tenths. The network is what remains.
  const secure = run(analyze, ["security", "--offline=true", "--threshold=15", file]);
  assert.equal(secure.status, 0, secure.out.slice(-500));
});

test("cargo accepts what the Dockerfile copies, and .dockerignore sends it", (t) => {
  const sources = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, names]) =>
    names.split(" "),
  );
  assert.ok(sources.includes("Cargo.lock"));
  const sent = readFileSync(at(".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1));
  const context = folder(t);
  for (const source of sources) {
    assert.ok(
      sent.some((name) => source === name || source.startsWith(`${name}/`)),
      `.dockerignore leaves out ${source}`,
    );
    mkdirSync(dirname(join(context, source)), { recursive: true });
    cpSync(at(source), join(context, source), { recursive: true });
  }
  const args = ["metadata", "--locked", "--offline", "--no-deps", "--format-version", "1"];
  const { status, out } = run("cargo", args, { cwd: context });
  assert.equal(status, 0, out);
  assert.match(out, /recobeacon-collector/);
});

test("the Dockerfile compiles with the tested compiler", () => {
  const { recobeacon } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  const [, version] = read("Dockerfile").match(/^FROM rust:([\d.]+)/m);
  assert.ok(recobeacon.rustc.startsWith(version), `${version}, package.json names ${recobeacon.rustc}`);
});

test("the collector starts with the image's configuration", async (t) => {
  const config = read("container.toml");
  assert.match(config, new RegExp(`^listen = "0\\.0\\.0\\.0:${publishedEventPort}"$`, "m"));
  assert.match(config, /^database = "\/data\//m);
  // startTemporary sets the addresses and the database by flags, which take precedence.
  const collector = await startTemporary({ config, inspector: false });
  t.after(collector.stop);
  assert.equal((await fetch(`${collector.url}/healthz`)).status, 200);
});

test("Caddy has no warning about the Caddyfile", (t) => {
  const own = folder(t);
  const env = { ...process.env, XDG_DATA_HOME: own, XDG_CONFIG_HOME: own };
  const args = ["validate", "--adapter", "caddyfile", "--config", at("collector", "deploy", "Caddyfile")];
  const { status, out } = run(program("caddy"), args, { env });
  assert.equal(status, 0, out);
  assert.doesNotMatch(out, /"level":"(warn|error)"/);
});

test("compose, Caddyfile, Traefik and Dockerfile agree on ports and paths", () => {
  const { services, volumes } = parse(read("compose.yaml"));
  assert.deepEqual(Object.keys(services), ["collector", "proxy"]);
  assert.match(read("Dockerfile"), new RegExp(`^EXPOSE ${publishedEventPort}$`, "m"));
  assert.equal(services.proxy.environment.COLLECTOR, `collector:${publishedEventPort}`);
  assert.equal(services.collector.build.dockerfile, "collector/deploy/Dockerfile");
  const mounted = [...services.collector.volumes, ...services.proxy.volumes].map((mount) => mount.split(":"));
  const named = mounted.map(([source]) => source).filter((source) => /^\w+$/.test(source));
  assert.deepEqual(named.sort(), Object.keys(volumes).sort());
  const caddy = read("Caddyfile");
  for (const path of ["/srv/recobeacon/dist", "/srv/shop"]) {
    assert.ok(caddy.includes(`root * ${path}\n`), path);
    assert.ok(
      services.proxy.volumes.some((mount) => mount.includes(`:${path}:ro`)),
      path,
    );
  }

  const { routers, middlewares, services: upstreams } = parse(read("traefik.yaml")).http;
  for (const { middlewares: used, service, rule } of Object.values(routers)) {
    assert.match(rule, /Path\(`\/v1\/events`\)/);
    for (const name of used) assert.ok(middlewares[name], name);
    assert.deepEqual(upstreams[service].loadBalancer.servers, [{ url: `http://127.0.0.1:${publishedEventPort}` }]);
    assert.equal(upstreams[service].loadBalancer.passHostHeader, true);
  }
});
