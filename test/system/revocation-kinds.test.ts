/**
 * All that can be taken away from who watches, by a Worker elsewhere, at the worst of moments: the sockets were asked about a
 * while ago, and what is believed beside the session was learned a millisecond before.
 */
import { LIMITS, SCOPES, type ClientToken, type CreatedApiKey, type CreatedShareLink, type ServiceAccount, type Team } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { keyed, WatchedSession, type Pass } from "./support/watched-session.ts";

const WITHIN_MS = 60_000;
/** So long before it the sockets were asked about: their second question still gets an answer that is believed. */
const ASKED_BEFORE_MS = 10_100;

/** `push`: the sessions are told. `session`: it was changed in the session itself. `asked`: the session finds out. `soon`: so, by what no cache holds. `known`: from the beginning. */
type Told = "push" | "session" | "asked" | "soon" | "known";

interface Kind {
  readonly told: Told;
  readonly what: string;
  /** Lets somebody watch, and says how that is taken from them. */
  readonly prepare: (watched: WatchedSession) => Promise<{ readonly pass: Pass; readonly take: () => Promise<unknown> }>;
}

const KINDS: readonly Kind[] = [
  {
    told: "push",
    what: "an API key is revoked",
    prepare: async (watched) => {
      const { userId, keyId, key } = await watched.join();
      await watched.share("member", userId);
      return { pass: key, take: () => watched.ask(`DELETE /v1/api-keys/${keyId}`) };
    },
  },
  {
    told: "push",
    what: "a service account is removed",
    prepare: async (watched) => {
      const { id } = await watched.ask<ServiceAccount>("POST /v1/service-accounts", { name: "CI", role: "member" });
      const { key } = await watched.ask<CreatedApiKey>("POST /v1/api-keys", { name: "CI", serviceAccountId: id, expiresInDays: null, scopes: ["sessions:read"] });
      await watched.share("member", id);
      return { pass: keyed(key), take: () => watched.ask(`DELETE /v1/service-accounts/${id}`) };
    },
  },
  {
    told: "push",
    what: "a member is removed",
    prepare: async (watched) => {
      const { userId, signIn } = await watched.join();
      await watched.share("member", userId);
      return { pass: signIn, take: () => watched.ask(`DELETE /v1/members/${userId}`) };
    },
  },
  {
    told: "push",
    what: "somebody signs out",
    prepare: async (watched) => {
      const { userId, signIn } = await watched.join();
      await watched.share("member", userId);
      return { pass: signIn, take: () => watched.ask("POST /sign-out", undefined, signIn) };
    },
  },
  {
    told: "push",
    what: "somebody sets a new password",
    prepare: async (watched) => {
      const { userId, email, signIn } = await watched.join();
      await watched.share("member", userId);
      const token = await watched.api.instance.identity.accounts.requestPassword(email);
      return { pass: signIn, take: () => watched.ask(`POST /password-reset/new?token=${token}`, { password: "example-password-2" }) };
    },
  },
  {
    told: "push",
    what: "the key that made a client token is revoked",
    prepare: async (watched) => {
      const { userId, keyId, key } = await watched.join();
      await watched.share("member", userId);
      const { token } = await watched.ask<ClientToken>(`POST ${watched.path}/client-tokens`, { access: "read" }, key);
      return { pass: keyed(token), take: () => watched.ask(`DELETE /v1/api-keys/${keyId}`) };
    },
  },
  {
    told: "push",
    what: "the sign-in that made a client token ends",
    prepare: async (watched) => {
      const { userId, signIn } = await watched.join();
      await watched.share("member", userId);
      const { token } = await watched.ask<ClientToken>(`POST ${watched.path}/client-tokens`, { access: "read" }, signIn);
      return { pass: keyed(token), take: () => watched.ask("POST /sign-out", undefined, signIn) };
    },
  },
  {
    told: "soon",
    what: "who made a link by their sign-in sets a new password",
    prepare: async (watched) => {
      const { email, signIn } = await watched.join("admin");
      const link = await watched.ask<CreatedShareLink>(`POST ${watched.path}/share-links`, { role: "viewer" }, signIn);
      const client = await watched.ask<ClientToken>("POST /v1/share-links/redeem", undefined, keyed(link.token));
      const token = await watched.api.instance.identity.accounts.requestPassword(email);
      return { pass: keyed(client.token), take: () => watched.ask(`POST /password-reset/new?token=${token}`, { password: "example-password-2" }) };
    },
  },
  {
    told: "session",
    what: "a share is removed",
    prepare: async (watched) => {
      const { userId, signIn } = await watched.join();
      const shareId = await watched.share("member", userId);
      return { pass: signIn, take: () => watched.ask(`DELETE ${watched.path}/shares/${shareId}`) };
    },
  },
  {
    told: "session",
    what: "a link is removed",
    prepare: async (watched) => {
      const { id, token } = await watched.ask<CreatedShareLink>(`POST ${watched.path}/share-links`, { role: "viewer" });
      const client = await watched.ask<ClientToken>("POST /v1/share-links/redeem", undefined, keyed(token));
      return { pass: keyed(client.token), take: () => watched.ask(`DELETE ${watched.path}/shares/${id}`) };
    },
  },
  {
    told: "session",
    what: "the session is made private",
    prepare: async (watched) => {
      await watched.ask(`PATCH ${watched.path}`, { visibility: "org" });
      return { pass: (await watched.join()).signIn, take: () => watched.ask(`PATCH ${watched.path}`, { visibility: "private" }) };
    },
  },
  {
    told: "asked",
    what: "a role is lowered",
    prepare: async (watched) => {
      const { userId, signIn } = await watched.join("admin");
      return { pass: signIn, take: () => watched.ask(`PATCH /v1/members/${userId}`, { role: "member" }) };
    },
  },
  {
    told: "asked",
    what: "somebody is taken out of a team",
    prepare: async (watched) => {
      const [{ userId, key }, team] = [await watched.join(), await watched.ask<Team>("POST /v1/teams", { name: "Reds" })];
      await watched.ask(`PUT /v1/teams/${team.id}/members/${userId}`);
      await watched.share("team", team.id);
      return { pass: key, take: () => watched.ask(`DELETE /v1/teams/${team.id}/members/${userId}`) };
    },
  },
  {
    told: "asked",
    what: "a team is removed",
    prepare: async (watched) => {
      const [{ userId, signIn }, team] = [await watched.join(), await watched.ask<Team>("POST /v1/teams", { name: "Reds" })];
      await watched.ask(`PUT /v1/teams/${team.id}/members/${userId}`);
      await watched.share("team", team.id);
      return { pass: signIn, take: () => watched.ask(`DELETE /v1/teams/${team.id}`) };
    },
  },
  {
    told: "asked",
    what: "a sign-in moves to another organization",
    prepare: async (watched) => {
      const { userId, email, signIn } = await watched.join();
      await watched.share("member", userId);
      const { directory } = watched.api.instance.identity;
      const { token } = await directory.createInvitation("org_b", { email, role: "member" });
      await directory.acceptInvitation(token, { userId, email });
      return { pass: signIn, take: () => watched.ask("POST /v1/me/organization", { organizationId: "org_b" }, signIn) };
    },
  },
  {
    told: "known",
    what: "a key's time is over",
    prepare: async (watched) => {
      const { userId } = await watched.join();
      await watched.share("member", userId);
      const { identity } = watched.api.instance;
      const principal = await identity.standing(watched.api.owner.orgId, { userId, keyId: null });
      if (!principal) throw new Error("no such member");
      const { secret } = await identity.createApiKey(principal, { name: "k", expiresAtMs: watched.nowMs + ASKED_BEFORE_MS, scopes: SCOPES });
      return { pass: keyed(secret), take: async () => undefined };
    },
  },
];

