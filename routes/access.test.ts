import { describe, expect, test } from "vitest";
import { createApp } from "./index.ts";
import { Edge, MODEL, OPERATOR_TOKEN, ORIGIN } from "./testing/edge.ts";

const UNKNOWN = "ses_00000000000000000000000000";

async function withCookie() {
  const edge = new Edge();
  const cookie = { cookie: await edge.cookie() };
  return { edge, cookie, here: { ...cookie, origin: ORIGIN, "sec-fetch-site": "same-origin" } };
}

describe("who asks", () => {
  test("a missing, wrong or malformed key is 401 with WWW-Authenticate", async () => {
    const edge = new Edge();
    for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: "Basic Zm9v" }, { authorization: "Bearer" }, { cookie: "session=bad" }]) {
      const response = await edge.ask("GET /v1/me", { key: null, headers });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe('Bearer realm="berth"');
      expect(await response.json()).toMatchObject({ type: "https://berth.dev/problems/unauthenticated" });
    }
  });

  test("a wrong key is refused before the body is looked at", async () => {
    expect((await new Edge().ask("POST /v1/sessions", { key: "wrong", raw: "{" })).status).toBe(401);
  });

  test("me names the person of a cookie, and only the organization of a key", async () => {
    const { edge, cookie } = await withCookie();
    expect(await edge.json("GET /v1/me", { key: null, headers: cookie })).toMatchObject({ user: { name: "Ada Łoś" }, role: "owner" });
    expect(await edge.json("GET /v1/me")).toMatchObject({ user: null, organization: { id: "org-a" } });
  });

  test("a cookie changes something only from Berth's own pages", async () => {
    const { edge, cookie, here } = await withCookie();
    const send = async (headers: Record<string, string>) => (await edge.ask("POST /v1/sessions", { key: null, body: { model: MODEL }, headers })).status;
    expect(await send(here)).toBe(201);
    expect(await send({ ...cookie, origin: ORIGIN })).toBe(201);
    expect(await send({ ...cookie, "sec-fetch-site": "same-origin" })).toBe(201);
    for (const headers of [
      cookie,
      { ...cookie, origin: "https://evil.example" },
      { ...cookie, origin: "null" },
      { ...here, "sec-fetch-site": "cross-site" },
      { ...cookie, "sec-fetch-site": "same-site" },
      { ...here, origin: "http://127.0.0.1:9999" },
    ]) {
      expect(await send(headers), JSON.stringify(headers)).toBe(403);
    }
  });

  test("a viewer reads and does not write; a member does not administer", async () => {
    const edge = new Edge();
    const [viewer, member] = await Promise.all([edge.keyOf("org-a", "viewer"), edge.keyOf("org-a", "member")]);
    expect((await edge.ask("GET /v1/sessions", { key: viewer })).status).toBe(200);
    expect((await edge.ask("POST /v1/sessions", { key: viewer, body: { model: MODEL } })).status).toBe(403);
    expect((await edge.ask("POST /v1/sessions", { key: member, body: { model: MODEL } })).status).toBe(201);
    expect((await edge.ask("GET /v1/api-keys", { key: member })).status).toBe(403);
  });
});

describe("another organization's session", () => {
  test("answers exactly what an unknown one answers, on every route, and makes nothing", async () => {
    const edge = new Edge();
    const theirs = await edge.createSession();
    const before = await edge.sessions.opened();
    const key = await edge.keyOf("org-b");
    const routes: readonly (readonly [string, unknown?])[] = [
      ["GET /v1/sessions/:id"],
      ["PATCH /v1/sessions/:id", { title: "mine" }],
      ["DELETE /v1/sessions/:id"],
      ["POST /v1/sessions/:id/messages", { text: "hello" }],
      ["GET /v1/sessions/:id/messages"],
      ["DELETE /v1/sessions/:id/messages/msg_1"],
      ["POST /v1/sessions/:id/stop"],
      ["POST /v1/sessions/:id/resume"],
      ["POST /v1/sessions/:id/answer", { requestId: "r", answer: { kind: "reject" } }],
      ["POST /v1/sessions/:id/apply", { branch: "b" }],
      ["POST /v1/sessions/:id/stream-ticket"],
      ["GET /v1/sessions/:id/events"],
    ];
    for (const [line, body] of routes) {
      const answers = await Promise.all(
        [theirs, UNKNOWN, "not-an-id"].map(async (id) => {
          const response = await edge.ask(line.replace(":id", id), { key, ...(body === undefined ? {} : { body }) });
          return { status: response.status, headers: [...response.headers], body: await response.text() };
        }),
      );
      expect(answers[0]?.status, line).toBe(404);
      expect(answers[1], line).toEqual(answers[0]);
      expect(answers[2], line).toEqual(answers[0]);
      expect(answers[0]?.body).not.toContain(theirs);
    }
    expect(await edge.sessions.opened()).toEqual(before);
  });

  test("a stream of it is refused before any upgrade", async () => {
    const edge = new Edge();
    const theirs = await edge.createSession();
    const headers = { accept: "text/event-stream" };
    expect((await edge.ask(`GET /v1/sessions/${theirs}/events`, { key: await edge.keyOf("org-b"), headers })).status).toBe(404);
    const upgrade = { upgrade: "websocket" };
    expect((await edge.ask(`GET /v1/sessions/${theirs}/stream`, { key: await edge.keyOf("org-b"), headers: upgrade })).status).toBe(404);
    expect(edge.sessions.of("org-a", theirs).requests).toEqual([]);
  });
});

