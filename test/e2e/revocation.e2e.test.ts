/** What is taken away reaches the sockets and streams that are open, on a running instance with its real times. */
import { Berth, BerthError } from "@berth/sdk";
import { verifies } from "@berth/testkit";
import { afterAll, beforeAll, expect } from "vitest";
import { MODEL, startTestStack, untilStatus, type TestStack } from "./support/stack.ts";

const WITHIN_MS = 60_000;
/** For what the sessions are told. */
const PUSHED_WITHIN_MS = 5_000;
const TURN_S = 90;
let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});

afterAll(() => stack?.end());

interface Watcher {
  readonly name: string;
  /** Code of the error that each way of watching ended with. */
  readonly ended: Promise<readonly [socket: string, stream: string]>;
  /** Events that came since it was asked for. */
  seen: number;
  close(): void;
}

/** A form of the account pages, sent as the page does. */
async function post(path: string, fields: Record<string, string>, cookie = ""): Promise<string> {
  const headers = { origin: stack.url, "sec-fetch-site": "same-origin", cookie };
  const answer = await fetch(new URL(path, stack.url), { method: "POST", redirect: "manual", headers, body: new URLSearchParams(fields) });
  if (answer.status >= 400) throw new Error(`${path}: ${answer.status}`);
  return answer.headers.getSetCookie().map((each) => each.split(";")[0]).join("; ");
}

/** The SDK as in a page of Berth's own, where the browser adds the cookie. */
function inPage(cookie: string): Berth {
  const withCookie = (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("cookie", cookie);
    headers.set("origin", stack.url);
    return fetch(url, { ...init, headers });
  };
  return new Berth({ baseUrl: stack.url, fetch: withCookie });
}

/** A service account with a key, that watches the session by WebSocket and by server-sent events. */
async function join(name: string): Promise<{ readonly id: string; readonly keyId: string; readonly watch: (sessionId: string) => Watcher }> {
  const { id } = await stack.berth.serviceAccounts.create({ name, role: "member" });
  const key = await stack.berth.apiKeys.create({ name, serviceAccountId: id, expiresInDays: null, scopes: ["sessions:read"] });
  const berth = new Berth({ baseUrl: stack.url, apiKey: key.key });
  return { id, keyId: key.id, watch: (sessionId) => watching(name, berth, sessionId) };
}

function watching(name: string, berth: Berth, sessionId: string): Watcher {
  const socketEnded = Promise.withResolvers<string>();
  const over = new AbortController();
  const session = berth.session(sessionId);
  const stream = session.stream({
    onFrame: ({ events }) => void (watcher.seen += events.length),
    onState: (state, error) => {
      if (state === "closed") socketEnded.resolve(error?.code ?? "closed");
    },
  });
  const read = async (): Promise<string> => {
    try {
      for await (const event of session.events({ signal: over.signal })) watcher.seen += event.seq > 0 ? 1 : 0;
      return "closed";
    } catch (error) {
      return BerthError.is(error) ? error.code : String(error);
    }
  };
  const watcher: Watcher = {
    name,
    seen: 0,
    ended: Promise.all([socketEnded.promise, read()]),
    close: () => {
      stream.close();
      over.abort();
    },
  };
  return watcher;
}

verifies("TEN4", "a link, what came by it and what is open by that end with the key that made the link", async () => {
  const { id: account } = await stack.berth.serviceAccounts.create({ name: "linker", role: "admin" });
  const key = await stack.berth.apiKeys.create({ name: "linker", serviceAccountId: account, expiresInDays: null, scopes: ["sessions:write"] });
  const { id } = await stack.berth.sessions.create({ model: MODEL, visibility: "private" });
  const link = await new Berth({ baseUrl: stack.url, apiKey: key.key }).session(id).createShareLink({ role: "viewer" });
  const redeem = () => stack.berth.redeemShareLink(link.token);
  const visitor = new Berth({ baseUrl: stack.url, apiKey: (await redeem()).token });
  const watcher = watching("visitor", visitor, id);
  await expect.poll(() => watcher.seen, { timeout: 30_000 }).toBeGreaterThan(0);
  await stack.berth.apiKeys.revoke(key.id);
  const takenAt = performance.now();
  await expect(redeem()).rejects.toMatchObject({ code: "not-found" });
  await expect(visitor.session(id).get()).rejects.toMatchObject({ code: "unauthenticated" });
  // As whoever a session is not shared with any more.
  expect(await watcher.ended).toEqual(["not-found", "not-found"]);
  expect(performance.now() - takenAt).toBeLessThanOrEqual(WITHIN_MS);
}, 120_000);

