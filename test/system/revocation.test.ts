/** A revoked key loses what is open by it, and nobody else does. */
import { CLOSE_CODES, SCOPES, type ServerFrame } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { pushRevocation } from "../../src/app/push-revocation.ts";
import type { Services } from "../../src/app/services.ts";
import type { Author } from "../../src/app/session-handle.ts";
import { AUTHOR, MemoryBerth } from "./support/memory-berth.ts";
import { WatchedSession, type Pass, type Watching } from "./support/watched-session.ts";

const SESSION = "ses_0123456789abcdefghjkmnpqrs";

verifies("IDN6", "a revoked key's sockets are closed in every session, and others stay open", async () => {
  const berth = new MemoryBerth();
  const session = await berth.open(SESSION, "!say hello");
  const closed: [string, number][] = [];
  const watch = (name: string, author: Author): void => {
    session.openViewer(author, 0, { frame: () => undefined, closed: (code) => closed.push([name, code]) });
  };
  const byKey = (apiKeyId: string): Author => ({ actor: { kind: "api-key", id: apiKeyId }, apiKeyId, role: "owner" });
  watch("revoked", byKey("key_1"));
  watch("other", byKey("key_2"));
  watch("person", AUTHOR);
  await berth.until(() => session.actor.state?.status === "idle");
  await berth.instance.settled();
  await pushRevocation(berth.instance.services, "org_b", "key_1");
  expect(closed).toEqual([]);
  await pushRevocation(berth.instance.services, "org_a", "key_1");
  expect(closed).toEqual([["revoked", CLOSE_CODES.unauthorized]]);
});

verifies("IDN6", "a session that cannot be told of a revocation ends nobody else's being told", async () => {
  const berth = new MemoryBerth();
  const told: string[] = [];
  const ids = ["ses_1", "ses_2", "ses_3"];
  const catalog = { listSessions: async (_: string, { after }: { after: string | null }) => (after === null ? { sessions: ids.slice(0, 2).map((id) => ({ id })), next: "1" } : { sessions: [{ id: "ses_3" }], next: null }) };
  const of = (_: string, id: string) => ({ closeViewersOf: async () => (id === "ses_1" ? Promise.reject(new Error("gone")) : void told.push(id)) });
  await pushRevocation({ ...berth.instance.services, catalog, sessions: { of } } as unknown as Services, "org_a", "key_1");
  expect(told).toEqual(["ses_2", "ses_3"]);
});

verifies(["TEN6", "identity:authenticate:member-removed", "IDN13"], "a socket loses what its principal lost within a minute, also where nobody tells the session", async () => {
  const berth = new MemoryBerth();
  const { identity } = berth.instance;
  const session = await berth.open(SESSION, "!say hello");
  await berth.until(() => session.actor.state?.status === "idle");
  const join = (userName: string) => identity.addMember({ orgId: "org_a", userName, role: "member" }).userId;
  const [stays, lowered, removed, byKey] = [join("Ada"), join("Bo"), join("Cy"), join("Di")];
  const di = await identity.standing("org_a", { userId: byKey, keyId: null });
  if (!di) throw new Error("no such member");
  const key = await identity.createApiKey(di, { name: "k", expiresAtMs: null, scopes: SCOPES });
  const closed = new Map<string, number>();
  const told = new Map<string, ServerFrame[]>();
  const open = (name: string, userId: string, apiKeyId: string | null = null) => {
    const frames: ServerFrame[] = [];
    told.set(name, frames);
    const author: Author = { actor: { kind: "user", id: userId }, apiKeyId, role: "member", userId, teamIds: [] };
    return session.openViewer(author, 0, { frame: (frame) => void frames.push(frame), closed: (code) => void closed.set(name, code) });
  };
  const sockets = { stays: open("stays", stays), lowered: open("lowered", lowered), removed: open("removed", removed), byKey: open("byKey", byKey, key.id) };
  const prompt = async (name: keyof typeof sockets) => {
    await sockets[name].send({ type: "prompt", requestId: "r", text: "!say more" });
    const answer = told.get(name)?.findLast((frame) => frame.type === "result" || frame.type === "problem");
    return answer?.type === "problem" ? answer.problem.status : answer?.type === "result" ? 200 : null;
  };
  identity.setRole("org_a", lowered, "viewer");
  identity.removeMember("org_a", removed);
  await identity.revokeApiKey("org_a", key.id);
  // Nothing passes for most of a minute; then something happens in the session.
  berth.time.advance(31_000);
  expect([await prompt("stays"), await prompt("lowered"), await prompt("removed"), await prompt("byKey")]).toEqual([200, 403, null, null]);
  expect(closed).toEqual(new Map([["removed", CLOSE_CODES.unauthorized], ["byKey", CLOSE_CODES.unauthorized]]));
  await berth.until(() => JSON.stringify(told.get("lowered") ?? []).includes("more"));
  for (const gone of ["removed", "byKey"]) expect(JSON.stringify(told.get(gone))).not.toContain("more");

  // While it cannot be asked nothing can be revoked either.
  berth.instance.faults.identity.arm("identity:authenticate:down");
  berth.time.advance(61_000);
  expect(await prompt("stays")).toBe(200);
});

