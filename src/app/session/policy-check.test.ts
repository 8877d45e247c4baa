/** All parts are asked, each speaks for itself, and one that does not answer matches nothing. */
import type { PolicyFact, SandboxMeasurement, Workspace } from "@berth/protocol";
import { expect, test } from "vitest";
import type { Ledger } from "../../ports/ledger/ledger.port.ts";
import { InMemoryCatalog } from "../../ports/catalog/catalog.fake.ts";
import { InMemoryLedger } from "../../ports/ledger/ledger.fake.ts";
import { InMemorySandboxProvider } from "../../ports/sandbox/sandbox.fake.ts";
import { specOf, started } from "../../ports/sandbox/sandbox-kit.contract.ts";
import type { SandboxProvider } from "../../ports/sandbox/sandbox.port.ts";
import { checkPolicy, stopsOnMismatch } from "./policy-check.ts";

const NOW = Date.UTC(2026, 0, 2);
const STATE = { orgId: "org_1", sessionId: "ses_policy", workspace: { kind: "empty" }, createdBy: { kind: "user", id: "usr_1" }, createdByUserId: "usr_1", lastUserId: "usr_1", run: null } as const;
const INSIDE: SandboxMeasurement = {
  network: { interfaces: ["lo"], defaultRoute: false, reached: [] },
  writable: ["/workspace"],
  readOnly: [],
  capabilities: [],
  noNewPrivileges: true,
  secrets: [],
  token: { allowed: ["/v1/sandbox/checkpoint-blobs"], refused: ["/v1/me"] },
  git: { branch: "main", remotes: [], credentials: [] },
};

async function facts(change: { readonly workspace?: Workspace; readonly ledger?: Ledger; readonly provider?: SandboxProvider; readonly measurement?: SandboxMeasurement; readonly catalog?: InMemoryCatalog } = {}): Promise<readonly PolicyFact[]> {
  const provider = change.provider ?? new InMemorySandboxProvider({ now: () => NOW });
  const id = await started(provider, specOf("policy"));
  const ledger = change.ledger ?? new InMemoryLedger({ now: () => NOW });
  const timers = { now: () => NOW, after: () => undefined };
  const ports = { sandboxes: new Map([[provider.backend, provider]]), ledgerOf: () => ledger, timers, catalog: change.catalog ?? new InMemoryCatalog({ now: () => NOW }) };
  return checkPolicy(ports, { ...STATE, workspace: change.workspace ?? STATE.workspace }, { type: "check-policy", id, epoch: 1, backend: provider.backend, measurement: change.measurement ?? INSIDE });
}

const brief = (found: readonly PolicyFact[]): string[] => found.map(({ name, by, verdict }) => `${name} by ${by.split(/[ ,]/).slice(0, 2).join(" ")}: ${verdict}`);

async function capped(): Promise<InMemoryLedger> {
  const ledger = new InMemoryLedger({ now: () => NOW });
  await ledger.setCap({ scope: "org", subject: null, unit: "cost" }, 1_000_000);
  await ledger.setCap({ scope: "user", subject: null, unit: "tokens" }, 10);
  // In place of the general one.
  await ledger.setCap({ scope: "user", subject: "usr_1", unit: "tokens" }, 500);
  await ledger.setCap({ scope: "user", subject: "usr_2", unit: "compute" }, 1);
  return ledger;
}

test("[POL1] each enforcing part and the runtime have a fact of their own", async () => {
  expect(brief(await facts())).toEqual([
    "isolation by the fake: match",
    "egress by the fake: match",
    "mounts by the fake: match",
    "capabilities by the fake: match",
    "egress by the runtime: match",
    "mounts by the runtime: match",
    "capabilities by the runtime: match",
    "secrets by the runtime: match",
    "tokenScopes by the runtime: match",
    "branchPrefix by the runtime: match",
    "caps by the organization's: match",
  ]);
});

test("[POL7] on a repository the broker's rule is asked about pushes that nobody makes", async () => {
  const found = await facts({ workspace: { kind: "repo", url: "https://git.example.com/a/b" } });
  expect(found.filter(({ name }) => name === "branchPrefix").map(({ declared, measured, verdict }) => [declared, measured, verdict])).toEqual([
    ["branches below berth/ses_policy/", "accepted: refs/heads/berth/ses_policy/work; refused: refs/heads/main, refs/heads/berth/ses_other/work, refs/tags/v1", "match"],
    ["branches below berth/ses_policy/, through the broker, with the session's token", "on main; remotes: none; credentials of its own: none", "match"],
  ]);
});

test("[POL8] the ledger is asked for more than each cap that holds for the session, and nothing is reserved", async () => {
  const ledger = await capped();
  const caps = (await facts({ ledger })).find(({ name }) => name === "caps");
  expect(caps).toMatchObject({ verdict: "match", declared: "org.cost at most 1000000, user.tokens.usr_1 at most 500", measured: "more than that is refused: org.cost, user.tokens.usr_1" });
  expect(await ledger.spent({})).toMatchObject({ reservedCostMicros: 0, reservedTokens: 0 });
});

