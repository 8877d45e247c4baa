/** Who is let in, and what is answered to a wrong request. */
import { randomBytes } from "node:crypto";
import { request as httpRequest, type Server } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { fetchSandboxBackends } from "../../../src/adapters/sandbox/remote.ts";
import { InMemorySandboxProvider } from "../../../src/ports/sandbox/sandbox.fake.ts";
import { HostClient } from "../src/client.ts";
import { createHostServer, listen } from "../src/server.ts";
import { sha256Hex, sign, SIGNATURE_HEADERS, toHex } from "../src/signature.ts";

const SECRET = "example-secret-of-a-test-run-only-000";
const NOW_MS = Date.UTC(2026, 10, 20, 12);
const REPORT = { backend: "memory", isolation: "memory", capabilities: { keepsWorkFolder: true, appliesToFolder: true, snapshots: false, expose: false, claim: false }, reason: null, fix: null } as const;

let server: Server | null = null;
let logged: string[] = [];

async function start(provider = new InMemorySandboxProvider({ now: () => NOW_MS })): Promise<string> {
  logged = [];
  server = createHostServer({ providers: [provider], reports: [REPORT], machine: null, secret: SECRET, now: () => NOW_MS, log: (entry) => logged.push(JSON.stringify(entry)) });
  return `http://127.0.0.1:${await listen(server, 0)}`;
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)));
  server = null;
});

interface Overrides {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string;
  readonly sentBody?: string;
  readonly timeMs?: number;
  readonly nonce?: string;
  readonly secret?: string;
}

/** A signed request in which any part can be another than what was signed. */
async function signedRequest({ method = "GET", target = "/v1/backends", body = "", timeMs = NOW_MS, nonce = toHex(randomBytes(16)), secret = SECRET }: Overrides) {
  const [path = "", query] = target.split("?");
  const bodyHash = await sha256Hex(new TextEncoder().encode(body));
  const signature = await sign(secret, { method, path, query: query === undefined ? "" : `?${query}`, bodyHash, timeMs: String(timeMs), nonce });
  return {
    [SIGNATURE_HEADERS.timeMs]: String(timeMs),
    [SIGNATURE_HEADERS.nonce]: nonce,
    [SIGNATURE_HEADERS.bodyHash]: bodyHash,
    [SIGNATURE_HEADERS.signature]: signature,
  };
}

async function send(url: string, overrides: Overrides = {}, headers?: Record<string, string>) {
  const { method = "GET", target = "/v1/backends", body = "", sentBody = body } = overrides;
  const response = await fetch(url + target, { method, headers: headers ?? (await signedRequest(overrides)), ...(sentBody === "" ? {} : { body: sentBody }) });
  return { status: response.status, body: (await response.json()) as { error?: { code: string; message: string } } };
}

describe("who is let in", () => {
  test("a signed request, once", async () => {
    const url = await start();
    const headers = await signedRequest({});
    expect(await send(url, {}, headers)).toEqual({ status: 200, body: [REPORT] });
    expect(await send(url, {}, headers)).toMatchObject({ status: 403, body: { error: { code: "permission-denied", message: "The request was seen before." } } });
  });

  test.each<[string, Overrides]>([
    ["another secret", { secret: "another-secret-of-a-test-run-only-00" }],
    ["a request from too long ago", { timeMs: NOW_MS - 60_001 }],
    ["a request from the future", { timeMs: NOW_MS + 60_001 }],
    ["a nonce of another shape", { nonce: "short" }],
    ["a body other than the signed one", { method: "POST", target: "/v1/backends/memory/sandboxes", body: "{}", sentBody: "[]" }],
  ])("not %s", async (_, overrides) => {
    expect(await send(await start(), overrides)).toMatchObject({ status: 403, body: { error: { code: "permission-denied" } } });
  });

  test.each(["/v1/machine/discoveries", "/v1/backends?x=1", "/v1/backends/memory/sandboxes"])("not a signature of another address than %s", async (target) => {
    const url = await start();
    expect(await send(url, { target }, await signedRequest({}))).toMatchObject({ status: 403 });
  });

  test("not a request without a signature, whatever it asks for", async () => {
    const url = await start();
    for (const target of ["/", "/v1/backends", "/health"]) expect(await send(url, { target }, {})).toMatchObject({ status: 403 });
  });

  test("a request at the edge of the skew is let in, and its nonce is not forgotten before it is too old", async () => {
    const url = await start();
    const headers = await signedRequest({ timeMs: NOW_MS + 60_000 });
    expect((await send(url, {}, headers)).status).toBe(200);
    expect((await send(url, {}, headers)).status).toBe(403);
  });
});

describe("what is answered to a wrong request", () => {
  const sandboxes = "/v1/backends/memory/sandboxes";
  test.each<[string, Overrides, number, string]>([
    ["an unknown backend", { target: "/v1/backends/docker/sandboxes" }, 404, "not-found"],
    ["an unknown address", { target: "/v1/nothing" }, 501, "unimplemented"],
    ["a machine that is not offered", { target: "/v1/machine/discoveries" }, 501, "unimplemented"],
    ["a body that is no JSON", { method: "POST", target: sandboxes, body: "{" }, 400, "invalid-argument"],
    ["a body with a field missing", { method: "POST", target: sandboxes, body: "{}" }, 400, "invalid-argument"],
    ["a file without a path", { target: `${sandboxes}/ses_a-1/files` }, 400, "invalid-argument"],
    ["broken percent encoding", { target: `${sandboxes}/%E0%A4%A` }, 400, "invalid-argument"],
    ["an unknown sandbox", { target: `${sandboxes}/ses_a-1` }, 404, "not-found"],
  ])("%s", async (_, overrides, status, code) => {
    expect(await send(await start(), overrides)).toMatchObject({ status, body: { error: { code } } });
  });

  test("a fault of our own is logged and not told", async () => {
    const provider = new InMemorySandboxProvider({ now: () => NOW_MS });
    provider.list = () => Promise.reject(new Error("a detail of ours"));
    const { status, body } = await send(await start(provider), { target: sandboxes });
    expect({ status, code: body.error?.code }).toEqual({ status: 500, code: "internal" });
    expect(JSON.stringify(body)).not.toContain("a detail of ours");
    expect(logged.join()).toContain("a detail of ours");
  });

  test("a body past the limit is not kept", async () => {
    const url = await start();
    const target = `${sandboxes}/ses_a-1/files?path=f`;
    const headers = await signedRequest({ method: "PUT", target });
    const status = await new Promise<number | string>((resolve) => {
      const request = httpRequest(url + target, { method: "PUT", headers }, (response) => resolve(response.statusCode ?? 0));
      request.once("error", () => resolve("cut"));
      for (let megabytes = 0; megabytes < 40; megabytes += 1) request.write(Buffer.alloc(1024 * 1024));
      request.end();
    });
    expect([429, "cut"]).toContain(status);
  });
});

test("a client reads the backends and errors as they were", async () => {
  const baseUrl = await start();
  const deps = { fetch, baseUrl, secret: SECRET, now: () => NOW_MS, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
  expect(await fetchSandboxBackends(deps)).toEqual([REPORT]);
  const call = { port: "sandbox", operation: "describe", effect: "none", method: "GET", path: "/v1/backends/memory/sandboxes/ses_a-1", timeoutMs: 5_000 } as const;
  await expect(new HostClient(deps).json(call)).rejects.toMatchObject({ name: "PortError", code: "not-found", outcome: "not-applied", message: "There is no sandbox ses_a-1." });
});
