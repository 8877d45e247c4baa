/** What every catalog keeps; run by each implementation. */
import type { AuditEntry, SessionSummary } from "@berth/protocol";
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { createFaultProofs } from "@berth/testkit/fault-proof";
import { describe, expect } from "vitest";
import { CATALOG_FAULTS } from "./catalog.faults.ts";
import { describeEnvironments } from "./catalog-environments.contract.ts";
import { describeRepositories } from "./catalog-repositories.contract.ts";
import { describeSecrets } from "./catalog-secrets.contract.ts";
import { KEPT, type Catalog, type ProviderConnection, type StoredAnswer } from "./catalog.port.ts";

const START = Date.parse("2026-11-20T10:00:00.000Z");
const DAY_MS = 24 * 60 * 60 * 1000;

export interface CatalogHarness extends ContractHarness<Catalog> {
  /** Moves the subject's clock on. */
  advance(ms: number): void;
}

function provider(id: string, over: Partial<ProviderConnection> = {}): ProviderConnection {
  return {
    id,
    userId: null,
    provider: `name-${id}`,
    kind: "openai-compatible",
    baseUrl: "https://models.example.com/v1",
    secretName: `provider/${id}`,
    models: [{ id: "large/v1", name: "Large" }],
    createdAtMs: START,
    ...over,
  };
}

function session(id: string, over: Partial<SessionSummary> = {}): SessionSummary {
  return {
    id,
    title: `Title of ${id}`,
    status: "idle",
    model: "demo/scripted",
    workspace: { kind: "folder", path: "/repos/one", ref: "main" },
    metadata: {},
    createdBy: { kind: "user", id: "user_1", name: "Ada" },
    createdAt: new Date(START).toISOString(),
    lastActiveAt: new Date(START + 5).toISOString(),
    lastSeq: 1,
    ...over,
  };
}

const createdAt = (ms: number) => ({ createdAt: new Date(START + ms).toISOString() });
const answer = (body: string): StoredAnswer => ({ bodyHash: `hash-${body}`, status: 201, body: JSON.stringify({ body }) });

type Query = Omit<Parameters<Catalog["listSessions"]>[1], "after" | "limit">;

/** Walks every page. */
async function listAll(catalog: Catalog, orgId: string, limit = 100, query: Query = {}): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const page = await catalog.listSessions(orgId, { ...query, after, limit });
    expect(page.sessions.length).toBeLessThanOrEqual(limit);
    ids.push(...page.sessions.map(({ id }) => id));
    after = page.next;
  } while (after !== null);
  return ids;
}

async function only(catalog: Catalog, orgId = "org_a"): Promise<SessionSummary | undefined> {
  const { sessions } = await catalog.listSessions(orgId, { after: null, limit: 10 });
  expect(sessions.length).toBeLessThanOrEqual(1);
  return sessions[0];
}

export function describeCatalogContract(harness: CatalogHarness): void {
  describe(`catalog contract: ${harness.name}`, () => {
    const rule = (ids: string | string[], sentence: string, body: (catalog: Catalog) => Promise<void>) =>
      verifiesOn(harness, ids, sentence, async () => {
        try {
          await body(await harness.create());
        } finally {
          await harness.dispose?.();
        }
      });
    describeProviders(rule);
    describeRepositories(rule);
    describeEnvironments(rule);
    describeSecrets(rule);
    describeSessions(rule);
    describeReaders(rule);
    describeOrigins(rule);
  describePolicyRule(rule);
    describeAnswers(rule, harness);
    describeAudit(rule);
    describeFaults(harness);
  });
}

export type Rule = (ids: string | string[], sentence: string, body: (catalog: Catalog) => Promise<void>) => void;

