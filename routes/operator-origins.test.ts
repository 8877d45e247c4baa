import type { AuditEntry } from "@berth/protocol";
import { expect, test } from "vitest";
import { OriginsNotice } from "../src/app/operator-origins.ts";
import { brokerGrantOf } from "../src/app/broker-grant.ts";
import { formatSandboxToken } from "../src/core/sandbox/sandbox-token.ts";
import { Edge, NOW_MS, OPERATOR_TOKEN } from "./testing/edge.ts";

const [OLLAMA, GITEA] = ["http://10.0.0.5:11434", "https://git.internal:8443"];

class Operated extends Edge {
  readonly notes: object[] = [];

  /** As a process that begins with this list. */
  begin(...origins: string[]): void {
    const { catalog, notes } = this;
    this.originsNotice = new OriginsNotice({ origins, catalog, now: () => NOW_MS, randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)), log: (entry) => void notes.push(entry) });
  }

  async told(orgId = "org-a"): Promise<readonly AuditEntry["target"][]> {
    const { data } = await this.json<{ data: readonly AuditEntry[] }>("GET /v1/audit", { key: await this.keyOf(orgId) });
    return data.filter(({ action }) => action === "OPERATOR_ORIGINS").map(({ target }) => target);
  }
}

test("an owner reads which origins the operator allowed, when, and that it was the operator", async () => {
  const edge = new Operated();
  edge.begin(OLLAMA);
  const { data } = await edge.json<{ data: readonly AuditEntry[] }>("GET /v1/audit");
  const actor = { kind: "system", id: "operator", name: "operator" };
  expect(data).toEqual([{ id: expect.stringMatching(/^aud_/), at: new Date(NOW_MS).toISOString(), actor, action: "OPERATOR_ORIGINS", target: { added: OLLAMA }, outcome: "done", status: 200 }]);
});

test("each change is written down once, whatever starts again, and a list that is as it was says nothing", async () => {
  const edge = new Operated();
  for (const origins of [[], [OLLAMA], [OLLAMA], [GITEA, OLLAMA, OLLAMA], [OLLAMA, GITEA], [GITEA], []]) {
    edge.begin(...origins);
    await edge.ask("GET /v1/me");
    await edge.settled();
  }
  expect(new Set(await edge.told())).toEqual(new Set([{ added: OLLAMA }, { added: GITEA }, { removed: OLLAMA }, { removed: GITEA }]));
  expect(await edge.told()).toHaveLength(4);
});

test("one change in both directions names both", async () => {
  const edge = new Operated();
  edge.begin(OLLAMA);
  await edge.told();
  edge.begin(GITEA);
  expect(await edge.told()).toContainEqual({ added: GITEA, removed: OLLAMA });
});

test("an organization is told by whatever is first done for it: a start, a request, an agent's call", async () => {
  const written = async (first: (edge: Operated) => Promise<unknown>) => {
    const edge = new Operated();
    await edge.keyOf("org-a");
    edge.begin(OLLAMA);
    await first(edge);
    await edge.settled();
    return (await edge.catalog.listAudit("org-a", { after: null, limit: 5 })).entries.filter(({ action }) => action === "OPERATOR_ORIGINS").length;
  };
  expect(await written((edge) => edge.json("POST /internal/bootstrap", { key: OPERATOR_TOKEN, body: {} }))).toBe(1);
  expect(await written((edge) => edge.ask("GET /v1/me"))).toBe(1);
  expect(await written((edge) => edge.ask("GET /v1/me", { key: "bk_nobody" }))).toBe(0);
  expect(
    await written(async (edge) => {
      const id = await edge.createSession();
      await edge.settled();
      edge.begin(OLLAMA, GITEA);
      Object.assign(edge.sessions.of("org-a", id), { authorizeBroker: async () => ({ orgId: "org-a" }) });
      await brokerGrantOf(edge.services, formatSandboxToken({ orgId: "org-a", sessionId: id, epoch: 1 }, new Uint8Array(32)));
    }),
  ).toBe(2);
});

test("nobody's request fails for it, and it is written down once that can be done", async () => {
  const edge = new Operated();
  edge.begin(OLLAMA);
  const { operatorOrigins } = edge.catalog;
  edge.catalog.operatorOrigins = () => Promise.reject(new Error("down"));
  expect((await edge.ask("GET /v1/me")).status).toBe(200);
  expect(await edge.told()).toEqual([]);
  expect(edge.notes).toContainEqual(expect.objectContaining({ event: "operator-origins-not-written-down", orgId: "org-a" }));
  edge.catalog.operatorOrigins = operatorOrigins;
  expect(await edge.told()).toEqual([{ added: OLLAMA }]);
});

test("organizations are told each in their own list", async () => {
  const edge = new Operated();
  edge.begin(OLLAMA);
  expect(await edge.told("org-b")).toEqual([{ added: OLLAMA }]);
  expect((await edge.catalog.listAudit("org-a", { after: null, limit: 5 })).entries).toEqual([]);
});