for (const { told, what, prepare } of KINDS) {
  verifies("TEN6", `${what}: gone within 60 s from socket, stream and the latest of tickets (${told})`, async () => {
    const watched = await WatchedSession.open();
    const { pass, take } = await prepare(watched);
    const author = await watched.author(pass);
    if (author === null) throw new Error("nobody watches");
    const [socket, stream] = [watched.bySocket(author), watched.byEvents(author)];
    const takenAtMs = watched.nowMs + ASKED_BEFORE_MS;
    await watched.passUntil(takenAtMs - 1);
    await Promise.all([watched.askBeside(author), watched.author(pass, "late")]);
    watched.api.berth.time.advance(1);
    await take();
    await watched.passUntil(watched.nowMs);
    expect([socket.endedAtMs, stream.endedAtMs].map((atMs) => atMs === takenAtMs)).toEqual(told === "asked" || told === "soon" ? [false, false] : [true, true]);

    // One Worker lets them in for almost half a minute more, and to a ticket, which is then used as late as it can be.
    await watched.passUntil(takenAtMs + 29_900);
    const late = await watched.author(pass, "late");
    const ticket = late && (await watched.session.issueTicket(late));
    await watched.passUntil(takenAtMs + 29_900 + LIMITS.ticketLifetimeMs - 1);
    const byTicket = ticket?.ok ? await watched.byTicket(ticket.value.ticket) : null;
    await watched.passUntil(takenAtMs + WITHIN_MS);
    const ends = [socket, stream, ...(byTicket ? [byTicket] : [])].map(({ endedAtMs }) => (endedAtMs ?? Infinity) - takenAtMs);
    for (const ms of ends) expect(ms).toBeLessThanOrEqual(WITHIN_MS);
    if (told === "asked") expect(Math.min(...ends)).toBeGreaterThan(30_000);
  });
}
