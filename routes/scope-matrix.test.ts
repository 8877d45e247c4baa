/** Every scope against every route, out of the two tables: a key with the scope passes, one with all the others is refused. */
import { DEFAULT_SCOPES, SCOPES, type ApiKey, type CreatedApiKey, type Problem, type Scope } from "@berth/protocol";
import { expect, test } from "vitest";
import { includesScope } from "../src/core/access/scopes.ts";
import { Edge } from "./testing/edge.ts";
import { lineOf, TABLE } from "./testing/table.ts";

const rows = TABLE.filter(({ access }) => access.scope !== null);
const FORBIDDEN = "https://berth.dev/problems/forbidden";

async function refusedBy(edge: Edge, key: string, line: string): Promise<boolean> {
  const body = line.startsWith("GET") || line.startsWith("DELETE") ? {} : { body: {} };
  const response = await edge.ask(line, { key, ...body });
  expect(response.status, line).not.toBe(401);
  return response.status === 403 && ((await response.json()) as Problem).type === FORBIDDEN;
}

test("a key with the scope passes and a key with every other one is refused, for each scope and each route", async () => {
  const edge = new Edge();
  const sessionId = await edge.createSession();
  let cases = 0;
  for (const scope of SCOPES) {
    const alone = await edge.keyWith([scope]);
    const others = await edge.keyWith(SCOPES.filter((other) => !includesScope([other], scope)));
    for (const row of rows) {
      const needed = row.access.scope as Scope;
      const line = lineOf(row, { sessionId }, "unknown");
      // Sessions may go in the middle of the walk.
      await edge.reopen(sessionId);
      expect(await refusedBy(edge, alone, line), `${line} with ${scope} alone`).toBe(!includesScope([scope], needed));
      await edge.reopen(sessionId);
      if (needed === scope) expect(await refusedBy(edge, others, line), `${line} with all but ${scope}`).toBe(true);
      cases += needed === scope ? 2 : 1;
    }
  }
  expect(rows.length).toBeGreaterThan(25);
  console.log(`scope matrix: ${SCOPES.length} scopes × ${rows.length} routes, ${cases} cases`);
});

test("a key made without a list works with sessions, as far as its maker may, and shows what it has", async () => {
  const edge = new Edge();
  const made = await edge.json<CreatedApiKey>("POST /v1/api-keys", { body: { name: "plain" } });
  expect(made.scopes).toEqual(DEFAULT_SCOPES);
  const listed = await edge.json<{ data: ApiKey[] }>("GET /v1/api-keys");
  expect(listed.data.find(({ id }) => id === made.id)?.scopes).toEqual(DEFAULT_SCOPES);
  expect(await edge.json("GET /v1/me", { key: made.key })).toMatchObject({ role: "owner", scopes: DEFAULT_SCOPES });
  expect((await edge.ask("GET /v1/api-keys", { key: made.key })).status).toBe(403);
});

test("nobody gives a key a scope they do not have, and an unknown one is no scope", async () => {
  const edge = new Edge();
  const reader = await edge.keyWith(["runs:read"]);
  expect((await edge.ask("POST /v1/api-keys", { key: reader, body: { name: "more", scopes: ["admin"] } })).status).toBe(403);
  for (const scopes of [["sessions:delete"], [], "admin", ["*"]]) {
    const problem = await edge.problem("POST /v1/api-keys", { body: { name: "odd", scopes } });
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer: expect.stringMatching(/^\/scopes/) }] });
  }
});

test("a refusal says whether the key or the role lacks the scope", async () => {
  const edge = new Edge();
  const byKey = await edge.problem("POST /v1/sessions", { key: await edge.keyWith(["sessions:read"]), body: {} });
  expect(byKey.detail).toBe("This API key does not have the scope sessions:write.");
  const byRole = await edge.problem("POST /v1/sessions", { key: await edge.keyOf("org-a", "viewer"), body: {} });
  expect(byRole.detail).toBe("The role viewer of this organization does not have the scope sessions:write.");
});
