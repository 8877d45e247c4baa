/**
 * Whose addresses Berth calls for a user: public ones, and exactly the origins its owner allowed. Everything that leads
 * inside, however it is spelled, is refused before anybody there hears of it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hostname } from "node:os";
import type { AddressInfo } from "node:net";
import type { Problem } from "@berth/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./support/waiting.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

interface Listener {
  readonly port: number;
  readonly heard: string[];
  close(): Promise<void>;
}

const MODELS = JSON.stringify({ object: "list", data: [{ id: "one", object: "model" }] });

let stack: TestStack;
/** Allowed by the owner. */
let allowed: Listener;
/** On the same host, and nobody allowed it. */
let inside: Listener;
/** What only Berth itself may call. */
let sandboxHost: Listener;
let redirectTo = "";
/** What a sandbox would call the broker with, as its host was told it. */
let sandboxToken = "";

beforeAll(async () => {
  inside = await listen((_, response) => response.writeHead(200, { "content-type": "application/json" }).end(MODELS));
  allowed = await listen((request, response) => {
    if (request.url?.includes("/redirect/")) return response.writeHead(307, { location: redirectTo }).end();
    return response.writeHead(200, { "content-type": "application/json" }).end(MODELS);
  });
  sandboxHost = await listen(async (request, response) => {
    sandboxToken ||= /berth_sbx_[\w.-]+/.exec(Buffer.concat(await request.toArray()).toString())?.[0] ?? "";
    // The sandbox is on its way for as long as this lasts.
    if (request.method === "POST" && sandboxToken !== "") return;
    response.writeHead(200, { "content-type": "application/json" }).end(request.url?.endsWith("/git-identity") ? "null" : MODELS);
  });
  stack = await startTestStack({ allowOrigins: [`http://127.0.0.1:${allowed.port}`] }, { sandboxHostUrl: `http://127.0.0.1:${sandboxHost.port}` });
});

afterAll(async () => {
  await stack?.end();
  await Promise.all([allowed?.close(), inside?.close(), sandboxHost?.close()]);
});

/** Addresses that lead inside. */
function spellings(): readonly string[] {
  const { port } = inside;
  return [
    `http://127.0.0.1:${port}/v1`,
    `http://localhost:${port}/v1`,
    `http://LOCALHOST.:${port}/v1`,
    `http://127.1:${port}/v1`,
    `http://2130706433:${port}/v1`,
    `http://0x7f000001:${port}/v1`,
    `http://0177.0.0.1:${port}/v1`,
    `http://0.0.0.0:${port}/v1`,
    `http://[::1]:${port}/v1`,
    `http://[::ffff:127.0.0.1]:${port}/v1`,
    `http://[::]:${port}/v1`,
    `http://127.0.0.1%2f:${port}/v1`,
    `http://１２７.0.0.1:${port}/v1`,
    `https://127.0.0.1:${port}/v1`,
    `https://localhost:${port}/v1`,
    // A name that resolves to an address of this machine, as a rebound name would.
    `https://${hostname()}:${port}/v1`,
    "https://10.0.0.1/v1",
    "https://172.16.0.1/v1",
    "https://192.168.0.1/v1",
    "https://169.254.169.254/v1",
    "https://[fe80::1]/v1",
    "https://[fc00::1]/v1",
    "https://100.64.0.1/v1",
    `http://127.0.0.1:${sandboxHost.port}/v1`,
  ];
}

