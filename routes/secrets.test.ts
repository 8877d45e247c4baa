/** Secrets over the API: who keeps them, who sees them, and that nobody reads them. */
import type { Secret, SessionSecret } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { Edge, MODEL, NOW_MS } from "./testing/edge.ts";

const VALUE = "example-secret-value";
const HOSTS = [{ host: "api.example.com", header: "Authorization", prefix: "Bearer " }];
const BODY = { name: "API_TOKEN", value: VALUE, hosts: HOSTS };

const namesOf = async (edge: Edge, key: string): Promise<readonly string[]> =>
  (await edge.json<{ data: Secret[] }>("GET /v1/secrets", { key })).data.map(({ name }) => name).sort();

describe("secrets", () => {
  test("[SCR1] one is kept, listed without its value, and removed with it", async () => {
    const edge = new Edge();
    const response = await edge.ask("POST /v1/secrets", { body: BODY, headers: { "idempotency-key": "once" } });
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toEqual([
      201,
      { id: expect.stringMatching(/^sec_/), name: "API_TOKEN", scope: { kind: "org" }, readableByAgent: false, hosts: HOSTS, createdAt: new Date(NOW_MS).toISOString(), lastUsedAt: null },
    ]);
    const { id } = JSON.parse(text) as Secret;
    const told = [text, JSON.stringify(await edge.catalog.findAnswer("org-a", "once")), await (await edge.ask("GET /v1/secrets")).text(), await (await edge.ask("GET /v1/audit")).text()];
    expect(told.join("\n")).not.toContain(VALUE);
    expect(told[3]).toContain("POST /v1/secrets");
    expect(await edge.vault.use("org-a", `session/${id}`)).toBe(VALUE);
    expect((await edge.ask(`DELETE /v1/secrets/${id}`)).status).toBe(204);
    expect([await edge.vault.list("org-a"), await edge.catalog.listSecrets("org-a")]).toEqual([[], []]);
    expect((await edge.ask(`DELETE /v1/secrets/${id}`)).status).toBe(404);
  });

  test.each([
    ["a name in small letters", { ...BODY, name: "token" }, 422, "/name"],
    ["a name that programs act on", { ...BODY, name: "LD_PRELOAD" }, 422, "/name"],
    ["a name that is taken", { ...BODY, name: "TAKEN" }, 409, "/name"],
    ["a value of two lines for a host", { ...BODY, value: "a\nb" }, 422, "/value"],
    ["a value with the character that ends one", { name: "ODD", value: "a\0b", readableByAgent: true }, 422, "/value"],
    ["no use at all", { name: "IDLE", value: VALUE }, 422, "/hosts"],
    ["a host inside", { ...BODY, hosts: [{ host: "127.1", header: "x-token" }] }, 422, "/hosts/0/host"],
    ["a local name", { ...BODY, hosts: [...HOSTS, { host: "db.internal", header: "x-token" }] }, 422, "/hosts/1/host"],
    ["a path in a host", { ...BODY, hosts: [{ host: "api.example.com/v1", header: "x-token" }] }, 422, "/hosts/0/host"],
    ["a user in a host", { ...BODY, hosts: [{ host: "ada@api.example.com", header: "x-token" }] }, 422, "/hosts/0/host"],
    ["a pattern of hosts", { ...BODY, hosts: [{ host: "*.example.com:0x1", header: "x-token" }] }, 422, "/hosts/0/host"],
    ["a header of the connection", { ...BODY, hosts: [{ host: "api.example.com", header: "Host" }] }, 422, "/hosts/0/header"],
    ["a repository that is not there", { ...BODY, scope: { kind: "repo", repo: "git.example/team/none" } }, 422, "/scope/repo"],
    ["an environment that is not there", { ...BODY, scope: { kind: "environment", environment: "env_none" } }, 422, "/scope/environment"],
    ["somebody else's", { ...BODY, scope: { kind: "user", userId: "usr_other" } }, 422, "/scope"],
  ])("[SCR1] %s is refused at its field, and nothing is kept", async (_, body, status, pointer) => {
    const edge = new Edge();
    await edge.json("POST /v1/secrets", { body: { ...BODY, name: "TAKEN" } });
    const problem = await edge.problem("POST /v1/secrets", { body });
    expect([problem.status, problem.errors?.[0]?.pointer]).toEqual([status, expect.stringContaining(pointer)]);
    expect([(await edge.catalog.listSecrets("org-a")).length, (await edge.vault.list("org-a")).length]).toEqual([1, 1]);
  });

  test.each([
    ["that each rule of ours refuses", { name: "PATH", value: "a\nb", hosts: [{ host: "127.1", header: "Host" }, { host: "api.example.com", header: "Host" }] }, ["/name", "/value", "/hosts/0/host", "/hosts/0/header", "/hosts/1/header"]],
    ["some of which the schema refuses", { name: "a-token", value: "a\nb", hosts: [{ host: "127.1", header: "no header" }, { host: "api.example.com", header: "Host" }] }, ["/name", "/hosts/0/header", "/value", "/hosts/0/host", "/hosts/1/header"]],
    ["of a secret that nothing could use", { name: "PATH", value: "" }, ["/value", "/name", "/hosts"]],
    ["with a repository that is not there", { ...BODY, name: "PATH", scope: { kind: "repo", repo: "git.example/team/none" } }, ["/name", "/scope/repo"]],
    ["of which one cannot be read at all", { name: "PATH", value: VALUE, hosts: "api.example.com" }, ["/hosts", "/name"]],
  ])("[SCR1] all fields %s are named at once, each once", async (_, body, pointers) => {
    const { status, detail, errors } = await new Edge().problem("POST /v1/secrets", { body });
    expect([status, errors?.map(({ pointer }) => pointer)]).toEqual([422, pointers]);
    for (const pointer of pointers) expect(detail).toContain(`${pointer}: `);
  });

  test("[SCR2] members keep their own and see the organization's; another person's is seen and removed by who administers, and by nobody else", async () => {
    const edge = new Edge();
    const [owner, member, viewer, stranger] = [await edge.keyOf("org-a"), await edge.keyOf("org-a", "member"), await edge.keyOf("org-a", "viewer"), await edge.keyOf("org-b")];
    const shared = await edge.json<Secret>("POST /v1/secrets", { body: BODY });
    const own = await edge.json<Secret>("POST /v1/secrets", { key: member, body: { ...BODY, name: "MINE", scope: { kind: "user" } } });
    expect(own.scope).toMatchObject({ kind: "user" });
    for (const scope of [{ kind: "org" }, { kind: "repo", repo: "git.example/team/app" }]) {
      expect((await edge.ask("POST /v1/secrets", { key: member, body: { ...BODY, name: "OTHER", scope } })).status).toBe(403);
    }
    expect((await edge.ask("POST /v1/secrets", { key: viewer, body: { ...BODY, scope: { kind: "user" } } })).status).toBe(403);
    expect([await namesOf(edge, owner), await namesOf(edge, member), await namesOf(edge, viewer), await namesOf(edge, stranger)]).toEqual([["API_TOKEN", "MINE"], ["API_TOKEN", "MINE"], ["API_TOKEN"], []]);
    for (const [key, id, status] of [[viewer, own.id, 403], [stranger, own.id, 404], [member, shared.id, 403], [viewer, shared.id, 403], [stranger, shared.id, 404]] as const) {
      expect((await edge.ask(`DELETE /v1/secrets/${id}`, { key })).status).toBe(status);
    }
    expect([(await edge.ask(`GET /v1/secrets/${own.id}/uses`)).status, (await edge.ask(`GET /v1/secrets/${shared.id}/uses`, { key: stranger })).status]).toEqual([403, 404]);
    expect((await edge.ask(`DELETE /v1/secrets/${own.id}`, { key: owner })).status).toBe(204);
    expect([await namesOf(edge, owner), (await edge.vault.list("org-a")).length]).toEqual([["API_TOKEN"], 1]);
  });

  test("[SCR9] a value is replaced by who may remove the secret, and one that does not fit is refused at its field", async () => {
    const edge = new Edge();
    const [member, stranger] = [await edge.keyOf("org-a", "member"), await edge.keyOf("org-b")];
    const kept = await edge.json<Secret>("POST /v1/secrets", { body: BODY });
    const own = await edge.json<Secret>("POST /v1/secrets", { key: member, body: { ...BODY, name: "MINE", scope: { kind: "user" } } });
    const put = (id: string, value: unknown, key?: string) => edge.ask(`PUT /v1/secrets/${id}/value`, { body: { value }, ...(key === undefined ? {} : { key }) });
    const answer = await put(kept.id, "example-newer-value");
    expect([answer.status, await answer.json()]).toEqual([200, kept]);
    expect((await put(own.id, "example-own-value", member)).status).toBe(200);
    const refused = [await put(kept.id, "a\nb"), await put(kept.id, ""), await put(kept.id, "x", member), await put(kept.id, "x", stranger), await put(own.id, "x"), await put("sec_none", "x")];
    expect(refused.map(({ status }) => status)).toEqual([422, 422, 403, 404, 403, 404]);
    expect(await (await edge.ask("GET /v1/audit")).text()).not.toContain("example-newer-value");
    expect([await edge.vault.use("org-a", `session/${kept.id}`), await edge.vault.use("org-a", `session/${own.id}`)]).toEqual(["example-newer-value", "example-own-value"]);
    expect((await edge.vault.list("org-a")).length).toBe(2);
  });

  test("[SCR7] a session says which secrets it gets, and which of them its agent can read", async () => {
    const edge = new Edge();
    await edge.json("POST /v1/secrets", { body: BODY });
    await edge.json("POST /v1/secrets", { body: { name: "READABLE", value: VALUE, readableByAgent: true } });
    await edge.json("POST /v1/secrets", { key: await edge.keyOf("org-a", "member"), body: { ...BODY, name: "MEMBERS_OWN", scope: { kind: "user" } } });
    const { id } = await edge.json<{ id: string }>("POST /v1/sessions", { body: { model: MODEL } });
    const text = await (await edge.ask(`GET /v1/sessions/${id}/secrets`)).text();
    expect((JSON.parse(text) as { data: SessionSecret[] }).data.map(({ name, readableByAgent }) => [name, readableByAgent])).toEqual([["API_TOKEN", false], ["READABLE", true]]);
    expect(text).not.toContain(VALUE);
    expect((await edge.ask(`GET /v1/sessions/${id}/secrets`, { key: await edge.keyOf("org-b") })).status).toBe(404);
  });
});
