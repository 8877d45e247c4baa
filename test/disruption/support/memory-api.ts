/** The assembled program in memory behind its HTTP API, with an owner, their key, and every seam within reach. */
import { SCOPES, type ProviderKey, type Session, type SessionEvent } from "@berth/protocol";
import type { LoggedError } from "../../../routes/errors.ts";
import { createApp } from "../../../routes/index.ts";
import type { SandboxSpec } from "../../../src/ports/sandbox/sandbox.port.ts";
import type { InProcessSession } from "../../../src/app/session/in-process-session.ts";
import type { MemoryInstance } from "../../../src/compose/memory.ts";
import type { Principal } from "../../../src/ports/identity/identity.port.ts";
import { MemoryBerth, MODEL } from "../../system/support/memory-berth.ts";

const ORIGIN = "http://berth.memory";

export interface Asked {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: the owner's. */
  readonly key?: string;
  /** Of a sign-in, as Berth's own page sends it; takes the key's place. */
  readonly cookie?: string;
}

export class MemoryApi {
  readonly berth: MemoryBerth;
  readonly owner: Principal;
  readonly key: string;
  /** What went wrong on our side, as the log has it. */
  readonly logged: LoggedError[] = [];
  readonly #app = createApp(() => this.instance.services, { log: (entry) => void this.logged.push(entry) });

  private constructor(berth: MemoryBerth, owner: Principal, key: string) {
    this.berth = berth;
    this.owner = owner;
    this.key = key;
  }

  static async start(options: ConstructorParameters<typeof MemoryBerth>[0] = {}): Promise<MemoryApi> {
    const berth = new MemoryBerth(options);
    const { identity } = berth.instance;
    const owner = await identity.ensureOwner({ name: "Ada", email: "ada@example.com", orgName: "Example" });
    const { secret } = await identity.createApiKey(owner, { name: "test", expiresAtMs: null, scopes: SCOPES });
    return new MemoryApi(berth, owner, secret);
  }

  /** As it comes, with no time passing. */
  async fetch(request: Request): Promise<Response> {
    return this.#app.fetch(request);
  }

  get instance(): MemoryInstance {
    return this.berth.instance;
  }

  get faults(): MemoryInstance["faults"] {
    return this.berth.instance.faults;
  }

  /** @param line for example `POST /v1/sessions` */
  async ask(line: string, { body, headers = {}, key = this.key, cookie }: Asked = {}): Promise<Response> {
    const [method = "GET", path = "/"] = line.split(" ");
    const content = body === undefined ? null : JSON.stringify(body);
    const who = cookie === undefined ? { authorization: `Bearer ${key}` } : { cookie, "sec-fetch-site": "same-origin" };
    const sent = { ...(content === null ? {} : { "content-type": "application/json" }), ...who, ...headers };
    const response = await this.#app.fetch(new Request(`${ORIGIN}${path}`, { method, headers: sent, body: content }));
    // What the answer left to be done in the background.
    await this.berth.until(() => true);
    return response;
  }

  async json<T>(line: string, asked: Asked = {}): Promise<T> {
    const response = await this.ask(line, asked);
    if (!response.ok) throw new Error(`${line}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** The status, and in how many seconds to ask again; null where asking again is not advised. */
  async refusal(line: string, asked: Asked = {}): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly text: string }> {
    const response = await this.ask(line, asked);
    return { status: response.status, retryAfter: response.headers.get("retry-after"), text: await response.text() };
  }

  async createSession(prompt?: string, model = MODEL): Promise<InProcessSession> {
    const { id } = await this.json<Session>("POST /v1/sessions", { body: { model, ...(prompt === undefined ? {} : { prompt }) } });
    return this.berth.session(id, this.owner.orgId);
  }

  /** Opens a session, runs one prompt in it and answers its log: that sessions go on whatever is broken beside them. */
  async runOnce(prompt = "!say it goes on"): Promise<readonly SessionEvent[]> {
    const viewer = this.berth.watch(await this.createSession(prompt));
    await this.berth.until(() => outcomesOf(viewer.events).length === 1);
    return viewer.events;
  }

  addProvider(provider: string, asked: Asked = {}): Promise<ProviderKey> {
    return this.json<ProviderKey>("POST /v1/keys", { ...asked, body: providerBody(provider) });
  }

  /** A model call out of the session's sandbox. */
  async callModel(session: InProcessSession, provider: string): Promise<Response> {
    const { epoch = 0, sessionId = "" } = session.actor.state ?? {};
    const key = this.berth.tokens.get(`${sessionId}-${epoch}`) ?? "";
    const body = { model: "memory", messages: [{ role: "user", content: "hello" }] };
    return this.ask(`POST /v1/broker/model/${provider}/chat/completions`, { key, body });
  }

  /** Lets time pass, with every alarm that rings in it. */
  async pass(ms: number): Promise<void> {
    const stepMs = Math.min(ms, 1_000);
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.berth.time.advance(stepMs);
      await this.instance.wake();
      await this.berth.until(() => true);
    }
  }
}

/** What is sent to add a provider. */
export function providerBody(provider: string): object {
  return { provider, kind: "openai-compatible", baseUrl: "https://models.example.com/v1", key: "sk-example-key" };
}

export function outcomesOf(events: readonly SessionEvent[]): string[] {
  return events.flatMap((event) => (event.type === "run.ended" ? [event.data.outcome] : []));
}

/** Holds calls of one method back until they are let through; what they then do is the real thing. */
export function hold<Target extends object>(target: Target, method: keyof Target): { readonly waiting: () => number; release(): void } {
  const real = (target[method] as (...args: unknown[]) => Promise<unknown>).bind(target);
  let held: (() => void)[] = [];
  let isOpen = false;
  const holding = async (...args: unknown[]): Promise<unknown> => {
    if (!isOpen) await new Promise<void>((resolve) => held.push(resolve));
    return real(...args);
  };
  Object.assign(target, { [method]: holding });
  return {
    waiting: () => held.length,
    release: () => {
      isOpen = true;
      for (const go of held) go();
      held = [];
    },
  };
}

/** What each sandbox is asked for with, as it is made. */
export function askedResources(api: MemoryApi): (SandboxSpec["resources"] | null)[] {
  const asked: (SandboxSpec["resources"] | null)[] = [];
  for (const provider of api.instance.sandboxes.values()) {
    const create = provider.create.bind(provider);
    Object.assign(provider, { create: (spec: SandboxSpec) => (asked.push(spec.resources ?? null), create(spec)) });
  }
  return asked;
}
