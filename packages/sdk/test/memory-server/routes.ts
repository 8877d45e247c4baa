/** Requests → answers, by path. */
import { CreateSession, DEFAULT_SCOPES, makeProblem, SCOPES, UpdateMe, UpdateOrganization, type CreateApiKey, type CreateProviderKey, type Environment, type Run, type SessionSummary } from "@berth/protocol";
import { Refused, type MemorySession } from "./session.ts";
import type { MemoryState } from "./state.ts";

export interface Request {
  readonly method: string;
  readonly url: URL;
  /** `["v1", "sessions", id, …]` */
  readonly path: readonly string[];
  readonly body: unknown;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

const ok = (body: unknown, status = 200): Answered => ({ status, body });
const notFound = (): never => {
  throw new Refused(makeProblem("not-found", "There is nothing here"));
};

export async function route(state: MemoryState, request: Request): Promise<Answered> {
  const [first, kind] = request.path;
  if (first === "health") return ok({ status: "ok", version: "0.1.0", sandboxes: [{ backend: "process", isolation: "none" }], demoModel: true });
  switch (kind) {
    case "me":
      if (request.method === "PATCH") state.userName = UpdateMe.parse(request.body).name;
      return ok({ user: { id: "user_1", name: state.userName, email: "ada@example.com" }, organization: state.organization, role: "owner", scopes: SCOPES });
    case "organization":
      state.organization = { ...state.organization, ...UpdateOrganization.parse(request.body) };
      return ok(state.organization);
    case "sessions":
      return sessions(state, request);
    case "runs":
      return runs(state, request);
    case "models":
      return page(state.models, request);
    case "keys":
      return keys(state, request);
    case "environments":
      return environments(state, request);
    case "repos":
    case "members":
    case "secrets":
      return page([], request);
    case "api-keys":
      return apiKeys(state, request);
    case "machine":
      return machine(state, request);
    default:
      return notFound();
  }
}

function page<T>(items: readonly T[], { url }: Request): Answered {
  const limit = Number(url.searchParams.get("limit") ?? 50);
  const start = Number(url.searchParams.get("cursor") ?? 0);
  return ok({ data: items.slice(start, start + limit), next: start + limit < items.length ? String(start + limit) : null });
}

function sessions(state: MemoryState, request: Request): Answered {
  const { method, path, body, url } = request;
  const [, , id, what, messageId] = path;
  if (!id && method === "POST") {
    const input = CreateSession.safeParse(body);
    if (!input.success) throw new Refused(makeProblem("invalid-field", "A field is not valid", { errors: input.error.issues.map(({ path: at, message }) => ({ pointer: `/${at.join("/")}`, message })) }));
    return ok(state.open(input.data).session, 201);
  }
  if (!id) {
    const wanted = [...url.searchParams].flatMap(([name, value]) => {
      const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
      return key ? [[key, value] as const] : [];
    });
    const all = [...state.sessions.values()].map(({ session }) => session as SessionSummary);
    return page(all.reverse().filter(({ metadata }) => wanted.every(([key, value]) => metadata[key] === value)), request);
  }
  const session = state.session(id);
  if (what) return withinSession(state, session, what, messageId, request);
  if (method === "DELETE") {
    state.sessions.delete(id);
    return { status: 204, body: null };
  }
  if (method === "PATCH") session.emit({ type: "session.updated", data: body as { title?: string } });
  return ok(session.session);
}

function withinSession(state: MemoryState, session: MemorySession, what: string, messageId: string | undefined, request: Request): Answered {
  const { method, url } = request;
  const body = request.body as Record<string, never>;
  switch (what) {
    case "messages":
      if (method === "DELETE") return ok(session.cancel(messageId ?? ""));
      if (method === "PATCH") return ok(session.move(messageId ?? "", body["before"] ?? null));
      return method === "POST" ? ok(session.send(body["text"] ?? "", body["model"]), 201) : page(session.messages, request);
    case "events": {
      const after = Number(url.searchParams.get("after") ?? 0);
      const limit = Number(url.searchParams.get("limit") ?? 50);
      const data = session.log.slice(after, after + limit);
      return ok({ data, next: after + limit < session.log.length ? String(after + limit) : null });
    }
    case "stop":
      return ok(session.stop());
    case "hibernate":
    case "resume":
      return ok(session.resume());
    case "answer":
      session.answer(body["requestId"] ?? "", body["answer"] ?? notFound());
      return ok({ requestId: body["requestId"] });
    case "apply":
      session.emit({ type: "workspace.applied", data: { branch: body["branch"] ?? "", commit: "9b1c3e7", filesChanged: 2 } });
      return ok({ branch: body["branch"], commit: "9b1c3e7", filesChanged: 2 });
    case "stream-ticket": {
      const ticket = state.id("ticket");
      state.tickets.add(ticket);
      return ok({ ticket, url: `/v1/sessions/${session.id}/stream`, expiresAt: new Date(Date.now() + 30_000).toISOString() }, 201);
    }
    default:
      return notFound();
  }
}

function runs(state: MemoryState, request: Request): Answered {
  const author = { kind: "user" as const, id: "user_1" };
  const usage = { inputTokens: 812, outputTokens: 240, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const all: Run[] = [...state.sessions.values()].flatMap((session) => session.runs.map((run) => ({ ...run, sessionId: session.id, author, usage, costMicros: 0 })));
  const [, , id, what] = request.path;
  if (!id) {
    const sessionId = request.url.searchParams.get("sessionId");
    return page(all.reverse().filter((run) => !sessionId || run.sessionId === sessionId), request);
  }
  const run = all.find((candidate) => candidate.id === id) ?? notFound();
  return what === "events" ? page(state.session(run.sessionId).log.filter((event) => event.runId === id), request) : ok(run);
}

function keys(state: MemoryState, request: Request): Answered {
  const { method, path } = request;
  if (method === "GET") return page(state.providerKeys, request);
  if (method === "DELETE") {
    const at = state.providerKeys.findIndex(({ id }) => id === path[2]);
    const [removed] = at < 0 ? notFound() : state.providerKeys.splice(at, 1);
    for (const model of state.models.filter(({ provider }) => provider === removed?.provider)) state.models.splice(state.models.indexOf(model), 1);
    return { status: 204, body: null };
  }
  const input = request.body as CreateProviderKey;
  if (input.key === "wrong") throw new Refused(makeProblem("invalid-field", "The provider refused this key", { errors: [{ pointer: "/key", message: "The provider answered 401: the key is not valid" }] }));
  const key = { id: state.id("pk"), scope: input.scope?.kind === "user" ? { kind: "user" as const, userId: "usr_1" } : { kind: "org" as const }, provider: input.provider, kind: input.kind, baseUrl: input.baseUrl ?? `https://api.${input.provider}.example`, hasKey: input.key !== undefined, usesKey: input.key !== undefined, modelCount: 2, createdAt: new Date().toISOString() };
  state.providerKeys.push(key);
  for (const name of ["Large", "Small"]) state.models.push({ id: `${input.provider}/${name.toLowerCase()}-1`, name: `${name} 1`, provider: input.provider, demo: false });
  return ok(key, 201);
}

function environments(state: MemoryState, { method, path, body, ...request }: Request): Answered {
  const at = state.environments.findIndex(({ id }) => id === path[2]);
  if (method === "GET") return page(state.environments, { method, path, body, ...request });
  if (method === "DELETE") {
    if (at < 0) notFound();
    state.environments.splice(at, 1);
    return { status: 204, body: null };
  }
  const now = new Date().toISOString();
  const { name = "", ...given } = body as Partial<Environment>;
  if (state.environments.some((each, index) => each.name === name && index !== at)) throw new Refused(makeProblem("conflict", `There is an environment ${name} already`, { errors: [{ pointer: "/name", message: "This name is taken" }] }));
  const known = state.environments[at] ?? { id: state.id("env"), name, repositories: [], variables: {}, setupScript: "", ports: [], resources: {}, createdAt: now, updatedAt: now };
  const environment: Environment = { ...known, ...given, ...(name === "" ? {} : { name }), updatedAt: now };
  state.environments.splice(at < 0 ? state.environments.length : at, 1, environment);
  return ok(environment, at < 0 ? 201 : 200);
}

function apiKeys(state: MemoryState, request: Request): Answered {
  if (request.method === "GET") return page(state.apiKeys.map(({ key: _, ...shown }) => shown), request);
  if (request.method === "DELETE") {
    const at = state.apiKeys.findIndex(({ id }) => id === request.path[2]);
    if (at < 0) notFound();
    state.apiKeys.splice(at, 1);
    return { status: 204, body: null };
  }
  const { name, scopes = [...DEFAULT_SCOPES] } = request.body as CreateApiKey;
  const created = { id: state.id("key"), name, scopes, start: "berth_7f", key: `berth_7f_example_${state.apiKeys.length}`, createdAt: new Date().toISOString(), expiresAt: new Date(Date.now() + 90 * 86_400_000).toISOString(), lastUsedAt: null };
  state.apiKeys.push(created);
  return ok(created, 201);
}

function machine(state: MemoryState, request: Request): Answered {
  const [, , kind, id] = request.path;
  if (kind === "discoveries" && request.method === "GET") return page(state.discoveries, request);
  if (kind === "discoveries") {
    const at = state.discoveries.findIndex((discovery) => discovery.id === id);
    const found = state.discoveries[at] ?? notFound();
    state.discoveries[at] = { ...found, imported: true };
    return keys(state, { ...request, method: "POST", path: ["v1", "keys"], body: { provider: found.provider, kind: found.kind, key: "example" } });
  }
  const { path } = request.body as { path: string };
  if (!path.startsWith("/") || path.includes("missing")) throw new Refused(makeProblem("not-found", `There is no folder ${path}`, { fix: "Check the path, starting from the root of the disk." }));
  return ok({ path, isRepository: !path.includes("plain"), branch: path.includes("plain") ? null : "main", uncommitted: path.includes("dirty") ? 3 : 0 });
}
