/** Every method of the SDK, called once, with the requests that it made. Nothing is asked of a network. */
import { Berth, type SessionClient, type SessionStream, type WebSocketConstructor } from "@berth/sdk";

const ORIGIN = "http://127.0.0.1:8787";
const SESSION = "ses_1";
const MESSAGE = { id: "msg_1", status: "completed" };
const OVER = { seq: 1, type: "message.status", messageId: MESSAGE.id, data: { status: "completed" } };

type Call = (berth: Berth, session: SessionClient) => Promise<unknown>;

/** By `<resource>.<method>`. What asks nothing of the server is here too, so that no method is forgotten. */
const CALLS: Readonly<Record<string, Call>> = {
  "berth.health": (berth) => berth.health(),
  "berth.me": (berth) => berth.me(),
  "berth.signOut": (berth) => berth.signOut(),
  "berth.rename": (berth) => berth.rename("Ada"),
  "berth.renameOrganization": (berth) => berth.renameOrganization("Ada's team"),
  "berth.switchOrganization": (berth) => berth.switchOrganization("org_1"),
  "berth.redeemShareLink": (berth) => berth.redeemShareLink("example-token"),
  "berth.session": async (berth) => berth.session(SESSION),
  "sessions.create": (berth) => berth.sessions.create({ model: "demo/demo" }),
  "sessions.list": (berth) => berth.sessions.list().all(),
  "sessions.get": (berth) => berth.sessions.get(SESSION),
  "sessions.update": (berth) => berth.sessions.update(SESSION, { title: "One" }),
  "sessions.remove": (berth) => berth.sessions.remove(SESSION),
  "runs.list": (berth) => berth.runs.list().all(),
  "runs.get": (berth) => berth.runs.get("run_1"),
  "runs.events": (berth) => berth.runs.events("run_1").all(),
  "keys.list": (berth) => berth.keys.list().all(),
  "keys.create": (berth) => berth.keys.create({ provider: "example", kind: "openai-compatible", key: "example" }),
  "keys.remove": (berth) => berth.keys.remove("pk_1"),
  "models.list": (berth) => berth.models.list().all(),
  "secrets.list": (berth) => berth.secrets.list().all(),
  "secrets.create": (berth) => berth.secrets.create({ name: "TOKEN", value: "example", readableByAgent: true }),
  "secrets.replaceValue": (berth) => berth.secrets.replaceValue("sec_1", "example"),
  "secrets.remove": (berth) => berth.secrets.remove("sec_1"),
  "secrets.uses": (berth) => berth.secrets.uses("sec_1").all(),
  "apiKeys.list": (berth) => berth.apiKeys.list().all(),
  "audit.list": (berth) => berth.audit.list().all(),
  "apiKeys.create": (berth) => berth.apiKeys.create({ name: "One" }),
  "apiKeys.revoke": (berth) => berth.apiKeys.revoke("key_1"),
  "budgets.list": (berth) => berth.budgets.list().all(),
  "budgets.set": (berth) => berth.budgets.set({ scope: "org", unit: "cost", limit: 1 }),
  "budgets.lift": (berth) => berth.budgets.lift("org.cost"),
  "budgets.stop": (berth) => berth.budgets.stop(),
  "budgets.stopped": (berth) => berth.budgets.stopped(),
  "budgets.resume": (berth) => berth.budgets.resume(),
  "usage.list": (berth) => berth.usage.list({ by: "model" }).all(),
  "members.list": (berth) => berth.members.list().all(),
  "members.setRole": (berth) => berth.members.setRole("user_1", "admin"),
  "members.remove": (berth) => berth.members.remove("user_1"),
  "serviceAccounts.list": (berth) => berth.serviceAccounts.list().all(),
  "serviceAccounts.create": (berth) => berth.serviceAccounts.create({ name: "CI", role: "member" }),
  "serviceAccounts.update": (berth) => berth.serviceAccounts.update("sva_1", { role: "viewer" }),
  "serviceAccounts.remove": (berth) => berth.serviceAccounts.remove("sva_1"),
  "teams.list": (berth) => berth.teams.list().all(),
  "teams.create": (berth) => berth.teams.create({ name: "Reds" }),
  "teams.rename": (berth) => berth.teams.rename("team_1", "Blues"),
  "teams.remove": (berth) => berth.teams.remove("team_1"),
  "teams.members": (berth) => berth.teams.members("team_1").all(),
  "teams.addMember": (berth) => berth.teams.addMember("team_1", "user_1"),
  "teams.removeMember": (berth) => berth.teams.removeMember("team_1", "user_1"),
  "devices.start": (berth) => berth.devices.start({ clientName: "cli" }),
  "devices.collect": (berth) => berth.devices.collect("example-code"),
  "devices.signIn": (berth) => berth.devices.signIn({ clientName: "cli", show: () => undefined }),
  "invitations.list": (berth) => berth.invitations.list().all(),
  "invitations.create": (berth) => berth.invitations.create({ email: "bo@example.com", role: "member" }),
  "invitations.revoke": (berth) => berth.invitations.revoke("inv_1"),
  "invitations.accept": (berth) => berth.invitations.accept("example-token"),
  "policyRule.get": (berth) => berth.policyRule.get(),
  "policyRule.set": (berth) => berth.policyRule.set("stop"),
  "clientOrigins.get": (berth) => berth.clientOrigins.get(),
  "clientOrigins.set": (berth) => berth.clientOrigins.set(["https://app.example.com"]),
  "repos.list": (berth) => berth.repos.list().all(),
  "repos.create": (berth) => berth.repos.create({ url: "https://git.example.com/ada/notes" }),
  "repos.update": (berth) => berth.repos.update("rep_1", { rights: "organization" }),
  "repos.remove": (berth) => berth.repos.remove("rep_1"),
  "environments.list": (berth) => berth.environments.list().all(),
  "environments.create": (berth) => berth.environments.create({ name: "Tests" }),
  "environments.detect": (berth) => berth.environments.detect("rep_1"),
  "environments.get": (berth) => berth.environments.get("env_1"),
  "environments.update": (berth) => berth.environments.update("env_1", { setupScript: "npm ci" }),
  "environments.remove": (berth) => berth.environments.remove("env_1"),
  "machine.discoveries": (berth) => berth.machine.discoveries().all(),
  "machine.import": (berth) => berth.machine.import("found_1"),
  "machine.inspectFolder": (berth) => berth.machine.inspectFolder("/work"),
  "session.get": (_, session) => session.get(),
  "session.update": (_, session) => session.update({ title: "One" }),
  "session.secrets": (_, session) => session.secrets().all(),
  "session.remove": (_, session) => session.remove(),
  "session.send": (_, session) => session.send("hello"),
  "session.messages": (_, session) => session.messages().all(),
  "session.cancel": (_, session) => session.cancel(MESSAGE.id),
  "session.stop": (_, session) => session.stop(),
  "session.move": (_, session) => session.move(MESSAGE.id, null),
  "session.resume": (_, session) => session.resume({ interrupted: "skip" }),
  "session.hibernate": (_, session) => session.hibernate(),
  "session.answer": (_, session) => session.answer("req_1", { kind: "reject" }),
  "session.policy": (_, session) => session.policy(),
  "session.measurePolicy": (_, session) => session.measurePolicy(),
  "session.diff": (_, session) => session.diff(),
  "session.apply": (_, session) => session.apply({ branch: "work" }),
  "session.shares": (_, session) => session.shares().all(),
  "session.share": (_, session) => session.share({ with: "member", id: "user_1", role: "viewer" }),
  "session.unshare": (_, session) => session.unshare("shr_1"),
  "session.createShareLink": (_, session) => session.createShareLink({ role: "viewer" }),
  "session.createClientToken": (_, session) => session.createClientToken({ access: "read" }),
  "session.endClientToken": (_, session) => session.endClientToken("clt_1"),
  "session.output": (_, session) => session.output({ name: "out_1" }),
  "session.eventPage": (_, session) => session.eventPage(),
  "session.events": (_, session) => session.events()[Symbol.asyncIterator]().next(),
  "session.follow": (_, session) => session.follow()[Symbol.asyncIterator]().next(),
  "session.stream": (_, session) => untilClosed(session),
  "session.files": (_, session) => session.files(),
  "session.readFile": (_, session) => session.readFile("a"),
  "session.writeFile": (_, session) => session.writeFile("a", "text"),
  "session.ports": (_, session) => session.ports(),
  "session.portList": (_, session) => session.portList(),
  "session.preview": (_, session) => session.preview(3000),
  "session.terminal": (_, session) => untilTerminalClosed(session),
  "session.wait": (_, session) => session.wait(),
  "session.transcript": (_, session) => session.transcript(),
};