test("[POL8] a ledger that shows a cap and does not hold it is a mismatch", async () => {
  const real = await capped();
  const lifted: Ledger = Object.assign(Object.create(real) as Ledger, { standing: (query: { nowMs?: number }) => real.standing(query), ask: async () => ({ granted: true }) as const });
  const caps = (await facts({ ledger: lifted })).find(({ name }) => name === "caps");
  expect(caps).toMatchObject({ verdict: "mismatch", differences: ["The ledger grants more than the cap allows: org.cost at most 1000000.", "The ledger grants more than the cap allows: user.tokens.usr_1 at most 500."] });
});

test("[POL10] a backend and a ledger that do not answer leave their facts unmeasured", async () => {
  const provider = new InMemorySandboxProvider({ now: () => NOW });
  const silent: SandboxProvider = Object.assign(Object.create(provider) as SandboxProvider, {
    describePolicy: () => Promise.reject(new Error("away")),
    create: (spec: Parameters<SandboxProvider["create"]>[0]) => provider.create(spec),
    describe: (id: string) => provider.describe(id),
  });
  const ledger = Object.assign(Object.create(new InMemoryLedger({ now: () => NOW })) as Ledger, { standing: () => Promise.reject(new Error("away")) });
  const found = await facts({ provider: silent, ledger, measurement: {} });
  expect(new Set(found.map(({ verdict }) => verdict))).toEqual(new Set(["unmeasured"]));
  expect(found.map(({ name }) => name)).toEqual(["isolation", "egress", "mounts", "capabilities", "secrets", "tokenScopes", "caps"]);
});

test("[POL12] a mismatch stops where the organization says so, and where what it says cannot be read", async () => {
  const catalog = new InMemoryCatalog({ now: () => NOW });
  expect(await stopsOnMismatch(catalog, "org_1")).toBe(false);
  await catalog.setPolicyRule("org_1", { onMismatch: "stop" });
  expect([await stopsOnMismatch(catalog, "org_1"), await stopsOnMismatch(catalog, "org_2")]).toEqual([true, false]);
  expect(await stopsOnMismatch({ policyRule: () => Promise.reject(new Error("away")) }, "org_2")).toBe(true);
});

test("[POL13] the runtime cannot say which namespaces are the machine's, nor speak for the backend", async () => {
  const found = await facts({ measurement: { ...INSIDE, namespaces: ["pid", "net"], writable: ["/workspace", "/host"] } });
  expect(brief(found).slice(0, 7)).toEqual([
    "isolation by the fake: match",
    "egress by the fake: match",
    "mounts by the fake: match",
    "capabilities by the fake: match",
    "egress by the runtime: match",
    "mounts by the runtime: mismatch",
    "capabilities by the runtime: match",
  ]);
});

test("[SCR7][POL9] a secret that a person marked readable may be there, any other is a mismatch, and while nobody can tell nothing is claimed", async () => {
  const catalog = new InMemoryCatalog({ now: () => NOW });
  const secret = { id: "sec_1", name: "API_TOKEN", scope: "org", scopeOf: "", readableByAgent: true, hosts: [], secretName: "session/sec_1", createdAtMs: NOW, lastUsedAtMs: null } as const;
  await catalog.addSecret("org_1", secret);
  await catalog.addSecret("org_1", { ...secret, id: "sec_2", name: "HIDDEN", readableByAgent: false });
  const of = async (found: string, from = catalog): Promise<readonly PolicyFact[]> => (await facts({ catalog: from, measurement: { ...INSIDE, secrets: [found] } })).filter(({ name }) => name === "secrets");
  expect(await of("API_TOKEN, marked readable by the agent")).toMatchObject([{ verdict: "match", declared: "the session's own token, API_TOKEN, marked readable by the agent" }]);
  expect(await of("HIDDEN, marked readable by the agent")).toMatchObject([{ verdict: "mismatch" }]);
  const away = new InMemoryCatalog({ now: () => NOW });
  away.listSecrets = () => Promise.reject(new Error("the database is away"));
  expect(await of("API_TOKEN, marked readable by the agent", away)).toEqual([]);
});

test("[SCR2][POL9] a person's own is told without its name to those who read the policy, and another person's is a mismatch", async () => {
  const catalog = new InMemoryCatalog({ now: () => NOW });
  const secret = { id: "sec_1", name: "SHARED", scope: "org", scopeOf: "", readableByAgent: true, hosts: [], secretName: "session/sec_1", createdAtMs: NOW, lastUsedAtMs: null } as const;
  await catalog.addSecret("org_1", secret);
  const of = async (...found: string[]): Promise<readonly PolicyFact[]> => {
    const secrets = found.map((name) => `${name}, marked readable by the agent`);
    return (await facts({ catalog, measurement: { ...INSIDE, secrets } })).filter(({ name }) => name === "secrets");
  };
  await catalog.addSecret("org_1", { ...secret, id: "sec_2", name: "OTHERS_OWN", scope: "user", scopeOf: "usr_2" });
  const others = await of("SHARED", "OTHERS_OWN");
  await catalog.addSecret("org_1", { ...secret, id: "sec_3", name: "MAKERS_OWN", scope: "user", scopeOf: "usr_1" });
  const makers = await of("SHARED", "MAKERS_OWN");
  expect([others, makers].map(([fact]) => fact?.verdict)).toEqual(["mismatch", "match"]);
  expect(JSON.stringify([others, makers])).not.toMatch(/OTHERS_OWN|MAKERS_OWN/);
});
