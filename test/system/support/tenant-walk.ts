/**
 * Every route out of the table, asked by everybody who has no business there: another organization's people of each role,
 * its service account and a client token of its own session, and a member of the same organization for a private session.
 * Each asks for what exists and for what never was; the two answers may not differ in a byte.
 */
import { NO_USAGE, SCOPES, type Role, type Run } from "@berth/protocol";
import { createApp } from "../../../routes/index.ts";
import { lineOf, TABLE, type TableRow } from "../../../routes/testing/table.ts";
import { checkpointKey, outputKey } from "../../../src/app/session/blob-keys.ts";
import { makeSessionId } from "../../../src/app/http/session-id.ts";
import type { Services } from "../../../src/app/services.ts";
import type { Principal } from "../../../src/ports/identity/identity.port.ts";
import { MODEL, type MemoryBerth } from "./memory-berth.ts";

const ORIGIN = "http://berth.memory";
/** In every text of the organization that is asked about. */
export const CANARY = "canary-5f0c";

export interface Venue {
  readonly services: Services;
  /** Lets everything in the background come to its end. */
  settle(): Promise<void>;
  addPerson(orgId: string, role: Role, name: string): Promise<Principal>;
  /** Lets a repository be at this address. */
  addRepository(url: string, credential: string): void;
  /** What the session's sandbox was started with. */
  sandboxToken(sessionId: string): string;
}

