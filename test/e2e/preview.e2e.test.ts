/** What is served in a sandbox, by way of the gateway: as a program sees it, and in Chromium. `PICTURES=<folder>` also takes pictures. */
import { Berth, type SessionClient } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { freePort } from "../../packages/launcher/src/free-port.ts";
import { cameTo, closed, cookieOf, dial, heard, openPreview, serve, textOf, untilFile, visit, visitSlowly } from "./support/preview-visitor.ts";
import { Shell } from "./support/shell.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";
import { eventually } from "./support/waiting.ts";

let stack: TestStack;
let session: SessionClient;
let port: number;

beforeAll(async () => {
  stack = await startTestStack();
  [session, port] = await Promise.all([stack.idleSession(), freePort()]);
  await serve(session, port);
});

afterAll(async () => {
  await stack?.end();
});

verifies("WSP20", "a request and its answer pass as they are, and what is served sees itself where it listens", async () => {
  const { origin, cookie } = await openPreview(session, port);
  expect(new URL(origin).hostname).toBe(`${port}--${session.id.replace("_", "-")}.localhost`);
  const page = await visit(origin, { headers: { cookie } });
  expect([page.status, page.text.includes("Shop of first"), page.headers["content-security-policy"]]).toEqual([200, true, undefined]);
  for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
    const echoed = await visit(`${origin}/echo`, { method: "POST", headers: { cookie, ...headers }, body: "x".repeat(3_000_000) });
    expect([echoed.status, echoed.text.length]).toEqual([200, 3_000_000]);
  }
  // A body where none is usual is that request's, and not the next one.
  const odd = await visit(`${origin}/echo`, { headers: { cookie, "transfer-encoding": "chunked" }, body: "GET /headers HTTP/1.1\r\nhost: x\r\n\r\n" });
  expect([odd.status, odd.text.includes("/headers HTTP/1.1")]).toEqual([200, true]);
  const set = await visit(`${origin}/cookies`, { headers: { cookie } });
  expect(set.headers["set-cookie"]).toEqual(["a=1; Path=/", "b=2; HttpOnly"]);
  expect((await visit(`${origin}/there`, { headers: { cookie } })).headers.location).toBe(`${origin}/headers?x=1`);
  expect((await visit(`${origin}/none`, { headers: { cookie } })).status).toBe(204);
  const zipped = await visit(`${origin}/zipped`, { headers: { cookie } });
  expect(zipped.headers["content-encoding"]).toBe("gzip");
});

verifies("WSP20", "a WebSocket passes with its protocol, its messages whole and of their kind, and its end", async () => {
  const { origin, cookie } = await openPreview(session, port);
  const socket = await dial(`${origin}/ws`, { cookie, origin }, ["shop", "other"]);
  if (typeof socket === "number") throw new Error(`refused with ${socket}`);
  expect(socket.protocol).toBe("shop");
  socket.send("hello");
  expect(await heard(socket)).toBe("echo hello");
  const long = "y".repeat(1_000_000);
  socket.send(Buffer.from(long));
  expect(await heard(socket)).toBe(long);
  socket.send("bye");
  expect(await closed(socket)).toEqual([4001, "so long"]);
  expect(await dial(`${origin}/refused`, { cookie, origin })).toBe(403);
});

verifies("WSP20", "an answer streams as it is written, is not gathered for who does not read, and ends inside when nobody wants it", async () => {
  const { origin, cookie } = await openPreview(session, port);
  const leaving = new AbortController();
  const reader = await visitSlowly(`${origin}/tick`, cookie, leaving.signal);
  expect(await reader.next()).toBe("data: one\n\n");
  leaving.abort();
  await untilFile(session, "closed.txt", "closed");
  const slow = new AbortController();
  await visitSlowly(`${origin}/many?blocks=2000`, cookie, slow.signal);
  let before = -1;
  await eventually("the server waits", async () => {
    const sent = Number(await textOf(session, "sent.txt"));
    const waits = sent === before;
    before = sent;
    return waits ? true : `${sent} blocks`;
  }, 30_000);
  // 125 MB would come; what the system's sockets hold on the way is some of it.
  expect(before).toBeLessThan(600);
  slow.abort();
  const whole = await visit(`${origin}/many?blocks=500`, { headers: { cookie } });
  expect(whole.text.length).toBe(500 * 65_536);
});

verifies("WSP17", "nothing of Berth is at a preview's origin, and no credential of its goes in", async () => {
  const { origin, cookie } = await openPreview(session, port);
  const sent = { cookie: `mine=1; ${cookie}; berth.session_token=t; theirs=2`, authorization: `Bearer ${stack.apiKey}`, origin, referer: `${origin}/a`, "x-forwarded-for": "10.0.0.1", "x-own": "yes" };
  const seen = JSON.parse((await visit(`${origin}/headers?q=%2F&r`, { headers: sent })).text) as { readonly url: string; readonly headers: object };
  expect(seen).toMatchObject({ url: "/headers?q=%2F&r" });
  expect(seen.headers).toEqual({ host: `localhost:${port}`, cookie: "mine=1; theirs=2", origin: `http://localhost:${port}`, referer: `http://localhost:${port}/a`, "x-own": "yes", connection: "close" });
  for (const path of ["/health", "/v1/me", "/openapi.json", "/docs"]) {
    expect((await visit(origin + path, { headers: { authorization: `Bearer ${stack.apiKey}` } })).status).toBe(401);
    expect((await visit(origin + path, { headers: { cookie } })).text).toContain("Shop of first");
  }
});

