import { SCOPES } from "@berth/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createApp } from "./index.ts";
import { Edge, ORIGIN } from "./testing/edge.ts";

const SSE = { accept: "text/event-stream" };
const UPGRADE = { upgrade: "websocket", connection: "Upgrade", "sec-websocket-version": "13" };
const TICKET = `tkt_org-a.${"0".repeat(48)}`;

async function readUntil(response: Response, needle: string): Promise<{ text: string; reader: ReadableStreamDefaultReader<Uint8Array> }> {
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  while (!text.includes(needle)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`ended before ${needle}: ${text}`);
    text += new TextDecoder().decode(value);
  }
  return { text, reader };
}

async function openSession(events = 3) {
  const edge = new Edge();
  const id = await edge.createSession();
  const session = edge.sessions.of("org-a", id);
  for (let i = 1; i < events; i++) session.emit({ type: "session.status", data: { status: "idle" } });
  return { edge, id, session };
}

describe("server-sent events", () => {
  afterEach(() => vi.useRealTimers());

  test("replay what is committed, say synced once, and carry ids to go on from", async () => {
    const { edge, id, session } = await openSession();
    const response = await edge.ask(`GET /v1/sessions/${id}/events`, { headers: SSE });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { text, reader } = await readUntil(response, "synced");
    expect(text.match(/^id: .*$/gm)).toEqual(["id: 1", "id: 2", "id: 3"]);
    expect(text.match(/^event: .*$/gm)).toEqual(["event: session.created", "event: session.status", "event: session.status", "event: synced"]);
    await reader.cancel();
    expect(session.sockets[0]?.closed?.code).toBe(1000);
  });

  test("Last-Event-ID goes before after", async () => {
    const { edge, id } = await openSession();
    const response = await edge.ask(`GET /v1/sessions/${id}/events?after=0`, { headers: { ...SSE, "last-event-id": "2" } });
    const { text, reader } = await readUntil(response, "synced");
    expect(text.match(/^id: .*$/gm)).toEqual(["id: 3"]);
    await reader.cancel();
    expect((await edge.problem(`GET /v1/sessions/${id}/events`, { headers: { ...SSE, "last-event-id": "x" } })).type).toContain("bad-cursor");
  });

  test("are closed when the request is given up", async () => {
    const { edge, id, session } = await openSession();
    const left = new AbortController();
    const request = new Request(`${ORIGIN}/v1/sessions/${id}/events`, { headers: { ...SSE, authorization: `Bearer ${await edge.keyOf("org-a")}` }, signal: left.signal });
    const { reader } = await readUntil(await edge.app.fetch(request), "synced");
    left.abort();
    expect((await reader.read()).done).toBe(true);
    expect(session.sockets[0]?.closed?.code).toBe(1000);
  });
});