verifies(["TEN6", "IDN13"], "a socket over which nothing passes is closed as well, and the session has nothing to wake for once nobody watches", async () => {
  const berth = new MemoryBerth();
  const { identity } = berth.instance;
  const session = await berth.open(SESSION, "!say hello");
  await berth.until(() => session.actor.state?.status === "idle");
  await berth.instance.settled();
  const join = (userName: string) => identity.addMember({ orgId: "org_a", userName, role: "member" }).userId;
  const [stays, removed] = [join("Ada"), join("Bo")];
  const closed: string[] = [];
  const open = (name: string, userId: string) => {
    const author: Author = { actor: { kind: "user", id: userId }, apiKeyId: null, role: "member", userId, teamIds: [] };
    return session.openViewer(author, 0, { frame: () => undefined, closed: (code) => void closed.push(`${name} ${code}`) });
  };
  open("stays", stays);
  open("removed", removed);
  identity.removeMember("org_a", removed);
  berth.time.advance(26_000);
  await berth.until(() => closed.length > 0);
  expect(closed).toEqual([`removed ${CLOSE_CODES.unauthorized}`]);
  expect(session.actor.hub.wakeAtMs).not.toBeNull();
  identity.removeMember("org_a", stays);
  berth.time.advance(31_000);
  await berth.until(() => closed.length === 2);
  expect([session.actor.hub.size, session.actor.hub.wakeAtMs]).toEqual([0, null]);
});

/** A person who watches by two sign-ins and a key, and holds a ticket from each. */
async function watchingThrice() {
  const watched = await WatchedSession.open();
  const bo = await watched.join();
  await watched.share("member", bo.userId);
  const passes: Readonly<Record<"here" | "there" | "key", Pass>> = { here: bo.signIn, there: await watched.signIn(bo.userId), key: bo.key };
  const open = new Map<string, Watching>();
  const tickets = new Map<string, string>();
  for (const [name, pass] of Object.entries(passes)) {
    const author = await watched.author(pass);
    const ticket = author && (await watched.session.issueTicket(author));
    if (!author || !ticket?.ok) throw new Error("nobody watches");
    open.set(`${name} socket`, watched.bySocket(author)).set(`${name} stream`, watched.byEvents(author));
    tickets.set(name, ticket.value.ticket);
  }
  const left = (): string[] => [...open].filter(([, { endedAtMs }]) => endedAtMs === null).map(([name]) => name);
  const lettingIn = async (): Promise<string[]> => {
    const tried = await Promise.all([...tickets].map(async ([name, ticket]) => ({ name, ...(await watched.byTicket(ticket)) })));
    return tried.filter(({ endedAtMs }) => endedAtMs === null).map(({ name }) => name);
  };
  return { watched, bo, left, lettingIn };
}

verifies(["TEN6", "IDN11"], "signing out closes that sign-in's sockets and streams at once and ends its tickets, and no others of the same person", async () => {
  const { watched, bo, left, lettingIn } = await watchingThrice();
  await watched.ask("POST /sign-out", undefined, bo.signIn);
  await watched.passUntil(watched.nowMs);
  expect(left()).toEqual(["there socket", "there stream", "key socket", "key stream"]);
  expect(await lettingIn()).toEqual(["there", "key"]);
  await watched.passUntil(watched.nowMs + 120_000);
  expect(left()).toEqual(["there socket", "there stream", "key socket", "key stream"]);
});

verifies(["TEN6", "IDN34"], "a new password closes what every sign-in opened, and keeps what keys opened", async () => {
  const { watched, bo, left, lettingIn } = await watchingThrice();
  const token = await watched.api.instance.identity.accounts.requestPassword(bo.email);
  await watched.ask(`POST /password-reset/new?token=${token}`, { password: "example-password-2" });
  await watched.passUntil(watched.nowMs);
  expect([left(), await lettingIn()]).toEqual([["key socket", "key stream"], ["key"]]);
});

verifies(["TEN6", "IDN17"], "while the store cannot be asked, who was known is believed for ten minutes from its last answer, however often and wherever they come back", async () => {
  const watched = await WatchedSession.open();
  const { userId, signIn } = await watched.join();
  await watched.share("member", userId);
  const author = await watched.author(signIn);
  if (author === null) throw new Error("nobody watches");
  const knownAtMs = watched.nowMs;
  const answered = new Map<string, number>();
  const open = (name: string, by: Author) => {
    const note = (frame: ServerFrame) => void (frame.type === "problem" ? answered.set(name, frame.problem.status) : frame.type === "result" && answered.set(name, 200));
    return { name, socket: watched.session.openViewer(by, 0, { frame: note, closed: () => void answered.set(name, 0) }) };
  };
  const sockets = [open("early", author)];
  const ask = async () => {
    answered.clear();
    for (const { socket } of sockets) void socket.send({ type: "prompt", requestId: "r", text: "!say more" });
    await watched.passUntil(watched.nowMs);
    return [...answered.values()];
  };
  await watched.askBeside(author);
  watched.api.faults.identity.arm("identity:authenticate:down", { times: 10_000 });
  await watched.passUntil(knownAtMs + 590_000);
  const again = await watched.author(signIn);
  if (again === null) throw new Error("nobody is known any more");
  sockets.push(open("late", again));
  await watched.passUntil(knownAtMs + 599_999);
  expect([await ask(), await watched.author(signIn)]).toEqual([[200, 200], expect.objectContaining({ userId })]);
  await watched.passUntil(knownAtMs + 600_000);
  expect([await ask(), await watched.author(signIn)]).toEqual([[503, 503], null]);
  watched.api.faults.identity.disarm();
  await watched.passUntil(watched.nowMs + 6_000);
  expect(await ask()).toEqual([200, 200]);
});