function describeProviders(rule: Rule): void {
  rule("CAT1", "providers are listed as added, oldest first", async (catalog) => {
    const late = provider("prv_1", { createdAtMs: START + 5 });
    const early = provider("prv_2", { secretName: null, models: [], kind: "anthropic", userId: "usr_ada" });
    await catalog.addProvider("org_a", late);
    await catalog.addProvider("org_a", early);
    expect(await catalog.listProviders("org_a")).toStrictEqual([early, late]);
  });

  rule("CAT2", "a taken name or id is refused and the first stays", async (catalog) => {
    const first = provider("prv_1", { provider: "acme" });
    await catalog.addProvider("org_a", first);
    for (const second of [provider("prv_2", { provider: "acme" }), provider("prv_1", { provider: "other" })]) {
      await expect(catalog.addProvider("org_a", second)).rejects.toMatchObject({ code: "already-exists", outcome: "not-applied" });
    }
    expect(await catalog.listProviders("org_a")).toStrictEqual([first]);
  });

  rule("CAT2", "the organization and each person may have one of the same name", async (catalog) => {
    const all = [null, "usr_ada", "usr_bo"].map((userId, at) => provider(`prv_${at}`, { provider: "acme", userId }));
    for (const each of all) await catalog.addProvider("org_a", each);
    await expect(catalog.addProvider("org_a", provider("prv_9", { provider: "acme", userId: "usr_bo" }))).rejects.toMatchObject({ code: "already-exists" });
    expect(await catalog.listProviders("org_a")).toStrictEqual(all);
  });

  rule(["CAT3", "CAT8"], "a provider is removed once, and by its own organization only", async (catalog) => {
    const mine = provider("prv_1");
    await catalog.addProvider("org_a", mine);
    await catalog.addProvider("org_b", mine);
    await expect(catalog.removeProvider("org_c", "prv_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.removeProvider("org_a", "prv_1")).toStrictEqual(mine);
    await expect(catalog.removeProvider("org_a", "prv_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.listProviders("org_b")).toStrictEqual([mine]);
  });
}

function describeAudit(rule: Rule): void {
  const entry = (id: string, ms: number, over: Partial<AuditEntry> = {}): AuditEntry => ({
    id,
    at: new Date(START + ms).toISOString(),
    actor: { kind: "user", id: "user_1", name: "Ada" },
    action: "DELETE /v1/keys/:providerKeyId",
    target: { providerKeyId: "prv_1" },
    outcome: "done",
    status: 204,
    ...over,
  });

  rule(["CAT15", "CAT8"], "what was done is listed newest first, once, and to its own organization only", async (catalog) => {
    const byKey = entry("aud_2", 5, { actor: { kind: "api-key", id: "key_1", name: "Ada" }, apiKeyId: "key_1", address: "192.0.2.1", outcome: "refused", status: 403 });
    for (const each of [entry("aud_1", 5), byKey, entry("aud_3", 1), entry("aud_3", 9, { status: 500 })]) await catalog.addAudit("org_a", each);
    await catalog.addAudit("org_b", entry("aud_1", 7));
    expect((await catalog.listAudit("org_a", { after: null, limit: 10 })).entries).toStrictEqual([byKey, entry("aud_1", 5), entry("aud_3", 1)]);
    expect((await catalog.listAudit("org_a", { after: null, limit: 10, actorId: "key_1" })).entries).toStrictEqual([byKey]);
    const first = await catalog.listAudit("org_a", { after: null, limit: 2 });
    await catalog.addAudit("org_a", entry("aud_4", 20));
    const second = await catalog.listAudit("org_a", { after: first.next, limit: 2 });
    expect([second.entries.map(({ id }) => id), second.next]).toEqual([["aud_3"], null]);
    await expect(catalog.listAudit("org_a", { after: "nonsense", limit: 1 })).rejects.toMatchObject({ code: "invalid-argument" });
  });

  rule(["CAT60", "CAT8"], "a change of the operator's origins is written down once, however many see it at once", async (catalog) => {
    const told = async (orgId: string) => [await catalog.operatorOrigins(orgId), (await catalog.listAudit(orgId, { after: null, limit: 10 })).entries.map(({ id }) => id)];
    const [one, two] = [["http://10.0.0.1:80"], ["http://10.0.0.1:80", "http://10.0.0.2:80"]];
    await catalog.moveOperatorOrigins("org_a", { from: two, to: one, entry: entry("aud_0", 0) });
    expect([await told("org_a"), await told("org_b")]).toEqual([[[], []], [[], []]]);
    await catalog.moveOperatorOrigins("org_a", { from: [], to: one, entry: entry("aud_1", 1) });
    const moves = [2, 3, 4].map((n) => catalog.moveOperatorOrigins("org_a", { from: one, to: two, entry: entry(`aud_${n}`, n) }));
    await Promise.all(moves);
    expect(await told("org_a")).toEqual([two, [expect.stringMatching(/^aud_[234]$/), "aud_1"]]);
    await catalog.moveOperatorOrigins("org_a", { from: two, to: [], entry: entry("aud_5", 5) });
    const again = [6, 7].map((n) => catalog.moveOperatorOrigins("org_a", { from: [], to: one, entry: entry(`aud_${n}`, n) }));
    await Promise.all(again);
    expect(await told("org_a")).toEqual([one, [expect.stringMatching(/^aud_[67]$/), "aud_5", expect.any(String), "aud_1"]]);
    expect(await told("org_b")).toEqual([[], []]);
  });

  rule("CAT33", "what was done long ago goes as new entries come", async (catalog) => {
    await catalog.addAudit("org_a", entry("aud_old", -KEPT.auditMs));
    await catalog.addAudit("org_b", entry("aud_old", -KEPT.auditMs));
    for (let n = 1; n <= 100; n++) await catalog.addAudit("org_a", entry(`aud_${n}`, n));
    const { entries } = await catalog.listAudit("org_a", { after: null, limit: 200 });
    expect([entries.length, entries.some(({ id }) => id === "aud_old")]).toEqual([100, false]);
    expect((await catalog.listAudit("org_b", { after: null, limit: 10 })).entries).toHaveLength(1);
  });
}

function describeSessions(rule: Rule): void {
  rule("CAT4", "a session is listed as last reported, with and without what is optional", async (catalog) => {
    await catalog.upsertSession("org_a", session("ses_1"));
    expect(await only(catalog)).toStrictEqual(session("ses_1"));
    const whole = session("ses_1", { waitingFor: "permission", status: "waiting", externalUserId: "u-7", metadata: { team: "x" }, lastSeq: 2 });
    await catalog.upsertSession("org_a", whole);
    expect(await only(catalog)).toStrictEqual(whole);
    await catalog.upsertSession("org_a", session("ses_1", { lastSeq: 3 }));
    expect(await only(catalog)).toStrictEqual(session("ses_1", { lastSeq: 3 }));
  });

  rule("CAT5", "the newest summary wins in whatever order they arrive", async (catalog) => {
    const versions = [3, 9, 1, 7].map((lastSeq) => session("ses_1", { lastSeq, title: `at ${lastSeq}` }));
    await Promise.all(versions.map((version) => catalog.upsertSession("org_a", version)));
    expect(await only(catalog)).toMatchObject({ lastSeq: 9, title: "at 9" });
    await catalog.upsertSession("org_a", session("ses_1", { lastSeq: 8, title: "late" }));
    expect(await only(catalog)).toMatchObject({ lastSeq: 9, title: "at 9" });
  });

  rule("CAT6", "sessions are listed newest first, and pages fit together while new ones come", async (catalog) => {
    for (const [id, ms] of [["ses_c", 5], ["ses_a", 5], ["ses_e", 9], ["ses_b", 5], ["ses_d", 1]] as const) {
      await catalog.upsertSession("org_a", session(id, createdAt(ms)));
    }
    for (const limit of [1, 2, 3, 100]) expect(await listAll(catalog, "org_a", limit)).toEqual(["ses_e", "ses_c", "ses_b", "ses_a", "ses_d"]);
    const first = await catalog.listSessions("org_a", { after: null, limit: 2 });
    await catalog.upsertSession("org_a", session("ses_f", createdAt(20)));
    const second = await catalog.listSessions("org_a", { after: first.next, limit: 9 });
    expect(second.sessions.map(({ id }) => id)).toEqual(["ses_b", "ses_a", "ses_d"]);
  });

  rule("CAT7", "metadata and external user narrow the list", async (catalog) => {
    await catalog.upsertSession("org_a", session("ses_1", { metadata: { team: "x", ticket: "1" }, externalUserId: "u-1" }));
    await catalog.upsertSession("org_a", session("ses_2", { metadata: { team: "x" }, externalUserId: "u-2" }));
    await catalog.upsertSession("org_a", session("ses_3", { metadata: { team: "y", '"odd' : "%'" }, externalUserId: "u-1" }));
    expect(await listAll(catalog, "org_a", 1, { metadata: { team: "x" } })).toEqual(["ses_2", "ses_1"]);
    expect(await listAll(catalog, "org_a", 1, { metadata: { team: "x", ticket: "1" } })).toEqual(["ses_1"]);
    expect(await listAll(catalog, "org_a", 1, { metadata: { '"odd': "%'" } })).toEqual(["ses_3"]);
    expect(await listAll(catalog, "org_a", 1, { metadata: { team: "X" } })).toEqual([]);
    expect(await listAll(catalog, "org_a", 1, { metadata: { constructor: "x" } })).toEqual([]);
    expect(await listAll(catalog, "org_a", 1, { metadata: {} })).toEqual(["ses_3", "ses_2", "ses_1"]);
    expect(await listAll(catalog, "org_a", 1, { externalUserId: "u-1" })).toEqual(["ses_3", "ses_1"]);
    expect(await listAll(catalog, "org_a", 1, { externalUserId: "u-1", metadata: { team: "y" } })).toEqual(["ses_3"]);
  });

  rule("CAT8", "organizations with equal session ids keep apart", async (catalog) => {
    await catalog.upsertSession("org_a", session("ses_1", { title: "a" }));
    await catalog.upsertSession("org_b", session("ses_1", { title: "b", lastSeq: 99 }));
    await catalog.removeSession("org_b", "ses_1");
    expect(await only(catalog, "org_a")).toMatchObject({ title: "a" });
    expect(await only(catalog, "org_b")).toBeUndefined();
  });

  rule("CAT9", "a removed session stays away", async (catalog) => {
    await catalog.removeSession("org_a", "ses_late");
    await catalog.upsertSession("org_a", session("ses_late"));
    await catalog.upsertSession("org_a", session("ses_1", { metadata: { team: "x" } }));
    await catalog.removeSession("org_a", "ses_1");
    await catalog.removeSession("org_a", "ses_1");
    await catalog.upsertSession("org_a", session("ses_1", { lastSeq: 50 }));
    expect(await listAll(catalog, "org_a")).toEqual([]);
    expect(await listAll(catalog, "org_a", 1, { metadata: { team: "x" } })).toEqual([]);
  });

  rule("CAT10", "a position of another kind is refused", async (catalog) => {
    for (const after of ["", "nonsense", "1' or '1'='1"]) {
      await expect(catalog.listSessions("org_a", { after, limit: 1 })).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });

  rule("CAT13", "text that no database holds does not lose a session", async (catalog) => {
    const odd = "nul \0 half \ud800 pair";
    const plain = (text: string | undefined) => text?.replaceAll(/\0|\ud800/g, "\uFFFD");
    await catalog.upsertSession("org_a", session("ses_1", { title: odd, metadata: { note: odd }, externalUserId: odd }));
    const found = await only(catalog);
    expect([found?.title, found?.metadata["note"], found?.externalUserId].map(plain)).toEqual([odd, odd, odd].map(plain));
    expect(await listAll(catalog, "org_a", 1, { externalUserId: odd, metadata: { note: odd } })).toEqual(["ses_1"]);
    await catalog.addProvider("org_a", provider("prv_1", { models: [{ id: "m", name: odd }] }));
    expect(await catalog.listProviders("org_a")).toHaveLength(1);
  });

  rule("CAT14", "arguments and answers are the caller's to change", async (catalog) => {
    const given = session("ses_1", { metadata: { team: "x" } });
    await catalog.upsertSession("org_a", given);
    given.metadata["team"] = "changed";
    Object.assign((await only(catalog)) ?? {}, { title: "changed" });
    expect(await only(catalog)).toStrictEqual(session("ses_1", { metadata: { team: "x" } }));
  });
}

function describeReaders(rule: Rule): void {
  rule("CAT20", "a private session is listed to its readers and to who names nobody", async (catalog) => {
    await catalog.upsertSession("org_a", session("ses_1"), null);
    await catalog.upsertSession("org_a", session("ses_2"), ["usr_1", "team_1"]);
    await catalog.upsertSession("org_b", session("ses_3"), ["usr_1"]);
    const seen = async (readableBy?: readonly string[]) => {
      const { sessions } = await catalog.listSessions("org_a", { after: null, limit: 10, ...(readableBy ? { readableBy } : {}) });
      return sessions.map(({ id, visibility }) => `${id} ${visibility ?? "org"}`).toSorted();
    };
    const both = ["ses_1 org", "ses_2 private"];
    expect([await seen(), await seen(["usr_1"]), await seen(["usr_9", "team_1"])]).toEqual([both, both, both]);
    expect([await seen(["usr_2"]), await seen([])]).toEqual([["ses_1 org"], ["ses_1 org"]]);
    await catalog.upsertSession("org_a", session("ses_2"), ["usr_2"]);
    expect([await seen(["usr_1"]), await seen(["usr_2"])]).toEqual([["ses_1 org"], both]);
    await catalog.upsertSession("org_a", session("ses_2"));
    expect(await seen(["usr_1"])).toEqual(["ses_1 org", "ses_2 org"]);
  });

  rule("CAT31", "of two changes of who may read, the later one counts in whatever order they arrive", async (catalog) => {
    const seen = async () => (await catalog.listSessions("org_a", { after: null, limit: 10, readableBy: ["usr_9"] })).sessions.map(({ id }) => id);
    await catalog.upsertSession("org_a", session("ses_1"), null, 1);
    await catalog.upsertSession("org_a", session("ses_1"), ["usr_1"], 2);
    await catalog.upsertSession("org_a", session("ses_1"), null, 1);
    expect(await seen()).toEqual([]);
    await Promise.all([[3, ["usr_9"]], [5, ["usr_1"]], [4, null]].map(([revision, readers]) => catalog.upsertSession("org_a", session("ses_1"), readers as readonly string[] | null, revision as number)));
    expect(await seen()).toEqual([]);
    await catalog.upsertSession("org_a", session("ses_1", { lastSeq: 1 }), null, 6);
    expect(await seen()).toEqual(["ses_1"]);
  });

  rule("CAT21", "which sessions may be read is known also of removed ones, and of none that never was", async (catalog) => {
    await catalog.upsertSession("org_a", session("ses_1"), null);
    await catalog.upsertSession("org_a", session("ses_2"), ["usr_1"]);
    await catalog.upsertSession("org_b", session("ses_3"), null);
    await catalog.removeSession("org_a", "ses_2");
    await catalog.removeSession("org_a", "ses_4");
    const ids = ["ses_1", "ses_2", "ses_3", "ses_4", "ses_5"];
    expect((await catalog.readableSessions("org_a", ids, ["usr_1"])).toSorted()).toEqual(["ses_1", "ses_2"]);
    expect(await catalog.readableSessions("org_a", ids, ["usr_2"])).toEqual(["ses_1"]);
    expect(await catalog.readableSessions("org_a", [], ["usr_1"])).toEqual([]);
  });
}

function describeOrigins(rule: Rule): void {
  rule(["CAT22", "CAT8"], "an organization's origins are what was set last", async (catalog) => {
    expect(await catalog.clientOrigins("org_a")).toEqual([]);
    await catalog.setClientOrigins("org_a", ["https://b.example", "https://a.example"]);
    expect([await catalog.clientOrigins("org_a"), await catalog.clientOrigins("org_b")]).toEqual([["https://b.example", "https://a.example"], []]);
    await catalog.setClientOrigins("org_a", []);
    expect(await catalog.clientOrigins("org_a")).toEqual([]);
  });
}

function describePolicyRule(rule: Rule): void {
  rule(["CAT30", "CAT8"], "an organization's rule for sandboxes is what was set last", async (catalog) => {
    expect(await catalog.policyRule("org_a")).toEqual({ onMismatch: "report" });
    await catalog.setPolicyRule("org_a", { onMismatch: "stop" });
    expect([await catalog.policyRule("org_a"), await catalog.policyRule("org_b")]).toEqual([{ onMismatch: "stop" }, { onMismatch: "report" }]);
    await catalog.setPolicyRule("org_a", { onMismatch: "report" });
    expect(await catalog.policyRule("org_a")).toEqual({ onMismatch: "report" });
  });
}

function describeAnswers(rule: Rule, harness: CatalogHarness): void {
  rule(["CAT11", "CAT8"], "the first answer of a key is everybody's, in its own organization", async (catalog) => {
    expect(await catalog.findAnswer("org_a", "k")).toBeNull();
    expect(await catalog.rememberAnswer("org_a", "k", answer("first"))).toEqual(answer("first"));
    expect(await catalog.rememberAnswer("org_a", "k", answer("second"))).toEqual(answer("first"));
    expect(await catalog.findAnswer("org_a", "k")).toEqual(answer("first"));
    expect(await catalog.findAnswer("org_b", "k")).toBeNull();
    const racing = ["1", "2", "3", "4"].map((body) => catalog.rememberAnswer("org_b", "k", answer(body)));
    expect(new Set((await Promise.all(racing)).map(({ body }) => body)).size).toBe(1);
  });

  rule("CAT12", "an answer lives for a day", async (catalog) => {
    await catalog.rememberAnswer("org_a", "k", answer("first"));
    await catalog.rememberAnswer("org_a", "other", answer("other"));
    harness.advance(DAY_MS - 1);
    expect(await catalog.findAnswer("org_a", "k")).toEqual(answer("first"));
    harness.advance(1);
    expect(await catalog.findAnswer("org_a", "k")).toBeNull();
    expect(await catalog.rememberAnswer("org_a", "k", answer("second"))).toEqual(answer("second"));
    expect(await catalog.findAnswer("org_a", "k")).toEqual(answer("second"));
    expect(await catalog.findAnswer("org_a", "other")).toBeNull();
  });
}

function describeFaults(harness: CatalogHarness): void {
  const proves = createFaultProofs(harness, CATALOG_FAULTS);

  proves(["catalog:removeProvider:unknown", "CAT3"], "an unknown provider is not found", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.removeProvider("org_a", "prv_unknown"));
  });

  proves(["catalog:addProvider:taken", "CAT2"], "a taken name is a conflict", async ({ subject, arm, failsAsCatalogued }) => {
    await subject.addProvider("org_a", provider("prv_1"));
    await arm();
    await failsAsCatalogued(() => subject.addProvider("org_a", provider("prv_1")));
  });

  proves("catalog:upsertSession:disk-full", "nothing is stored, and the same summary can be sent again", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.upsertSession("org_a", session("ses_1")));
    expect(await only(subject)).toBeUndefined();
    await subject.upsertSession("org_a", session("ses_1"));
    expect(await only(subject)).toStrictEqual(session("ses_1"));
  });

  proves("catalog:upsertSession:answer-lost", "the same summary settles an unknown outcome", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.upsertSession("org_a", session("ses_1")));
    await subject.upsertSession("org_a", session("ses_1"));
    expect(await only(subject)).toStrictEqual(session("ses_1"));
  });

  proves("catalog:addProvider:answer-lost", "the caller is told not to repeat it", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.addProvider("org_a", provider("prv_1")));
    expect(await subject.listProviders("org_a")).toStrictEqual([provider("prv_1")]);
  });

  const reads = [
    ["catalog:listSessions:down", (subject: Catalog) => subject.listSessions("org_a", { after: null, limit: 1 })],
    ["catalog:listSessions:cut", (subject: Catalog) => subject.listSessions("org_a", { after: null, limit: 1 })],
    ["catalog:listSessions:foreign-position", (subject: Catalog) => subject.listSessions("org_a", { after: "nonsense", limit: 1 })],
    ["catalog:listProviders:refused", (subject: Catalog) => subject.listProviders("org_a")],
    ["catalog:findEnvironment:down", (subject: Catalog) => subject.findEnvironment("org_a", "env_1")],
  ] as const;
  for (const [id, call] of reads) {
    proves(id, "the call fails as a whole, and the next one answers", async ({ subject, arm, failsAsCatalogued }) => {
      await subject.upsertSession("org_a", session("ses_1"));
      await arm();
      await failsAsCatalogued(() => call(subject));
      expect(await listAll(subject, "org_a")).toEqual(["ses_1"]);
    });
  }

  proves(["catalog:rememberAnswer:duplicate", "CAT11"], "a repeated answer is the first one", async ({ subject, arm }) => {
    await arm();
    expect(await subject.rememberAnswer("org_a", "k", answer("first"))).toEqual(answer("first"));
    expect(await subject.rememberAnswer("org_a", "k", answer("second"))).toEqual(answer("first"));
  });

  proves(["catalog:upsertSession:stale-version", "CAT5"], "an older summary changes nothing", async ({ subject, arm }) => {
    await subject.upsertSession("org_a", session("ses_1", { lastSeq: 5 }));
    await arm();
    await subject.upsertSession("org_a", session("ses_1", { lastSeq: 4, title: "old" }));
    expect(await only(subject)).toStrictEqual(session("ses_1", { lastSeq: 5 }));
  });

  proves("catalog:upsertSession:slow", "a slow one is stored like any other", async ({ subject, arm }) => {
    await arm();
    await subject.upsertSession("org_a", session("ses_1"));
    expect(await only(subject)).toStrictEqual(session("ses_1"));
  });
}