/** The authority as it was spelled, which `URL` would make another of. */
const spelledHost = (baseUrl: string): string => baseUrl.replace(/^https?:\/\//, "").replace(/\/v1$/, "");

test("[E2E-6.1] addresses that lead inside are refused in every spelling, and nobody there is asked", async () => {
  for (const baseUrl of spellings()) {
    const problem = await refused(baseUrl);
    expect([422, 502], `${baseUrl} ${JSON.stringify(problem)}`).toContain(problem.status);
    const repository = await post("/v1/repos", { url: `${baseUrl}/team/app.git`, credential: { password: "example-git-password" } });
    expect([422, 502], `repository ${baseUrl} ${await repository.text()}`).toContain(repository.status);
  }
  expect(inside.heard).toEqual([]);
  expect(sandboxHost.heard.filter((line) => line.includes("/models"))).toEqual([]);
  expect((await stack.berth.keys.list().all()).map(({ provider }) => provider)).not.toContain("inside");
});

test("[E2E-6.2] the allowed origin is reached, and the same host on another port is not", async () => {
  const saved = await stack.berth.keys.create({ provider: "mine", kind: "openai-compatible", baseUrl: `http://127.0.0.1:${allowed.port}/v1` });
  expect(saved.modelCount).toBe(1);
  expect(allowed.heard).toContain("GET /v1/models");
  expect((await refused(`http://127.0.0.1:${inside.port}/v1`)).status).toBe(422);
  expect(inside.heard).toEqual([]);
});

test("[E2E-6.3] a redirect from the allowed origin is not followed, wherever it leads", async () => {
  for (const location of [`http://127.0.0.1:${inside.port}/v1/models`, `http://localhost:${inside.port}/v1/models`, "http://169.254.169.254/latest/meta-data/"]) {
    redirectTo = location;
    const problem = await refused(`http://127.0.0.1:${allowed.port}/redirect/v1`);
    expect([422, 502], JSON.stringify(problem)).toContain(problem.status);
  }
  expect(inside.heard).toEqual([]);
});

test("[E2E-6.4] the broker takes a sandbox's call to no address inside, by no spelling and by no name that leads there, and follows no redirect", async () => {
  await stack.berth.sessions.create({ model: "demo/demo" });
  await eventually("the token of a sandbox", () => sandboxToken !== "" || "its host was told of none", 30_000);
  const kept: string[] = [];
  for (const [at, baseUrl] of spellings().entries()) {
    const answer = await post("/v1/secrets", { name: `INSIDE_${at}`, value: "example-value", hosts: [{ host: spelledHost(baseUrl), header: "authorization" }] });
    if (answer.status === 201) kept.push(spelledHost(baseUrl));
    else expect(answer.status, baseUrl).toBe(422);
  }
  // What a name leads to shows when it is called.
  expect(kept).toEqual([`${hostname()}:${inside.port}`]);
  const call = (host: string, path = "/v1/models") => fetch(`${stack.url}/v1/broker/http/${host}${path}`, { headers: { authorization: `Bearer ${sandboxToken}` }, redirect: "manual" });
  for (const baseUrl of spellings()) {
    const host = spelledHost(baseUrl);
    const answer = await call(host);
    expect([answer.status, host], await answer.text()).toEqual([kept.includes(host) ? 502 : 404, host]);
  }
  const mine = `127.0.0.1:${allowed.port}`;
  expect((await post("/v1/secrets", { name: "MINE", value: "example-value", hosts: [{ host: mine, header: "authorization" }] })).status).toBe(201);
  expect((await call(mine)).status).toBe(200);
  for (const continued of [mine, `${mine}0`, `${mine}?`, `${mine}%30`]) expect([continued, [200, 404].includes((await call(continued, "")).status)]).toEqual([continued, true]);
  redirectTo = `http://127.0.0.1:${inside.port}/v1/models`;
  expect((await call(mine, "/redirect/v1")).status).toBe(307);
  expect(inside.heard).toEqual([]);
});

function post(path: string, body: object): Promise<Response> {
  return fetch(`${stack.url}${path}`, { method: "POST", headers: { authorization: `Bearer ${stack.apiKey}`, "content-type": "application/json" }, body: JSON.stringify(body) });
}

async function refused(baseUrl: string): Promise<Problem> {
  const response = await post("/v1/keys", { provider: "inside", kind: "openai-compatible", baseUrl });
  expect(response.headers.get("content-type"), baseUrl).toBe("application/problem+json");
  return (await response.json()) as Problem;
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Listener> {
  const heard: string[] = [];
  const server: Server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`);
    answer(request, response);
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
