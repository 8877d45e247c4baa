/** The app over fakes: two organizations, their keys, and requests in one line. */
import { NO_PRICES, PriceBook } from "../../src/core/budget/price-book.ts";
import { SCOPES, type Problem, type Scope } from "@berth/protocol";
import type { OutsideSignIn } from "../../src/core/access/outside-sign-in.ts";
import type { SignUpAllow } from "../../src/core/access/sign-up.ts";
import type { Mailer } from "../../src/core/mail/mailer.ts";
import type { FolderInfo, LocalMachine } from "../../src/core/machine/local-machine.ts";
import { createRequestHash } from "../../src/app/http/request-hash.ts";
import type { RateLimiter } from "../../src/app/http/rate-limit.ts";
import type { OriginsNotice } from "../../src/app/operator-origins.ts";
import type { Services } from "../../src/app/services.ts";
import { PortError } from "../../src/core/kernel/port-error.ts";
import { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import { InMemoryIdentity } from "../../src/ports/identity/identity.fake.ts";
import type { Principal, Role } from "../../src/ports/identity/identity.port.ts";
import { InMemoryLedger } from "../../src/ports/ledger/ledger.fake.ts";
import { InMemoryModelGateway } from "../../src/ports/model-gateway/model-gateway.fake.ts";
import { InMemoryRunHistory } from "../../src/ports/run-history/run-history.fake.ts";
import { InMemorySourceControl } from "../../src/ports/source-control/source-control.fake.ts";
import { InMemorySecretVault } from "../../src/ports/secret-vault/secret-vault.fake.ts";
import type { LoggedError } from "../errors.ts";
import { createApp } from "../index.ts";
import { MemoryDirectory } from "./memory-session.ts";

export const ORIGIN = "http://127.0.0.1:8787";
export const NOW_MS = Date.parse("2026-01-02T03:04:05.000Z");
export const MODEL = "demo/demo";
const SECRET = "example-secret-of-an-instance";
export const OPERATOR_TOKEN = "example-operator-token-of-32-characters";

interface Person {
  readonly userId: string;
  readonly key: Promise<string>;
}

export interface Asked {
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly raw?: BodyInit;
  /** Absent: a key of the owner of `org-a`. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Edge {
  #drawn = 0;
  readonly #people = new Map<string, Person>();
  readonly identity = new InMemoryIdentity({ now: () => NOW_MS, random: () => `example${String(++this.#drawn).padStart(20, "0")}` });
  readonly catalog = new InMemoryCatalog({ now: () => NOW_MS });
  readonly runHistory = new InMemoryRunHistory();
  readonly vault = new InMemorySecretVault({ now: () => NOW_MS });
  readonly modelGateway = new InMemoryModelGateway();
  readonly sourceControl = new InMemorySourceControl();
  readonly sessions = new MemoryDirectory();
  readonly #ledgers = new Map<string, InMemoryLedger>();
  readonly logged: LoggedError[] = [];
  readonly #background: Promise<unknown>[] = [];
  machine: LocalMachine | null = new OneFolder();
  machineOrganizations: readonly string[] | null = null;
  rateLimiter: RateLimiter | null = null;
  mailer: Mailer | null = null;
  clientAddressHeader: string | undefined = "cf-connecting-ip";
  remembers: Services["remembers"];
  outsideSignIns: readonly OutsideSignIn[] = [];
  signUpAllow: SignUpAllow | null = null;
  originsNotice: OriginsNotice | null = null;
  readonly app = createApp(() => this.services, {
    log: (entry) => void this.logged.push(entry),
    assets: async (request) => (new URL(request.url).pathname === "/" ? new Response("<!doctype html>", { headers: { "content-type": "text/html" } }) : null),
  });

  get services(): Services {
    const { identity, catalog, runHistory, vault, modelGateway, sourceControl, sessions, machine } = this;
    const services: Partial<Services> = {
      identity,
      catalog,
      runHistory,
      vault,
      modelGateway,
      sourceControl,
      sessions,
      machine,
      demoModelUrl: "http://demo.invalid",
      publicUrl: ORIGIN,
      sandboxUrl: ORIGIN,
      version: "0.1.0",
      requestHash: createRequestHash(SECRET),
      prices: new PriceBook(NO_PRICES),
      ledgerOf: (orgId) => this.ledgerOf(orgId),
      operatorToken: OPERATOR_TOKEN,
      sandboxBackends: async () => [{ backend: "process", isolation: "bubblewrap" }],
      now: () => NOW_MS,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      waitUntil: (work) => void this.#background.push(work),
      outsideSignIns: this.outsideSignIns,
      ...(this.clientAddressHeader === undefined ? {} : { clientAddressHeader: this.clientAddressHeader }),
      ...(this.remembers && { remembers: this.remembers }),
      ...(this.mailer && { mailer: this.mailer }),
      ...(this.machineOrganizations && { machineOrganizations: this.machineOrganizations }),
      ...(this.originsNotice && { originsNotice: this.originsNotice }),
      ...(this.signUpAllow && { signUpAllow: this.signUpAllow }),
      ...(this.rateLimiter && { rateLimiter: this.rateLimiter }),
    };
    return services as Services;
  }

  ledgerOf(orgId: string): InMemoryLedger {
    const ledger = this.#ledgers.get(orgId) ?? new InMemoryLedger({ now: () => NOW_MS });
    this.#ledgers.set(orgId, ledger);
    return ledger;
  }

  /** A person of the organization and a key they made. */
  #person(orgId: string, role: Role): Person {
    const known = this.#people.get(orgId + role);
    if (known) return known;
    const { userId } = this.identity.addMember({ orgId, userName: "Ada Łoś", role });
    const principal: Principal = { kind: "user", userId, userName: "Ada Łoś", orgId, orgName: orgId, role, scopes: [], teamIds: [], keyId: null };
    const person = { userId, key: this.identity.createApiKey(principal, { name: "test", expiresAtMs: null, scopes: SCOPES }).then(({ secret }) => secret) };
    this.#people.set(orgId + role, person);
    return person;
  }

  keyOf(orgId: string, role: Role = "owner"): Promise<string> {
    return this.#person(orgId, role).key;
  }

  /** A key of the owner of `org-a` with these scopes. */
  async keyWith(scopes: readonly Scope[]): Promise<string> {
    const { userId } = this.#person("org-a", "owner");
    const principal: Principal = { kind: "user", userId, userName: "Ada Łoś", orgId: "org-a", orgName: "org-a", role: "owner", scopes: SCOPES, teamIds: [], keyId: null };
    return (await this.identity.createApiKey(principal, { name: scopes.join(" "), expiresAtMs: null, scopes })).secret;
  }

  /** The cookie of the owner of `org-a`, as a browser sends it. */
  async cookie(): Promise<string> {
    const token = await this.identity.createSignInToken(this.#person("org-a", "owner").userId);
    const redeemed = await this.identity.redeemSignInToken(token);
    return redeemed?.setCookies[0]?.split(";")[0] ?? "";
  }

  /** Everything that goes on after its answer. */
  async settled(): Promise<void> {
    while (this.#background.length > 0) await this.#background.shift();
  }

  /** @param line for example `POST /v1/sessions` */
  async ask(line: string, { body, raw, key: given, headers = {} }: Asked = {}): Promise<Response> {
    const key = given === undefined ? await this.keyOf("org-a") : given;
    const [method = "GET", path = "/"] = line.split(" ");
    const content = raw ?? (body === undefined ? null : JSON.stringify(body));
    const init: RequestInit & { duplex?: "half" } = {
      method,
      headers: {
        ...(content === null ? {} : { "content-type": "application/json" }),
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...headers,
      },
      body: content,
      ...(content instanceof ReadableStream ? { duplex: "half" } : {}),
    };
    return this.app.fetch(new Request(`${ORIGIN}${path}`, init));
  }

  async json<T>(line: string, asked: Asked = {}): Promise<T> {
    const response = await this.ask(line, asked);
    if (!response.ok) throw new Error(`${line}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async problem(line: string, asked: Asked = {}): Promise<Problem> {
    const response = await this.ask(line, asked);
    if (response.ok) throw new Error(`${line} was not refused: ${response.status}`);
    return (await response.json()) as Problem;
  }

  /** Makes a session of `org-a` be there, whatever became of it. */
  async reopen(sessionId: string): Promise<void> {
    const input = { model: MODEL };
    const author = { actor: { kind: "user", id: "usr_1" }, apiKeyId: null, role: "owner" } as const;
    await this.sessions.of("org-a", sessionId).open({ orgId: "org-a", sessionId, input, author, providers: [], demoOnly: true, gitIdentity: null });
  }

  /** Opens a session of `org-a` and answers its id. */
  async createSession(): Promise<string> {
    return (await this.json<{ id: string }>("POST /v1/sessions", { body: { model: MODEL } })).id;
  }
}

/** A machine with `/work/repo` and nothing else. */
class OneFolder implements LocalMachine {
  async discover() {
    return [{ id: "env-1", provider: "example", kind: "openai-compatible" as const, source: "environment variable EXAMPLE_API_KEY" }];
  }

  async reveal(discoveryId: string) {
    if (discoveryId === "env-1") return { provider: "example", kind: "openai-compatible" as const, baseUrl: "https://models.example.com/v1", key: "sk-example-found" };
    throw new PortError({ port: "machine", operation: "reveal", code: "not-found", outcome: "not-applied", retry: "never", message: "That is gone." });
  }

  async gitIdentity() {
    return { name: "Ada", email: "ada@example.com" };
  }

  async inspectFolder(path: string): Promise<FolderInfo> {
    if (path === "/work/link") return { path: "/work/repo", isRepository: true, branch: "main", uncommitted: 2 };
    throw new PortError({ port: "machine", operation: "inspectFolder", code: "not-found", outcome: "not-applied", retry: "never", message: `There is no folder ${path}.` });
  }
}