/** What the SDK has, found by looking at it. */
export function sdkMethods(): string[] {
  const berth = new Berth({ baseUrl: ORIGIN });
  const resources = Object.entries(berth).filter(([, value]) => typeof value === "object");
  return [["berth", berth] as const, ["session", berth.session(SESSION)] as const, ...resources].flatMap(([name, value]) =>
    Object.getOwnPropertyNames(Object.getPrototypeOf(value)).filter((method) => method !== "constructor").map((method) => `${name}.${method}`),
  );
}

export const calledMethods = Object.keys(CALLS);

/** `GET /v1/sessions/ses_1`, by the method that asked. A WebSocket is a GET. */
export async function recordRequests(): Promise<ReadonlyMap<string, readonly string[]>> {
  const recorded = new Map<string, string[]>();
  for (const [method, call] of Object.entries(CALLS)) {
    const requests: string[] = [];
    const berth = recordingBerth((line) => void requests.push(line));
    await call(berth, berth.session(SESSION));
    recorded.set(method, requests);
  }
  return recorded;
}

function recordingBerth(note: (line: string) => void): Berth {
  return new Berth({
    baseUrl: ORIGIN,
    maxRetries: 0,
    fetch: async (url, init) => {
      const { pathname } = new URL(url);
      note(`${init.method ?? "GET"} ${pathname}`);
      return answerTo(pathname, new Headers(init.headers).get("accept") ?? "");
    },
    WebSocket: RefusingSocket.noting(note),
  });
}

