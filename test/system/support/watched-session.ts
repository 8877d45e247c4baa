/**
 * A private session that somebody watches, and three Workers: the one beside the session, one elsewhere that takes things
 * away, and a late one that goes on believing what it knew.
 */
import { SCOPES, type ClientFrame, type Role, type Session } from "@berth/protocol";
import { authorOf, resolveContext } from "../../../routes/auth.ts";
import { createApp } from "../../../routes/index.ts";
import { MemorySocket } from "../../../routes/testing/memory-socket.ts";
import { createCachedIdentity, CredentialCache } from "../../../src/app/credential-cache.ts";
import { streamFromSocket } from "../../../src/app/http/sse.ts";
import type { Services } from "../../../src/app/services.ts";
import type { InProcessSession } from "../../../src/app/session/in-process-session.ts";
import type { Author } from "../../../src/app/session-handle.ts";
import { MemoryApi } from "../../disruption/support/memory-api.ts";
import { MODEL } from "./memory-berth.ts";

const ORIGIN = "http://berth.memory";

/** What a watcher comes by, as request headers. */
export type Pass = Readonly<Record<"cookie" | "authorization", string>> | { readonly cookie: string } | { readonly authorization: string };

export class WatchedSession {
  readonly api: MemoryApi;
  readonly path: string;
  readonly session: InProcessSession;
  readonly #beside: Services;
  readonly #elsewhere: Services;
  readonly #late: Services;
  readonly #app: ReturnType<typeof createApp>;

  private constructor(api: MemoryApi, sessionId: string) {
    this.api = api;
    this.path = `/v1/sessions/${sessionId}`;
    this.session = api.berth.session(sessionId, api.owner.orgId);
    const now = api.berth.time.now;
    const another = (): Services => ({ ...api.instance.services, identity: createCachedIdentity(api.instance.identity, new CredentialCache({ now })) });
    [this.#beside, this.#elsewhere, this.#late] = [api.instance.services, another(), another()];
    this.#app = createApp(() => this.#elsewhere);
  }

  static async open(): Promise<WatchedSession> {
    const api = await MemoryApi.start();
    const { id } = await api.json<Session>("POST /v1/sessions", { body: { model: MODEL, prompt: "!say hello", visibility: "private" } });
    const watched = new WatchedSession(api, id);
    await api.berth.until(() => watched.session.actor.state?.status === "idle");
    await api.instance.settled();
    return watched;
  }

  get nowMs(): number {
    return this.api.berth.time.now();
  }

  /** A person of the organization, signed in and with a key. */
  async join(role: Role = "member"): Promise<{ readonly userId: string; readonly email: string; readonly signIn: { readonly cookie: string }; readonly keyId: string; readonly key: { readonly authorization: string } }> {
    const { identity } = this.api.instance;
    const email = `bo-${role}@example.com`;
    const { userId } = identity.addMember({ orgId: this.api.owner.orgId, userName: "Bo", role, email });
    const principal = await identity.standing(this.api.owner.orgId, { userId, keyId: null });
    if (!principal) throw new Error("no such member");
    const { id, secret } = await identity.createApiKey(principal, { name: "k", expiresAtMs: null, scopes: SCOPES });
    return { userId, email, signIn: await this.signIn(userId), keyId: id, key: keyed(secret) };
  }

  async signIn(userId: string): Promise<{ readonly cookie: string }> {
    const { identity } = this.api.instance;
    const answer = await identity.redeemSignInToken(await identity.createSignInToken(userId));
    return { cookie: answer?.setCookies[0]?.split(";")[0] ?? "" };
  }

  async share(withWhom: "member" | "team", id: string): Promise<string> {
    return (await this.ask<{ id: string }>(`POST ${this.path}/shares`, { with: withWhom, id, role: "collaborator" })).id;
  }

  /** Asks the Worker elsewhere, as the owner of the organization unless said otherwise. */
  async ask<T>(line: string, body?: object, as: Pass = keyed(this.api.key)): Promise<T> {
    const [method = "GET", path = "/"] = line.split(" ");
    const isForm = path.startsWith("/password");
    const content = body === undefined ? null : isForm ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body);
    const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
    const headers = { origin: ORIGIN, ...(content === null ? {} : { "content-type": type }), ...as };
    const response = await this.#app.fetch(new Request(`${ORIGIN}${path}`, { method, headers, body: content }));
    const text = await response.text();
    if (response.status >= 400) throw new Error(`${line}: ${response.status} ${text}`);
    await this.api.instance.settled();
    return (text.startsWith("{") ? JSON.parse(text) : null) as T;
  }

  /** Who they are to the Worker beside the session, or to the late one; null for nobody. */
  async author(pass: Pass, worker: "beside" | "late" = "beside"): Promise<Author | null> {
    const services = worker === "beside" ? this.#beside : this.#late;
    const principal = await resolveContext(new Request(`${ORIGIN}${this.path}`, { headers: pass }), services).catch(() => null);
    return principal && authorOf(principal);
  }

  /** As another session beside this one would, so that the answer is in the cache there. */
  async askBeside({ userId = "", apiKeyId, signInId }: Author): Promise<void> {
    await this.#beside.identity.standing(this.api.owner.orgId, { userId, keyId: apiKeyId, ...(signInId === undefined ? {} : { signInId }) });
  }

  bySocket(author: Author): Watching {
    const { watching, end } = this.#watch();
    watching.send = this.session.openViewer(author, 0, end).send;
    return watching;
  }

  async byTicket(ticket: string): Promise<Watching> {
    const { watching, end } = this.#watch();
    if ((await this.session.openByTicket(ticket, 0, end)) === null) watching.endedAtMs = this.nowMs;
    return watching;
  }

  /** Ends when its reader is told so. */
  byEvents(author: Author): Watching {
    const { watching } = this.#watch();
    const socket = new MemorySocket();
    const stream = streamFromSocket(socket, new AbortController().signal);
    this.session.openViewer(author, 0, { frame: (frame) => socket.deliver(frame), closed: (code, reason) => socket.closeFromSession(code, reason) });
    void this.#read(stream, watching);
    return watching;
  }

  /** Lets time pass, from one alarm of the session to the next. */
  async passUntil(untilMs: number): Promise<void> {
    const { berth, instance } = this.api;
    do {
      await berth.until(() => true);
      const nextMs = Math.min(this.session.actor.hub.wakeAtMs ?? Infinity, untilMs);
      berth.time.advance(Math.max(0, nextMs - this.nowMs));
      await instance.wake();
    } while (this.nowMs < untilMs);
    await berth.until(() => true);
  }

  async #read(stream: ReadableStream<Uint8Array>, watching: Watching): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
    if (text.includes("event: closed\n")) watching.endedAtMs = this.nowMs;
  }

  #watch() {
    const watching: Watching = { endedAtMs: null, send: async () => undefined };
    return { watching, end: { frame: () => undefined, closed: () => void (watching.endedAtMs ??= this.nowMs) } };
  }
}

export interface Watching {
  /** When it was ended by the other side. */
  endedAtMs: number | null;
  send: (frame: ClientFrame) => Promise<void>;
}

export function keyed(secret: string): { readonly authorization: string } {
  return { authorization: `Bearer ${secret}` };
}
