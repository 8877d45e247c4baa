/** One server: an instance with a public address, behind a proxy that ends TLS, as the people of it reach it. */
import { Berth } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { WebSocket } from "ws";
import { startMailSink, type MailSink } from "../../packages/sandbox-host/test/mail-sink.ts";
import { CLIENT, startStandIn, type StandIn } from "../../src/adapters/outside-sign-in/stand-in.testkit.ts";
import { CLIENT_ADDRESS, startProxy, type Proxy } from "./support/proxy.ts";
import { MODEL, startTestStack, turn, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

const PUBLIC_URL = "https://berth.example.com";
const OWN_PAGE = { origin: PUBLIC_URL, "sec-fetch-site": "same-origin" };
let sink: MailSink;
let standIn: StandIn;
let stack: TestStack;
let proxy: Proxy;
/** The launcher's link works once. */
let signIn: Response;

beforeAll(async () => {
  sink = await startMailSink();
  standIn = await startStandIn();
  const vars = { CLIENT_ADDRESS_HEADER: "x-real-ip", MAIL_FROM: "Berth <berth@example.com>", GITHUB_URL: standIn.url, GITHUB_CLIENT_ID: CLIENT.clientId, GITHUB_CLIENT_SECRET: CLIENT.clientSecret };
  stack = await startTestStack({ publicUrl: PUBLIC_URL, allowOrigins: [standIn.url] }, { vars, hostVars: { SMTP_URL: sink.url } });
  proxy = await startProxy(stack.url, PUBLIC_URL);
  signIn = await open(stack.signInUrl);
});

afterAll(async () => {
  await proxy?.close();
  await stack?.end();
  await sink.close();
  await standIn.close();
});

/** By the proxy, as a browser that knows it under the public address. */
function open(address: string, init: RequestInit = {}): Promise<Response> {
  expect(new URL(address, PUBLIC_URL).origin).toBe(PUBLIC_URL);
  const { pathname, search } = new URL(address, PUBLIC_URL);
  return fetch(proxy.url + pathname + search, { redirect: "manual", ...init });
}

const cookieOf = (response: Response) => response.headers.getSetCookie().map((each) => each.split(";")[0]).join("; ");

verifies("PXY1", "every link that the instance hands out leads to its public address, and it is told there that it is https", async () => {
  expect([stack.signInUrl.startsWith(`${PUBLIC_URL}/sign-in?`), signIn.status]).toEqual([true, 303]);
  expect(signIn.headers.getSetCookie().join()).toMatch(/^__Secure-berth\.session_token=[^;]+;.*; Secure/);
  const { links } = await stack.berth.invitations.create({ email: "bo@example.com", role: "member" }).then(() => sink.next("bo@example.com"));
  expect((await open(links[0] ?? "")).status).toBe(200);
  const out = await open("/sign-in/github");
  expect(new URL(out.headers.get("location") ?? "").searchParams.get("redirect_uri")).toBe(`${PUBLIC_URL}/sign-in/github/callback`);
  expect(out.headers.getSetCookie().join()).toMatch(/^__Host-berth\.trip=.*; Secure/);
  const { url } = (await (await open("/device/start", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ clientName: "a tool" }) })).json()) as { url: string };
  expect(url).toContain(`${PUBLIC_URL}/device`);
  expect((await open("/health")).headers.get("strict-transport-security")).toBe("max-age=31536000");
});

verifies("PXY2", "a sign-in by the proxy is kept in secure cookies and acts from pages of the public address alone", async () => {
  const cookie = cookieOf(signIn);
  expect((await open("/v1/me", { headers: { cookie } })).status).toBe(200);
  const create = (headers: Record<string, string>) => open("/v1/teams", { method: "POST", headers: { cookie, "content-type": "application/json", ...headers }, body: JSON.stringify({ name: "Builders" }) });
  expect((await create({ origin: "https://elsewhere.example.com" })).status).toBe(403);
  expect((await create({ ...OWN_PAGE, "sec-fetch-site": "same-site" })).status).toBe(403);
  expect((await create(OWN_PAGE)).status).toBe(201);
  // The address that the proxy saw is what the record has, and not the proxy's own.
  await eventually("the record has the client's address", async () => {
    const { data } = await stack.berth.audit.list({ limit: 20 }).page();
    return data.some(({ address }) => address === CLIENT_ADDRESS) || "not yet";
  }, 10_000);
  // And what the operator lets calls reach inside, since the start.
  const { data } = await stack.berth.audit.list({ actorId: "operator" }).page();
  expect(data.filter(({ action }) => action === "OPERATOR_ORIGINS").map(({ target }) => target)).toEqual([{ added: standIn.url }]);
});

verifies("PXY3", "a session is worked in by the proxy: its sandbox stays on the machine, its stream is a secure one of the public address", async () => {
  const opened: string[] = [];
  class ByProxy extends WebSocket {
    constructor(url: string) {
      opened.push(url);
      const { pathname, search } = new URL(url);
      super(proxy.url.replace("http:", "ws:") + pathname + search);
    }
  }
  const berth = new Berth({ baseUrl: proxy.url, apiKey: stack.apiKey, WebSocket: ByProxy });
  const { id } = await berth.sessions.create({ model: MODEL });
  const session = berth.session(id);
  const seen: string[] = [];
  const stream = session.stream({ onFrame: ({ events }) => seen.push(...events.map((event) => JSON.stringify(event))) });
  await turn(session, "!bash echo $((6 * 7))");
  await eventually("the answer by the stream", () => seen.some((event) => event.includes("42")) || `${seen.length} events`, 30_000);
  stream.close();
  expect(opened[0]).toMatch(new RegExp(`^wss://berth\\.example\\.com/v1/sessions/${id}/stream`));
  const cookie = cookieOf(signIn);
  const upgrade = (headers: Record<string, string>) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(`${proxy.url.replace("http:", "ws:")}/v1/sessions/${id}/stream`, { headers: { cookie, ...headers } });
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      socket.on("open", () => {
        socket.close();
        resolve(101);
      });
      socket.on("error", () => resolve(0));
    });
  expect(await upgrade({ origin: "https://elsewhere.example.com" })).toBe(403);
  expect(await upgrade({ origin: PUBLIC_URL })).toBe(101);
});

verifies("PXY4", "behind a public address nobody is offered the machine's own folders, keys and model servers", async () => {
  await expect(stack.berth.machine.discoveries().page()).rejects.toMatchObject({ status: 404 });
  await expect(stack.berth.sessions.create({ model: MODEL, workspace: { kind: "folder", path: stack.dataDir } })).rejects.toMatchObject({ code: "invalid-field" });
  await expect(stack.berth.keys.create({ provider: "ollama", kind: "openai-compatible", baseUrl: "http://127.0.0.1:11434/v1" })).rejects.toMatchObject({ code: "invalid-field" });
});