/** What lets each method come to its end. */
function answerTo(pathname: string, accept: string): Response {
  if (accept === "text/event-stream") return new Response(`id: 1\ndata: ${JSON.stringify(OVER)}\n\n`, { headers: { "content-type": accept } });
  const items = pathname.endsWith("/messages") ? [MESSAGE] : pathname.endsWith("/events") ? [OVER] : [];
  const ticket = { ticket: "tkt_example", url: `/v1/sessions/${SESSION}/${pathname.endsWith("/workspace-ticket") ? "terminal" : "stream"}`, expiresAt: "2026-01-01T00:00:30.000Z" };
  return Response.json({ data: items, next: null, id: SESSION, status: "idle", lastSeq: 1, ...(pathname.endsWith("-ticket") ? ticket : {}), ...(pathname.endsWith("/device/collect") ? { state: "approved", apiKey: { id: "key_1" } } : { intervalS: 0 }) });
}

/** A socket that is refused for good as soon as it is listened to. */
class RefusingSocket {
  readonly readyState = 3;

  static noting(note: (line: string) => void): WebSocketConstructor {
    return class extends RefusingSocket {
      constructor(url: string) {
        super();
        note(`GET ${new URL(url).pathname}`);
      }
    };
  }

  addEventListener(type: string, listener: (event: { readonly data: unknown; readonly code: number; readonly reason: string }) => void): void {
    if (type === "close") queueMicrotask(() => listener({ data: "", code: 4404, reason: "there is no such session" }));
  }
  send(): void {}
  close(): void {}
}

function untilClosed(session: SessionClient): Promise<void> {
  return new Promise((resolve) => {
    const stream: SessionStream = session.stream({ onFrame: () => undefined, onState: (state) => state === "closed" && resolve(stream.close()) });
  });
}

function untilTerminalClosed(session: SessionClient): Promise<void> {
  return new Promise((resolve) => void session.terminal({ cols: 80, rows: 24, onData: (_bytes, shown) => shown(), onState: (state) => state === "closed" && resolve() }));
}
