/** What the session's environment gives a sandbox, asked for once. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifies } from "@berth/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createBeginningReader, namedPorts, type ReadBeginning } from "../src/environment/beginning.ts";
import { withNames } from "../src/ports/names.ts";

let folder: string;
let server: Server;
let asked: string[];
let answers: { status: number; body: object }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "berth-beginning-"));
  [asked, answers] = [[], []];
  server = createServer(({ url, headers: { authorization } }, response) => {
    asked.push(`${url} ${authorization}`);
    const { status, body } = answers.shift() ?? { status: 404, body: { detail: "There is nothing here." } };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
});

afterEach(async () => {
  await new Promise((closed) => server.close(closed).closeAllConnections());
  rmSync(folder, { recursive: true, force: true });
});

const { signal } = new AbortController();

/** As after each start of the runtime's process. */
function reader(file = "environment.json"): ReadBeginning {
  const { port } = server.address() as AddressInfo;
  return createBeginningReader({ linkUrl: `ws://127.0.0.1:${port}/v1/sandbox/link`, token: "example" }, join(folder, "state", file));
}

test("[ENV4] a sandbox keeps what it began with, also when its runtime was restarted", async () => {
  const environment = { variables: { MODE: "test" }, setupScript: "npm ci", ports: [{ port: 5_173, name: "web" }] };
  answers = [{ status: 200, body: { environment } }, { status: 200, body: { environment: null } }];
  expect([await reader()(signal), await reader()(signal)]).toEqual([environment, environment]);
  expect(asked).toEqual(["/v1/sandbox/environment Bearer example"]);
  expect(statSync(join(folder, "state", "environment.json")).mode & 0o777).toBe(0o600);
  expect(await reader("of-the-next-epoch.json")(signal)).toBeNull();
});

test("[ENV3] a control plane that cannot say is asked again, and a refusal is told in its words", async () => {
  answers = [{ status: 503, body: { detail: "later" } }, { status: 200, body: { environment: { variables: {}, setupScript: "" } } }];
  expect(await reader()(signal)).toEqual({ variables: {}, setupScript: "", ports: [] });
  await expect(reader("other.json")(signal)).rejects.toThrow("The session's environment cannot be read: There is nothing here.");
});

verifies("ENV12", "a sandbox's ports have the names that it began with, and none before it was told or in no environment", async () => {
  const ports = [{ port: 5_173, name: "web" }, { port: 80, name: "docs" }];
  const at = (file: string) => namedPorts(join(folder, "state", file));
  expect(at("environment.json")).toEqual([]);
  answers = [{ status: 200, body: { environment: { variables: {}, setupScript: "", ports } } }, { status: 200, body: { environment: null } }];
  await reader()(signal);
  await reader("none.json")(signal);
  expect([at("environment.json"), at("none.json")]).toEqual([ports, []]);
  const [web, other] = [{ port: 5_173, program: "node" }, { port: 8_080, program: "python3" }];
  expect(withNames([web, other], ports)).toEqual({ ports: [{ ...web, name: "web" }, other], expected: [{ port: 80, name: "docs" }] });
  expect(withNames([web, other], [])).toEqual({ ports: [web, other] });
});
