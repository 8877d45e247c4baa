/** What the checks share: the client, the session most of them talk in, and everything they opened, to be removed. */
import { Berth, type CreateSession, type SessionClient } from "@berth/sdk";
import { SessionLog } from "./session-log.ts";

export const DEMO_MODEL = "demo/demo";

export class World {
  readonly url: string;
  readonly apiKey: string;
  readonly berth: Berth;
  readonly #opened: SessionClient[] = [];
  #shared: Promise<SessionClient> | null = null;

  constructor(url: string, apiKey: string) {
    this.url = url;
    this.apiKey = apiKey;
    this.berth = new Berth({ baseUrl: url, apiKey });
  }

  async open(input: Partial<CreateSession> = {}): Promise<SessionClient> {
    const { id } = await this.berth.sessions.create({ model: DEMO_MODEL, title: "Journey", ...input });
    const session = this.berth.session(id);
    this.#opened.push(session);
    return session;
  }

  /** A session on the default policy, ready for a prompt; opened by the check that needs it first. */
  shared(signal: AbortSignal): Promise<SessionClient> {
    this.#shared ??= this.#openReady(signal);
    // A later check tries anew.
    this.#shared.catch(() => (this.#shared = null));
    return this.#shared;
  }

  /** Removes what was opened; a session that is gone already is fine. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#opened.map((session) => session.remove({ signal: AbortSignal.timeout(10_000) })));
  }

  /** For the last of a session's checks, since an agent takes half a gigabyte. */
  async release(session: SessionClient): Promise<void> {
    await session.remove();
  }

  async #openReady(signal: AbortSignal): Promise<SessionClient> {
    const session = await this.open();
    using log = SessionLog.follow(session, signal);
    await log.until("the sandbox to be ready", () => log.transcript.sandbox?.phase === "ready");
    return session;
  }
}