verifies(["WSP20", "WSP21"], "a head in any letters passes as it is, and one that is too long ends nobody's terminal", async () => {
  const { origin, cookie } = await openPreview(session, port);
  const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
  const shell = await new Shell(session, { name: "beside" }).opened();
  const echoed = JSON.parse((await visit(`${origin}/headers`, { headers: { cookie: `${cookie}; name=${utf8("é日本")}` } })).text) as { readonly headers: { readonly cookie: string } };
  expect(echoed.headers.cookie).toBe(`name=${utf8("é日本")}`);
  for (const [status, quotes] of [[400, 65_000], [200, 10_000]] as const) expect((await visit(origin, { headers: { cookie, "x-quotes": '"'.repeat(quotes) } })).status).toBe(status);
  shell.terminal.write("echo still-$((40 + 2))\r");
  await shell.says("still-42");
});

verifies(["WSP15", "WSP16"], "without a cookie, with another's, by a ticket that was used or is another's, and from another origin, 0 bytes come to what is served", async () => {
  const other = await stack.idleSession();
  const [mine, theirs, once] = [await openPreview(session, port), await openPreview(other, port), await session.preview(port)];
  expect(cookieOf(await visit(once.url))).toContain("berth-preview=wkp_");
  const before = await cameTo(session, port);
  const { origin, cookie } = mine;
  const forged = cookie.replace(/\.\w{8}/, ".00000000");
  const refused: readonly [number, Readonly<Record<string, string>>][] = [
    [401, {}],
    [401, { cookie: "berth-preview=" }],
    [401, { cookie: forged }],
    [401, { cookie: theirs.cookie }],
    [401, { authorization: `Bearer ${stack.apiKey}` }],
    [403, { cookie, origin: theirs.origin }],
    [403, { cookie, origin: stack.url }],
    [403, { cookie, origin: "null" }],
  ];
  for (const [status, headers] of refused) {
    for (const method of ["GET", "POST"]) expect([(await visit(`${origin}/echo`, { method, headers, ...(method === "POST" && { body: "smuggled" }) })).status, method, headers]).toEqual([status, method, headers]);
    expect(await dial(`${origin}/ws`, headers)).toBe(status);
  }
  expect((await visit(origin, { headers: { cookie, "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" } })).status).toBe(403);
  const elsewhere = (await session.preview(port)).url;
  const wrong = [once.url, elsewhere.replace(`//${port}`, `//${port === 1 ? 2 : 1}`), (await other.preview(port)).url.replace(new URL(theirs.origin).host, new URL(origin).host), `${origin}/.berth/open?ticket=`, `${origin}/.berth/open`];
  for (const url of wrong) {
    const answer = await visit(url);
    expect([answer.status, answer.headers["set-cookie"]]).toEqual([401, undefined]);
  }
  expect(await cameTo(session, port)).toBe(before);
  expect((await visit(origin, { headers: { cookie } })).status).toBe(200);
  expect(await cameTo(session, port)).toBeGreaterThan(before);
});

verifies(["WSP16", "WSP19"], "whoever may not act in the session any more is cut off within a minute, and everybody when it is over, with 0 bytes from then on", async () => {
  const { id } = await stack.berth.sessions.create({ model: "demo/demo" });
  const mine = stack.berth.session(id);
  for await (const event of mine.events({ signal: AbortSignal.timeout(90_000) })) if (event.type === "session.status" && event.data.status === "idle") break;
  const own = await freePort();
  await serve(mine, own);
  const key = await stack.berth.apiKeys.create({ name: "for a while", scopes: ["sessions:read", "sessions:write"] });
  const theirs = await openPreview(new Berth({ baseUrl: stack.url, apiKey: key.key }).session(id), own);
  const ours = await openPreview(mine, own);
  const sockets = await Promise.all([theirs, ours].map(({ origin, cookie }) => dial(`${origin}/ws`, { cookie, origin })));
  const [one, two] = sockets;
  if (typeof one !== "object" || typeof two !== "object") throw new Error(`refused with ${String(sockets)}`);
  const over = closed(one);
  const since = performance.now();
  await stack.berth.apiKeys.revoke(key.id);
  expect((await over)[0]).toBe(4401);
  expect(performance.now() - since).toBeLessThan(60_000);
  const before = await cameTo(mine, own);
  expect([(await visit(theirs.origin, { headers: { cookie: theirs.cookie } })).status, await dial(`${theirs.origin}/ws`, { cookie: theirs.cookie })]).toEqual([401, 401]);
  expect(await cameTo(mine, own)).toBe(before);
  two.send("still here");
  expect(await heard(two)).toBe("echo still here");
  const last = closed(two);
  await mine.remove();
  expect((await last)[0]).toBeGreaterThanOrEqual(4000);
  for (const path of ["/", "/headers"]) expect([401, 403]).toContain((await visit(ours.origin + path, { headers: { cookie: ours.cookie } })).status);
  expect([401, 403]).toContain(await dial(`${ours.origin}/ws`, { cookie: ours.cookie }));
});