describe("the stream's upgrade", () => {
  test("names the author itself and drops what a client claims", async () => {
    const { edge, id, session } = await openSession();
    const response = await edge.ask(`GET /v1/sessions/${id}/stream?after=2`, { headers: { ...UPGRADE, "x-berth-author": '{"actor":{"kind":"user","id":"forged"}}', cookie: "a=b" } });
    expect(response.status).toBe(101);
    const request = session.requests[0];
    const keyId = (await edge.identity.listApiKeys("org-a", { after: null, limit: 1 })).keys[0]?.id;
    expect(new URL(request?.url ?? "").pathname + new URL(request?.url ?? "").search).toBe("/viewer?after=2");
    expect(JSON.parse(request?.headers.get("x-berth-author") ?? "")).toEqual({ actor: { kind: "api-key", id: keyId, name: "Ada Łoś" }, apiKeyId: keyId, role: "owner", scopes: SCOPES, userId: expect.any(String), teamIds: [] });
    expect(request?.headers.get("authorization")).toBeNull();
    expect(request?.headers.get("cookie")).toBeNull();
    expect(request?.headers.get("sec-websocket-version")).toBe("13");
  });

  test("a ticket finds its organization's session without any other sign-in, and carries no author", async () => {
    const { edge, id, session } = await openSession();
    const made = await edge.json<{ ticket: string; url: string }>(`POST /v1/sessions/${id}/stream-ticket`);
    expect(made).toMatchObject({ ticket: TICKET, url: `ws://127.0.0.1:8787/v1/sessions/${id}/stream` });
    const response = await edge.ask(`GET /v1/sessions/${id}/stream?ticket=${made.ticket}`, { key: null, headers: { ...UPGRADE, "x-berth-author": "{}" } });
    expect(response.status).toBe(101);
    expect(session.requests[0]?.headers.get("x-berth-author")).toBeNull();
    expect(new URL(session.requests[0]?.url ?? "").searchParams.get("ticket")).toBe(TICKET);
  });

  test.each([
    ["by its public address, whose TLS a proxy ends", "http://berth.example", {}, "wss://berth.example"],
    ["from a page of the public address, by a proxy that keeps the host to itself", "http://127.0.0.1:8787", { origin: "https://berth.example" }, "wss://berth.example"],
    ["on the machine itself", "http://127.0.0.1:8787", {}, "ws://127.0.0.1:8787"],
  ])("a ticket asked for %s leads back there", async (_, at, headers, there) => {
    const { edge, id } = await openSession();
    const app = createApp(() => ({ ...edge.services, publicUrl: "https://berth.example" }), { log: () => undefined });
    const authorization = `Bearer ${await edge.keyOf("org-a")}`;
    const answer = await app.fetch(new Request(`${at}/v1/sessions/${id}/stream-ticket`, { method: "POST", headers: { ...headers, authorization } }));
    expect(await answer.json()).toMatchObject({ url: `${there}/v1/sessions/${id}/stream` });
  });

  test("something that is no ticket is 401", async () => {
    const { edge, id } = await openSession();
    for (const ticket of ["", "tkt_org-a", "tkt_org-a.x", "tkt_../b.0000000000000000000000000000000000000000"]) {
      expect((await edge.ask(`GET /v1/sessions/${id}/stream?ticket=${ticket}`, { key: null, headers: UPGRADE })).status, ticket).toBe(401);
    }
  });

  test("a cookie opens it only from Berth's own pages", async () => {
    const { edge, id } = await openSession();
    const cookie = await edge.cookie();
    const open = async (headers: Record<string, string>) =>
      (await edge.ask(`GET /v1/sessions/${id}/stream`, { key: null, headers: { ...UPGRADE, cookie, ...headers } })).status;
    expect(await open({ origin: ORIGIN })).toBe(101);
    expect(await open({ origin: "https://evil.example" })).toBe(403);
    expect(await open({})).toBe(403);
  });

  test("a plain GET is told where events are", async () => {
    const { edge, id } = await openSession();
    expect(await edge.problem(`GET /v1/sessions/${id}/stream`)).toMatchObject({ status: 400, detail: expect.stringContaining("events") });
  });
});

describe("the sandbox link", () => {
  const token = (id: string) => `berth_sbx_org-a.${id}.1.${"a".repeat(64)}`;

  test("is handed to the session that the token names, with the token", async () => {
    const { edge, id, session } = await openSession();
    const response = await edge.ask("GET /v1/sandbox/link", { key: token(id), headers: { ...UPGRADE, "x-berth-author": "{}" } });
    expect(response.status).toBe(101);
    expect(new URL(session.requests[0]?.url ?? "").pathname).toBe("/link");
    expect([...(session.requests[0]?.headers ?? [])].map(([name]) => name)).toEqual(["authorization", "connection", "sec-websocket-version", "upgrade"]);
    expect(session.requests[0]?.headers.get("authorization")).toBe(`Bearer ${token(id)}`);
  });

  test("takes nothing but a sandbox's token", async () => {
    const { edge } = await openSession();
    for (const key of [null, "example-key-of-org-a", "berth_sbx_org-a.ses_1.1.x"]) {
      expect((await edge.ask("GET /v1/sandbox/link", { key, headers: UPGRADE })).status).toBe(401);
    }
    const elsewhere = { ...UPGRADE, "x-api-key": token("ses_00000000000000000000000000"), authorization: "" };
    expect((await edge.ask("GET /v1/sandbox/link", { key: null, headers: elsewhere })).status).toBe(401);
    expect((await edge.ask("GET /v1/me", { key: token("ses_00000000000000000000000000") })).status).toBe(401);
  });
});
