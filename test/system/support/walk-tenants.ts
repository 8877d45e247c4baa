/** The walk itself, for any identity: who asks, what they are told, and that nothing came of it. */
import { lineOf } from "../../../routes/testing/table.ts";
import type { Role } from "@berth/protocol";
import { expect } from "vitest";
import { checkpointKey } from "../../../src/app/session/blob-keys.ts";
import { BLOB, ROWS, SANDBOX_ROWS, SECRET_VALUE, SESSION_ROWS, TenantWalk, type Found, type Ids, type Venue } from "./tenant-walk.ts";

const ROLES: readonly Role[] = ["owner", "admin", "member", "viewer"];

export async function walkTenants(venue: Venue): Promise<{ readonly asked: number; readonly summary: string }> {
  const walk = new TenantWalk(venue);
  const owner = await walk.person("org-a", "owner");
  const theirs = await walk.furnish(owner);
  const unknown = walk.unknownIds(theirs, "org-b");
  const before = await inventory(walk, venue, owner.key, theirs);

  const strangers = new Map<string, string>();
  for (const role of ROLES) strangers.set(`another organization's ${role}`, (await walk.person("org-b", role)).key);
  const ownerB = strangers.get("another organization's owner") ?? "";
  const account = await walk.json<{ id: string }>("POST /v1/service-accounts", ownerB, { name: "CI", role: "admin" });
  strangers.set("its service account", (await walk.json<{ key: string }>("POST /v1/api-keys", ownerB, { name: "ci", serviceAccountId: account.id, scopes: ["admin"] })).key);
  const own = await walk.json<{ id: string }>("POST /v1/sessions", ownerB, { model: "demo/demo" });
  strangers.set("a client token of its session", (await walk.json<{ token: string }>(`POST /v1/sessions/${own.id}/client-tokens`, ownerB, { access: "write" })).token);

  let asked = 0;
  const leaks: string[] = [];
  const add = (found: Found): void => {
    asked += found.asked;
    leaks.push(...found.leaks);
  };
  for (const [who, key] of strangers) add(await walk.compare(who, key, theirs, unknown, ROWS, true));
  const sandbox = venue.sandboxToken(own.id);
  add(await walk.compareSandbox("a sandbox of another organization", sandbox, theirs, unknown));
  for (const row of ROWS) {
    const { status } = await walk.ask(lineOf(row, theirs), sandbox);
    if (status !== 401) leaks.push(`a sandbox of another organization ${row.line}: ${status}`);
  }
  asked += ROWS.length;
  // The same organization: a private session is for whom it is shared with.
  const unknownHere = walk.unknownIds(theirs, "org-a");
  for (const role of ["member", "viewer"] as const) {
    const { key } = await walk.person("org-a", role);
    add(await walk.compare(`a ${role} it is not shared with`, key, theirs, unknownHere, SESSION_ROWS, false));
    const lists = await walk.ask("GET /v1/sessions", key);
    const runs = await walk.ask("GET /v1/runs", key);
    for (const { body } of [lists, runs]) if (body.includes(theirs["sessionId"] ?? "")) leaks.push(`a ${role} it is not shared with is told: ${body}`);
    asked += 2;
  }
  expect(leaks).toEqual([]);
  await venue.settle();
  expect(await inventory(walk, venue, owner.key, theirs)).toEqual(before);
  expect(ROWS.length).toBeGreaterThan(50);
  return { asked, summary: `cross-tenant walk: ${ROWS.length + SANDBOX_ROWS.length} routes, ${strangers.size + 3} strangers, ${asked} answers, 0 leaks` };
}

const LISTS = ["/v1/teams", "/v1/service-accounts", "/v1/invitations", "/v1/keys", "/v1/repos", "/v1/environments", "/v1/secrets", "/v1/budgets"];

/** What the owner sees of everything that was asked for, which all must be there: nobody learns from two ids that nothing has. */
async function inventory(walk: TenantWalk, { services }: Venue, key: string, ids: Ids): Promise<readonly unknown[]> {
  const { sessionId = "", secretId = "", name = "" } = ids;
  const session = await walk.json<{ title: string; visibility: string }>(`GET /v1/sessions/${sessionId}`, key);
  const lists = [...LISTS, "/v1/api-keys", "/v1/members", `/v1/sessions/${sessionId}/shares`, `/v1/sessions/${sessionId}/messages`];
  const listed = await Promise.all(lists.map((path) => walk.json<{ data: Listed[] }>(`GET ${path}`, key)));
  const known = Object.values(ids);
  // Keys and people of the walk itself come in between.
  const seen = listed.map(({ data }) => data.filter((each) => known.includes(idOf(each))).map((each) => [idOf(each), each.text, each.limit, each.role]));
  expect(seen.map((each) => each.length > 0), lists.join(" ")).toEqual(lists.map(() => true));
  const blob = await services.blobs.get(checkpointKey({ orgId: "org-a", sessionId }, BLOB));
  return [session.title, session.visibility, await walk.ask(`GET /v1/sessions/${sessionId}/outputs/${name}`, key), new TextDecoder().decode(blob?.bytes), await services.vault.use("org-a", `session/${secretId}`) === SECRET_VALUE, seen];
}

interface Listed {
  readonly id?: string;
  readonly userId?: string;
  readonly text?: string;
  readonly limit?: number;
  readonly role?: string;
}

function idOf({ id, userId }: Listed): string {
  return id ?? userId ?? "";
}
