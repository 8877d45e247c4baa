/** A package registry with one package, as npm asks one, on this machine's loopback address. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface StandInRegistry {
  readonly port: number;
  /** Paths that were asked for. */
  readonly heard: readonly string[];
  close(): Promise<void>;
}

export const PACKAGE = { name: "berth-example", version: "1.2.3", says: "installed through the proxy" } as const;

/** @param host by which it is known to whoever asks */
export async function startRegistry(host: string): Promise<StandInRegistry> {
  const tarball = packed();
  const heard: string[] = [];
  const server: Server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    heard.push(request.url ?? "");
    if (request.url === `/${PACKAGE.name}`) {
      const dist = { tarball: `http://${host}:${port}/${PACKAGE.name}.tgz`, integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}` };
      const { name, version } = PACKAGE;
      response.setHeader("content-type", "application/json").end(JSON.stringify({ name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist } } }));
    } else if (request.url === `/${PACKAGE.name}.tgz`) response.end(tarball);
    else if (request.url === "/") response.end("the registry's page\n");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function packed(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "berth-registry-"));
  try {
    mkdirSync(join(folder, "package"));
    const { name, version, says } = PACKAGE;
    writeFileSync(join(folder, "package", "package.json"), JSON.stringify({ name, version, main: "index.js" }));
    writeFileSync(join(folder, "package", "index.js"), `module.exports = ${JSON.stringify(says)};\n`);
    execFileSync("tar", ["-czf", "package.tgz", "package"], { cwd: folder });
    return readFileSync(join(folder, "package.tgz"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