/** The venue's part that is the same for every identity. */
export function sandboxesOf({ instance, tokens }: MemoryBerth): Pick<Venue, "addRepository" | "sandboxToken"> {
  return {
    addRepository: (url, credential) => instance.sourceControl.host.add(url, { credential }),
    sandboxToken: (sessionId) => tokens.get(`${sessionId}-1`) ?? "",
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export type Ids = Readonly<Record<string, string>>;

const BODIES: Readonly<Record<string, (ids: Ids) => object>> = {
  "POST /v1/api-keys": ({ serviceAccountId }) => ({ name: "mine", serviceAccountId }),
  "PATCH /v1/organization": () => ({ name: "mine" }),
  "PATCH /v1/me": () => ({ name: "mine" }),
  "PATCH /v1/members/:userId": () => ({ role: "viewer" }),
  "PUT /v1/secrets/:secretId/value": () => ({ value: "example-value-of-another" }),
  "POST /v1/secrets": ({ repository }) => ({ name: "MINE", value: "example", readableByAgent: true, scope: { kind: "repo", repo: repository } }),
  "POST /v1/environments": ({ repoId }) => ({ name: "mine", repositories: [repoId] }),
  "POST /v1/environments/detect": ({ repoId }) => ({ repository: repoId }),
  "PATCH /v1/environments/:environmentId": () => ({ name: "mine" }),
  "PATCH /v1/repos/:repoId": () => ({ rights: "organization" }),
  "POST /v1/sessions/:sessionId/workspace-ticket": () => ({ what: "terminal" }),
  "POST /v1/service-accounts": () => ({ name: "mine", role: "member" }),
  "PATCH /v1/service-accounts/:serviceAccountId": () => ({ name: "mine" }),
  "PATCH /v1/teams/:teamId": () => ({ name: "mine" }),
  "POST /v1/invitations": () => ({ email: "x@example.com", role: "member" }),
  "PUT /v1/budgets": ({ sessionId }) => ({ scope: "session", subject: sessionId, unit: "tokens", limit: 0 }),
  "POST /v1/sessions": ({ environmentId }) => ({ model: MODEL, environment: environmentId }),
  "PATCH /v1/sessions/:sessionId": () => ({ title: "mine" }),
  "POST /v1/sessions/:sessionId/messages": () => ({ text: "mine" }),
  "PATCH /v1/sessions/:sessionId/messages/:messageId": () => ({ before: null }),
  "POST /v1/sessions/:sessionId/answer": () => ({ requestId: "r", answer: { kind: "reject" } }),
  "POST /v1/sessions/:sessionId/apply": () => ({ branch: "mine" }),
  "POST /v1/sessions/:sessionId/shares": ({ userId }) => ({ with: "member", id: userId, role: "owner" }),
  "POST /v1/sessions/:sessionId/share-links": () => ({ role: "viewer" }),
  "POST /v1/sessions/:sessionId/client-tokens": () => ({ access: "read" }),
};

/** Rows whose body names what is another organization's. */
const NAMED_IN_BODY: readonly string[] = ["POST /v1/api-keys", "POST /v1/environments", "POST /v1/environments/detect", "POST /v1/secrets", "POST /v1/sessions", "PUT /v1/budgets"];

/** A name that a tool's output may have. */
const OUTPUT = `out_${"7".repeat(26)}`;
/** A blob of a checkpoint. */
export const BLOB = `${CANARY}-blob`;
const REPOSITORY = `https://git.example/${CANARY}/app`;
const GIT_PASSWORD = "example-git-password";
export const SECRET_VALUE = "example-value-of-the-walk";

export class TenantWalk {
  readonly #venue: Venue;
  readonly #app;
  #names = 0;

  constructor(venue: Venue) {
    this.#venue = venue;
    this.#app = createApp(() => venue.services, { log: () => undefined });
  }

  async ask(line: string, key: string, body?: object): Promise<Answer> {
    const [method = "GET", path = "/"] = line.split(" ");
    const content = body === undefined ? null : JSON.stringify(body);
    const upgrade = path.endsWith("/stream") ? { upgrade: "websocket" } : {};
    const headers = { ...upgrade, authorization: `Bearer ${key}`, ...(content === null ? {} : { "content-type": "application/json" }) };
    const answer = await this.#app.fetch(new Request(ORIGIN + path, { method, headers, body: content }));
    return { status: answer.status, headers: [...answer.headers], body: await answer.text() };
  }

  async json<T>(line: string, key: string, body?: object): Promise<T> {
    const { status, body: text } = await this.ask(line, key, body);
    if (status >= 300) throw new Error(`${line}: ${status} ${text}`);
    return JSON.parse(text === "" ? "null" : text) as T;
  }

  async keyOf(principal: Principal, serviceAccountId?: string): Promise<string> {
    const made = await this.#venue.services.identity.createApiKey(principal, { name: principal.userName, expiresAtMs: null, scopes: SCOPES, ...(serviceAccountId === undefined ? {} : { serviceAccountId }) });
    return made.secret;
  }

  async person(orgId: string, role: Role): Promise<{ readonly principal: Principal; readonly key: string }> {
    const principal = await this.#venue.addPerson(orgId, role, `${orgId === "org-a" ? CANARY : "stranger"}-${role}-${++this.#names}`);
    return { principal, key: await this.keyOf(principal) };
  }

  /** One of everything, made through the API, with the ids as the addresses name them. */
  async furnish(owner: { readonly principal: Principal; readonly key: string }): Promise<Ids> {
    const { key, principal } = owner;
    const { services } = this.#venue;
    const { orgId } = principal;
    const idOf = async (line: string, body: object): Promise<string> => (await this.json<{ id: string }>(line, key, body)).id;
    const sessionId = await idOf("POST /v1/sessions", { model: MODEL, title: CANARY, visibility: "private", metadata: { note: CANARY } });
    const messageId = await idOf(`POST /v1/sessions/${sessionId}/messages`, { text: `!say ${CANARY}` });
    const bo = await this.#venue.addPerson(orgId, "member", `${CANARY}-shared-${++this.#names}`);
    const teamId = await idOf("POST /v1/teams", { name: CANARY });
    await this.ask(`PUT /v1/teams/${teamId}/members/${bo.userId}`, key);
    const run: Run = { id: `run_of_${orgId}`, sessionId, messageId, model: MODEL, author: { kind: "user", id: bo.userId, name: CANARY }, outcome: "completed", usage: NO_USAGE, costMicros: null, startedAt: "2026-01-01T00:00:00.000Z", endedAt: "2026-01-01T00:00:01.000Z" };
    await services.runHistory.flush({ orgId, run, revision: 0, events: [], partial: false });
    await this.#venue.settle();
    return {
      sessionId,
      messageId,
      teamId,
      runId: run.id,
      userId: bo.userId,
      principalId: bo.userId,
      serviceAccountId: await idOf("POST /v1/service-accounts", { name: CANARY, role: "member" }),
      invitationId: await idOf("POST /v1/invitations", { email: `${CANARY}@example.com`, role: "member" }),
      keyId: await idOf("POST /v1/api-keys", { name: CANARY }),
      shareId: await idOf(`POST /v1/sessions/${sessionId}/shares`, { with: "member", id: bo.userId, role: "viewer" }),
      clientTokenId: await idOf(`POST /v1/sessions/${sessionId}/client-tokens`, { access: "read" }),
      ...(await this.#keep(owner, sessionId)),
    };
  }

  /** What an organization keeps: keys, repositories, secrets, caps; and what a session's sandbox made. */
  async #keep({ key, principal: { orgId } }: { readonly principal: Principal; readonly key: string }, sessionId: string): Promise<Ids> {
    const { blobs } = this.#venue.services;
    const idOf = async (line: string, body: object): Promise<string> => (await this.json<{ id: string }>(line, key, body)).id;
    this.#venue.addRepository(REPOSITORY, `x-access-token:${GIT_PASSWORD}`);
    const repository = await this.json<{ id: string; name: string }>("POST /v1/repos", key, { url: REPOSITORY, credential: { password: GIT_PASSWORD } });
    const [host = "", owner = "", repo = ""] = repository.name.split("/");
    const provider = `${CANARY}-provider`;
    await blobs.put(outputKey({ orgId, sessionId }, OUTPUT), new TextEncoder().encode(CANARY), { contentType: "text/plain" });
    await blobs.put(checkpointKey({ orgId, sessionId }, BLOB), new TextEncoder().encode(CANARY), { contentType: "application/octet-stream" });
    return {
      repoId: repository.id,
      providerKeyId: await idOf("POST /v1/keys", { provider, kind: "openai-compatible", baseUrl: "https://models.example.com/v1", key: "example-provider-key" }),
      environmentId: await idOf("POST /v1/environments", { name: CANARY, repositories: [repository.id], variables: { CANARY }, setupScript: `echo ${CANARY}` }),
      secretId: await idOf("POST /v1/secrets", { name: "CANARY", value: SECRET_VALUE, hosts: [{ host, header: "authorization" }] }),
      budgetId: (await this.json<{ id: string }>("PUT /v1/budgets", key, { scope: "session", subject: sessionId, unit: "cost", limit: 5_000_000 })).id,
      name: OUTPUT,
      repository: repository.name,
      repo,
      host,
      owner,
      provider,
    };
  }

  /** Ids of the same shape that nothing has. */
  unknownIds(ids: Ids, orgId: string): Ids {
    const { services } = this.#venue;
    return { ...Object.fromEntries(Object.keys(ids).map((name) => [name, `unknown_${name}`])), name: `out_${"0".repeat(26)}`, sessionId: makeSessionId(orgId, services.now(), services.randomBytes(16)) };
  }

  /** What differs or leaks, and how many answers were compared. @param isForeign no word of the organization may be told */
  async compare(who: string, key: string, theirs: Ids, unknown: Ids, rows: readonly TableRow[], isForeign: boolean): Promise<Found> {
    const leaks: string[] = [];
    for (const row of rows) {
      const ask = async (ids: Ids): Promise<Answer> => unnamed(await this.ask(lineOf(row, ids), key, BODIES[row.line]?.(ids)), ids);
      const [real, never] = [await ask(theirs), await ask(unknown)];
      const named = row.path.includes(":");
      if ((named || NAMED_IN_BODY.includes(row.line)) && JSON.stringify(real) !== JSON.stringify(never)) leaks.push(`${who} ${row.line}: ${real.status} ${real.body} is not ${never.status} ${never.body}`);
      if (named && real.status !== 404 && real.status !== 403) leaks.push(`${who} ${row.line}: ${real.status} ${real.body}`);
      if (isForeign && real.body.includes(CANARY)) leaks.push(`${who} ${row.line} tells: ${real.body}`);
    }
    return { asked: rows.length * 2, leaks };
  }

  /** The same for what sandboxes ask, where a name is looked up among what the token's own organization has. */
  async compareSandbox(who: string, token: string, theirs: Ids, unknown: Ids): Promise<Found> {
    const leaks: string[] = [];
    for (const row of SANDBOX_ROWS) {
      const ask = async (ids: Ids): Promise<Answer> => unnamed(await this.ask(sandboxLine(row, ids), token), ids);
      const [real, never] = [await ask({ ...theirs, name: BLOB }), await ask({ ...unknown, name: "unknown" })];
      if (JSON.stringify(real) !== JSON.stringify(never)) leaks.push(`${who} ${row.line}: ${real.status} ${real.body} is not ${never.status} ${never.body}`);
      if (real.body.includes(CANARY)) leaks.push(`${who} ${row.line} tells: ${real.body}`);
    }
    return { asked: SANDBOX_ROWS.length * 2, leaks };
  }
}

export interface Found {
  readonly asked: number;
  readonly leaks: readonly string[];
}

/** The answer without the ids it was asked with, which it may say again. */
function unnamed({ body, ...answer }: Answer, ids: Ids): Answer {
  const longestFirst = Object.entries(ids).toSorted(([, a], [, b]) => b.length - a.length);
  return { ...answer, body: longestFirst.reduce((text, [name, id]) => text.replaceAll(id, `<${name}>`), body) };
}

function sandboxLine(row: TableRow, ids: Ids): string {
  const step = row.method === "GET" ? "info/refs?service=git-upload-pack" : "git-upload-pack";
  const line = lineOf(row, ids);
  return row.path.includes("/broker/git/") ? line.replace(/chat\/completions$/, step) : line;
}

/** Rows for people and keys; what belongs to operators has tokens of its own, and the machine is its owner's. */
export const ROWS = TABLE.filter(({ access, line }) => (access.policy === "principal" || access.policy === "principal:admin" || access.policy === "ticket-or-principal") && !line.includes("/v1/machine/"));

export const SANDBOX_ROWS = TABLE.filter(({ access, path }) => access.policy === "sandbox-token" && path !== "/v1/sandbox/link");

/** Routes of one session, which a member of the same organization may not see either. */
export const SESSION_ROWS = ROWS.filter(({ path }) => path.startsWith("/v1/sessions/:sessionId") || path.startsWith("/v1/runs/:runId"));
