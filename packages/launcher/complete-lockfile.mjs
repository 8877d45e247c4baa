/**
 * Names in package-lock.json the optional packages of other platforms that npm left out, as it does when it locks on one
 * platform or against a registry without them; `npm ci` refuses a lockfile that does not name them all. Run it after every
 * change of dependencies: `node packages/launcher/complete-lockfile.mjs`. A stub has its exact version and no checksum.
 */
import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8"));

const SYSTEMS = { darwin: "darwin", win32: "win32", windows: "win32", linux: "linux", freebsd: "freebsd", netbsd: "netbsd", openbsd: "openbsd", android: "android", openharmony: "openharmony", sunos: "sunos", aix: "aix" };
const PROCESSORS = ["arm64", "x64", "ia32", "ppc64", "s390x", "riscv64", "loong64", "mips64el", "arm", "wasm32"];

function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = words.map((word) => SYSTEMS[word]).find(Boolean);
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith("musl")) ? "musl" : words.some((word) => word.startsWith("gnu")) ? "glibc" : null;
  return { ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc: [libc] } : {}), ...(os ? { os: [os] } : {}) };
}

const added = [];
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] || !/^\d+\.\d+\.\d+/.test(version)) continue;
    lock.packages[key] = { version, ...platformOf(name), ...(parent.dev ? { dev: true } : {}), ...(parent.license ? { license: parent.license } : {}), optional: true };
    added.push(`${name}@${version}`);
  }
}
const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))]);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? "package-lock.json names every platform" : `added ${added.length}: ${added.join(", ")}`);