verifies("TEN6", "a revoked key, a removed service account and a share that ended close what is open by them within 60 s, and nobody else's", async () => {
  const [byKey, removed, unshared, stays] = await Promise.all([join("by key"), join("removed"), join("unshared"), join("stays")]);
  const { id } = await stack.berth.sessions.create({ model: MODEL, visibility: "private" });
  const session = stack.berth.session(id);
  await untilStatus(session, ["idle"]);
  const shares = await Promise.all([byKey, removed, unshared, stays].map((account) => session.share({ with: "member", id: account.id, role: "viewer" })));
  const watchers = [byKey, removed, unshared, stays].map((account) => account.watch(id));
  const { id: running } = await session.send(`!bash for i in $(seq ${TURN_S}); do echo line $i; sleep 1; done`);
  await expect.poll(() => watchers.every(({ seen }) => seen > 4), { timeout: 30_000 }).toBe(true);

  await Promise.all([stack.berth.apiKeys.revoke(byKey.keyId), stack.berth.serviceAccounts.remove(removed.id), session.unshare(shares[2]?.id ?? "")]);
  const takenAt = performance.now();
  const ends = await Promise.all(watchers.slice(0, 3).map(async ({ name, ended }) => [name, await ended, Math.round(performance.now() - takenAt)] as const));
  console.log(ends.map(([name, codes, ms]) => `${name}: ${codes.join(" and ")} within ${ms} ms`).join("; "));
  for (const [name, codes, ms] of ends) {
    expect(codes.every((code) => ["unauthenticated", "not-found", "forbidden"].includes(code)), `${name}: ${codes.join(", ")}`).toBe(true);
    expect(ms, name).toBeLessThanOrEqual(WITHIN_MS);
  }
  const before = watchers[3]?.seen ?? 0;
  await session.stop();
  await session.wait({ messageId: running });
  await expect.poll(() => (watchers[3]?.seen ?? 0) > before, { timeout: 30_000 }).toBe(true);
  watchers[3]?.close();
}, 240_000);

verifies("TEN6", "signing out closes what that sign-in opened in every tab within seconds, and not what another sign-in of the same person opened", async () => {
  const [account, { url = "" }] = [{ email: "bo@example.com", password: "example-password-1" }, await stack.berth.invitations.create({ email: "bo@example.com", role: "member" })];
  await post(url.replace("/invitation?", "/invitation/account?"), { name: "Bo", password: account.password });
  const [here, there] = [await post("/sign-in", account), await post("/sign-in", account)];
  const session = await stack.idleSession();
  const watchers = [["a tab", here], ["another tab", here], ["another browser", there]].map(([name = "", cookie = ""]) => watching(name, inPage(cookie), session.id));
  await expect.poll(() => watchers.every(({ seen }) => seen > 2), { timeout: 30_000 }).toBe(true);

  await inPage(here).signOut();
  const outAt = performance.now();
  const ends = await Promise.all(watchers.slice(0, 2).map(async ({ name, ended }) => [name, await ended, Math.round(performance.now() - outAt)] as const));
  console.log(ends.map(([name, codes, ms]) => `${name}: ${codes.join(" and ")} within ${ms} ms`).join("; "));
  for (const [name, codes, ms] of ends) {
    expect(codes, name).toEqual(["unauthenticated", "unauthenticated"]);
    expect(ms, name).toBeLessThanOrEqual(PUSHED_WITHIN_MS);
  }
  const before = watchers[2]?.seen ?? 0;
  await session.send("!say hello");
  await expect.poll(() => (watchers[2]?.seen ?? 0) > before, { timeout: 30_000 }).toBe(true);
  watchers[2]?.close();
}, 120_000);
