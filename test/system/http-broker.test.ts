/** Calls of a sandbox to a real HTTP server through the broker: what is added, what is not, and what is written down. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Secret, SecretUse, Session } from "@berth/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { MemoryApi } from "../disruption/support/memory-api.ts";
import { MODEL } from "./support/memory-berth.ts";
import { serveApp, type ServedApp } from "./support/served-app.ts";

const VALUE = "example-secret-value";

interface Seen {
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Says what it was asked, as far as the address wants it. */
class Upstream {
  readonly seen: Seen[] = [];
  readonly server: Server;
  /** Lets the second half of `/slow` go. */
  release: () => void = () => undefined;

  constructor() {
    this.server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    this.seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
    if (request.url?.startsWith("/redirect")) return void response.writeHead(302, { location: "http://127.0.0.1:1/elsewhere" }).end();
    if (request.url?.startsWith("/echo")) return this.#echo(request.headers.authorization ?? "", response);
    response.setHeader("set-cookie", "upstream=1");
    response.setHeader("x-upstream", "yes");
    if (request.url?.startsWith("/slow")) {
      response.write("first ");
      await new Promise<void>((resolve) => (this.release = resolve));
    }
    response.end(`answered ${body}`);
  }

  /** In two pieces, cut inside of what is said again. */
  async #echo(said: string, response: ServerResponse): Promise<void> {
    const body = `you said ${said}, ${encodeURIComponent(said)} and ${said}`;
    response.setHeader("x-said", said);
    response.setHeader("content-length", Buffer.byteLength(body));
    response.write(body.slice(0, 25));
    await new Promise<void>((resolve) => (this.release = resolve));
    response.end(body.slice(25));
  }
}

let upstream: Upstream;
let host: string;
let api: MemoryApi;
let served: ServedApp;
let session: Session;

beforeAll(async () => {
  upstream = new Upstream();
  host = await upstream.listen();
});

beforeEach(async () => {
  upstream.seen.length = 0;
  api = await MemoryApi.start();
  Object.assign(api.instance.services, { callOutside: (url: string, init: RequestInit) => fetch(url, init), operatorOrigins: [`http://${host}`] });
  await served?.close();
  served = await serveApp((request) => api.fetch(request));
  session = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL } });
  await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`));
});

afterAll(async () => {
  await served?.close();
  upstream.server.closeAllConnections();
  await new Promise((resolve) => upstream.server.close(resolve));
});

const token = (): string => api.berth.tokens.get(`${session.id}-1`) ?? "";
const keep = (over: object = {}): Promise<Secret> => api.json<Secret>("POST /v1/secrets", { body: { name: "API_TOKEN", value: VALUE, hosts: [{ host, header: "Authorization", prefix: "Bearer " }], ...over } });

function call(path: string, { headers, ...init }: Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> } = {}, at = host): Promise<Response> {
  return fetch(`${served.origin}/v1/broker/http/${at}${path}`, { redirect: "manual", ...init, headers: { authorization: `Bearer ${token()}`, ...headers } });
}

test("[SCR4][SCR5][SCR6] a call carries the secret as its owner named it, and nothing of the sandbox's token", async () => {
  const { id } = await keep();
  const response = await call("/v1/things%2Fa?x=1&y=%20", { method: "POST", body: "sent", headers: { "content-type": "text/plain", "x-own": "kept", "x-forwarded-for": "10.0.0.1" } });
  expect([response.status, await response.text(), response.headers.get("x-upstream"), response.headers.get("set-cookie")]).toEqual([200, "answered sent", "yes", null]);
  const [seen] = upstream.seen;
  expect([seen?.line, seen?.body, seen?.headers.authorization, seen?.headers["x-own"], seen?.headers["content-type"]]).toEqual(["POST /v1/things%2Fa?x=1&y=%20", "sent", `Bearer ${VALUE}`, "kept", "text/plain"]);
  expect(JSON.stringify(seen)).not.toMatch(/berth_sbx_|10\.0\.0\.1/);
  const { data } = await api.json<{ data: SecretUse[] }>(`GET /v1/secrets/${id}/uses`);
  expect(data).toMatchObject([{ secretId: id, sessionId: session.id, host }]);
  expect((await api.json<{ data: Secret[] }>("GET /v1/secrets")).data[0]?.lastUsedAt).toBe(data[0]?.at);
});

test("[SCR4] a sandbox's own header gives way to the secret, and of two for one header the closest goes", async () => {
  await keep({ hosts: [{ host, header: "X-Token" }] });
  const url = "https://git.example/team/app.git";
  await api.instance.catalog.addRepository(api.owner.orgId, { id: "rep_1", name: "git.example/team/app", url, secretName: null, defaultBranch: "main", canPush: true, rights: "organization", createdAtMs: 0 });
  await keep({ name: "CLOSER", value: "example-closer-value", scope: { kind: "repo", repo: "git.example/team/app" }, hosts: [{ host, header: "x-token" }] });
  await call("/", { headers: { "x-token": "made up" } });
  session = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL, workspace: { kind: "repo", url } } });
  await api.berth.until(() => api.berth.tokens.has(`${session.id}-1`));
  await call("/", { headers: { "x-token": "made up" } });
  expect(upstream.seen.map(({ headers }) => headers["x-token"])).toEqual([VALUE, "example-closer-value"]);
});

test("[SCR4] a host that no secret of the session names is refused in the same words, and nothing is sent", async () => {
  await keep({ hosts: [{ host: "api.example.com", header: "authorization" }] });
  const refusals = await Promise.all([host, "127.0.0.1:1", "nowhere.example", "%5B::1%5D", "a b"].map(async (at) => {
    const response = await call("/", {}, encodeURI(at).replaceAll("%25", "%"));
    return [response.status, ((await response.json()) as { detail: string }).detail];
  }));
  expect(new Set(refusals.map(String))).toEqual(new Set(["404,No secret of this session is for that host."]));
  expect(upstream.seen).toEqual([]);
});

test("[SCR4] an address that ends with the host, spelt in any way, goes to that host and to no other", async () => {
  const asked: string[] = [];
  Object.assign(api.instance.services, { callOutside: async (url: string) => (asked.push(url), new Response("ok")) });
  await keep({ hosts: [{ host, header: "authorization" }, { host: "api.acme.pro", header: "authorization" }] });
  for (const at of [host, escapedLast(host), "api.acme.pro", escapedLast("api.acme.pro")]) expect((await call("", {}, at)).status, at).toBe(200);
  expect((await call("?x=1", {}, "api.acme.pro")).status).toBe(200);
  expect(asked).toEqual([`http://${host}/`, `http://${host}/`, "https://api.acme.pro/", "https://api.acme.pro/", "https://api.acme.pro/?x=1"]);
});