describe("signing in and out", () => {
  test("bootstrap lets the owner in by a link that works once", async () => {
    const edge = new Edge();
    const made = await edge.json<{ signInUrl: string; apiKey: string }>("POST /internal/bootstrap", { key: OPERATOR_TOKEN, body: {} });
    expect((await edge.ask("GET /v1/me", { key: made.apiKey })).status).toBe(200);
    const path = made.signInUrl.slice(ORIGIN.length);
    const first = await edge.ask(`GET ${path}`, { key: null });
    expect(first.status).toBe(303);
    expect(first.headers.get("location")).toBe("/");
    expect(first.headers.getSetCookie()).toEqual([expect.stringContaining("HttpOnly")]);
    const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect((await edge.ask("GET /v1/me", { key: null, headers: { cookie } })).status).toBe(200);
    const second = await edge.ask(`GET ${path}`, { key: null });
    expect(second.status).toBe(410);
    expect(await second.text()).toContain("used up");
  });

  test("bootstrap makes no key when told to keep one, and takes no other token", async () => {
    const edge = new Edge();
    const made = await edge.json("POST /internal/bootstrap", { key: OPERATOR_TOKEN, body: { apiKey: "keep" } });
    expect(made).not.toHaveProperty("apiKey");
    for (const key of [null, await edge.keyOf("org-a"), `${OPERATOR_TOKEN}x`, ""]) {
      expect((await edge.ask("POST /internal/bootstrap", { key, body: {} })).status).toBe(401);
    }
  });

  test("signing out clears the cookie, from Berth's own pages only", async () => {
    const { edge, cookie, here } = await withCookie();
    expect((await edge.ask("POST /sign-out", { key: null, headers: { ...cookie, origin: "https://evil.example" } })).status).toBe(403);
    expect((await edge.ask("GET /v1/me", { key: null, headers: cookie })).status).toBe(200);
    const done = await edge.ask("POST /sign-out", { key: null, headers: here });
    expect(done.status).toBe(204);
    expect(done.headers.getSetCookie()).toEqual([expect.stringContaining("Max-Age=0")]);
    expect((await edge.ask("GET /v1/me", { key: null, headers: cookie })).status).toBe(401);
    expect((await edge.ask("POST /sign-out", { key: null })).status).toBe(204);
  });
});

test("where Berth is reached by https, every answer keeps browsers there", async () => {
  const edge = new Edge();
  const app = createApp(() => ({ ...edge.services, publicUrl: "https://berth.example" }), { log: () => undefined });
  for (const path of ["/health", "/sign-in", "/v1/nothing", "/v1/me"]) {
    expect((await app.fetch(new Request(`http://127.0.0.1${path}`))).headers.get("strict-transport-security"), path).toBe("max-age=31536000");
  }
});

test("a page of the server's own runs no script, from wherever it comes", async () => {
  const edge = new Edge();
  for (const line of ["GET /sign-in", "GET /invitation?token=x", "GET /docs", "GET /sign-in?token=used-up"]) {
    const policy = (await edge.ask(line, { key: null })).headers.get("content-security-policy") ?? "";
    expect(policy, line).toMatch(/^default-src 'none'; style-src 'self';/);
    expect(policy).not.toContain("script-src");
  }
});

test("every answer carries the security headers, refusals and files too", async () => {
  const edge = new Edge();
  for (const line of ["GET /health", "GET /", "GET /v1/nothing", "GET /v1/me", "GET /docs"]) {
    const { headers } = await edge.ask(line, { key: null });
    expect(headers.get("content-security-policy"), line).toContain(line === "GET /docs" ? "default-src 'none'" : "default-src 'self'");
    expect(headers.get("strict-transport-security")).toBeNull();
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  }
});