function escapedLast(text: string): string {
  return `${text.slice(0, -1)}%${text.charCodeAt(text.length - 1).toString(16)}`;
}

test("[SCR5] a redirect is given back and not followed, and an answer is streamed as it comes", async () => {
  await keep();
  const redirect = await call("/redirect");
  expect([redirect.status, redirect.headers.get("location")]).toEqual([302, "http://127.0.0.1:1/elsewhere"]);
  const slow = await call("/slow");
  const reader = slow.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe("first ");
  upstream.release();
  expect((await reader?.read())?.value).toBe("answered ");
});

test("[SCR8] a secret that the host says again is covered, across pieces too, and all else is as it was", async () => {
  await keep();
  const response = await call("/echo");
  const mask = "*".repeat(VALUE.length);
  expect([response.headers.get("x-said"), response.headers.get("content-length")]).toEqual([`Bearer ${mask}`, String(`you said Bearer ${VALUE}, Bearer%20${VALUE} and Bearer ${VALUE}`.length)]);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  // What may be the beginning of the secret waits for what follows.
  expect((await reader?.read())?.value).toBe("you said Bearer ");
  upstream.release();
  let rest = "";
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) rest += piece.value;
  expect(rest).toBe(`${mask}, Bearer%20${mask} and Bearer ${mask}`);
});

test("[SCR5] a host that does not answer is said to be so, without the secret", async () => {
  Object.assign(api.instance.services, { operatorOrigins: ["http://127.0.0.1:9"] });
  await keep({ name: "GONE", hosts: [{ host: "127.0.0.1:9", header: "x-token" }] });
  const response = await call("/", {}, "127.0.0.1:9");
  const text = await response.text();
  expect([response.status, text]).toEqual([502, expect.stringContaining("127.0.0.1:9 ")]);
  expect(text).not.toContain(VALUE);
});

test("[SCR6] a use that cannot be written down does not happen", async () => {
  await keep();
  api.instance.catalog.addSecretUses = () => Promise.reject(new Error("the database is gone"));
  expect((await call("/")).status).toBeGreaterThanOrEqual(500);
  expect(upstream.seen).toEqual([]);
});

test("[SCR4] a removed secret and an ended session's token reach nothing any more", async () => {
  const { id } = await keep();
  const old = token();
  await api.ask(`DELETE /v1/secrets/${id}`);
  expect((await call("/")).status).toBe(404);
  await keep();
  await api.ask(`DELETE /v1/sessions/${session.id}`);
  expect((await call("/", { headers: { authorization: `Bearer ${old}` } })).status).toBe(401);
  expect((await call("/", { headers: { authorization: "Bearer nonsense" } })).status).toBe(401);
  expect(upstream.seen).toEqual([]);
});
