/** What every catalog keeps of an organization's secrets for sessions. Registered by the contract of the port. */
import type { SecretUse } from "@berth/protocol";
import { expect } from "vitest";
import type { Rule } from "./catalog.contract.ts";
import type { PortError } from "../../core/kernel/port-error.ts";
import { KEPT, SECRETS_MAX, type Catalog, type SessionSecretRecord } from "./catalog.port.ts";

const START = Date.parse("2026-11-20T10:00:00.000Z");

function secret(id: string, over: Partial<SessionSecretRecord> = {}): SessionSecretRecord {
  return {
    id,
    name: `NAME_${id.toUpperCase()}`,
    scope: "org",
    scopeOf: "",
    readableByAgent: false,
    hosts: [{ host: "api.example.com", header: "Authorization", prefix: "Bearer " }],
    secretName: `session/${id}`,
    createdAtMs: START,
    lastUsedAtMs: null,
    ...over,
  };
}

function use(id: string, secretId: string, ms: number, over: Partial<SecretUse> = {}): SecretUse {
  return { id, secretId, sessionId: "ses_1", userId: "usr_1", host: "api.example.com", at: new Date(START + ms).toISOString(), ...over };
}

async function usesOf(catalog: Catalog, orgId: string, secretId: string, limit: number): Promise<SecretUse[]> {
  const found: SecretUse[] = [];
  let after: string | null = null;
  do {
    const page = await catalog.listSecretUses(orgId, { secretId, after, limit });
    found.push(...page.uses);
    after = page.next;
  } while (after !== null);
  return found;
}

export function describeSecrets(rule: Rule): void {
  rule("CAT23", "secrets are listed as added, oldest first", async (catalog) => {
    const late = secret("sec_1", { createdAtMs: START + 5, scope: "repo", scopeOf: "git.example/team/app" });
    const early = secret("sec_2", { readableByAgent: true, hosts: [], scope: "user", scopeOf: "usr_1" });
    await catalog.addSecret("org_a", late);
    await catalog.addSecret("org_a", early);
    expect(await catalog.listSecrets("org_a")).toStrictEqual([early, late]);
  });

  rule("CAT23", "a name that its scope has is refused and the first stays; another scope may have it", async (catalog) => {
    const first = secret("sec_1");
    await catalog.addSecret("org_a", first);
    for (const second of [secret("sec_2", { name: first.name }), secret("sec_1", { name: "OTHER" })]) {
      await expect(catalog.addSecret("org_a", second)).rejects.toMatchObject({ code: "already-exists", outcome: "not-applied" });
    }
    await catalog.addSecret("org_a", secret("sec_3", { name: first.name, scope: "user", scopeOf: "usr_1" }));
    await catalog.addSecret("org_a", secret("sec_4", { name: first.name, scope: "user", scopeOf: "usr_2" }));
    expect((await catalog.listSecrets("org_a")).map(({ id }) => id)).toEqual(["sec_1", "sec_3", "sec_4"]);
  });

  rule("CAT32", "only those are listed that are within reach", async (catalog) => {
    const places = [["org", ""], ["repo", "git.example/team/app"], ["repo", "git.example/team/lib"], ["user", "usr_1"], ["user", "usr_2"], ["environment", "env_1"], ["environment", "env_2"]] as const;
    for (const [at, [scope, scopeOf]] of places.entries()) await catalog.addSecret("org_a", secret(`sec_${at}`, { scope, scopeOf }));
    await catalog.addSecret("org_b", secret("sec_9"));
    const within = async (userId: string | null, repositories: readonly string[] = [], environmentId: string | null = null) => (await catalog.listSecrets("org_a", { userId, repositories, environmentId })).map(({ id }) => id);
    expect(await within(null)).toEqual(["sec_0"]);
    expect(await within("usr_1", ["git.example/team/app"])).toEqual(["sec_0", "sec_1", "sec_3"]);
    expect(await within(null, [], "env_1")).toEqual(["sec_0", "sec_5"]);
    expect(await within("", [""], "")).toEqual(["sec_0"]);
    expect(await catalog.listSecrets("org_a")).toHaveLength(7);
  });

  rule("CAT32", "a scope holds so many secrets and no more, also of those added at once", async (catalog) => {
    const add = (id: string, scopeOf = "usr_1") => catalog.addSecret("org_a", secret(id, { name: id.toUpperCase(), scope: "user", scopeOf }));
    for (let n = 3; n < SECRETS_MAX; n++) await add(`sec_${n}`);
    const answers = await Promise.allSettled(["a", "b", "c", "d", "e", "f"].map((id) => add(`sec_${id}`)));
    const refusals = answers.flatMap((answer) => (answer.status === "rejected" ? [(answer.reason as PortError).code] : []));
    expect(refusals).toEqual(["resource-exhausted", "resource-exhausted", "resource-exhausted"]);
    await add("sec_other", "usr_2");
    expect(await catalog.listSecrets("org_a")).toHaveLength(SECRETS_MAX + 1);
  });

  rule("CAT33", "uses that are too many or too old go", async (catalog) => {
    await catalog.addSecret("org_a", secret("sec_1"));
    const old = [use("use_old", "sec_1", -KEPT.usesMs), use("use_other", "sec_2", -KEPT.usesMs)];
    await catalog.addSecretUses("org_a", old);
    for (let n = 0; n < KEPT.usesOfSecret; n += 1_000) await catalog.addSecretUses("org_a", Array.from({ length: 1_000 }, (_, at) => use(`use_${n + at}`, "sec_1", n + at)));
    for (let n = 0; n < 100; n++) await catalog.addSecretUses("org_a", [use(`use_new_${n}`, "sec_1", KEPT.usesOfSecret + n)]);
    const seen = await usesOf(catalog, "org_a", "sec_1", 5_000);
    expect([seen[0]?.id, seen.length <= KEPT.usesOfSecret + 100, seen.length >= KEPT.usesOfSecret, seen.some(({ id }) => id === "use_old")]).toEqual(["use_new_99", true, true, false]);
    expect(await usesOf(catalog, "org_a", "sec_2", 10)).toHaveLength(1);
  });

  rule(["CAT24", "CAT8"], "a secret is removed once, and seen and removed by its own organization only", async (catalog) => {
    const mine = secret("sec_1");
    await catalog.addSecret("org_a", mine);
    await catalog.addSecret("org_b", mine);
    expect(await catalog.listSecrets("org_c")).toEqual([]);
    await expect(catalog.removeSecret("org_c", "sec_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.removeSecret("org_a", "sec_1")).toStrictEqual(mine);
    await expect(catalog.removeSecret("org_a", "sec_1")).rejects.toMatchObject({ code: "not-found" });
    expect(await catalog.listSecrets("org_b")).toStrictEqual([mine]);
  });

  rule(["CAT25", "CAT8"], "uses are listed newest first, page by page, and move the time of the last one forward only", async (catalog) => {
    await catalog.addSecret("org_a", secret("sec_1"));
    await catalog.addSecret("org_a", secret("sec_2"));
    await catalog.addSecret("org_b", secret("sec_1"));
    const [first, second, third] = [use("use_1", "sec_1", 1), use("use_2", "sec_1", 5, { host: null, userId: null }), use("use_3", "sec_1", 3)];
    await catalog.addSecretUses("org_a", [first, use("use_9", "sec_2", 1)]);
    await catalog.addSecretUses("org_a", [second]);
    await catalog.addSecretUses("org_a", [third]);
    await catalog.addSecretUses("org_a", [{ ...third, host: "elsewhere.example.com" }]);
    await catalog.addSecretUses("org_a", []);
    for (const limit of [1, 2, 10]) expect(await usesOf(catalog, "org_a", "sec_1", limit)).toStrictEqual([second, third, first]);
    expect((await catalog.listSecrets("org_a")).map(({ lastUsedAtMs }) => lastUsedAtMs)).toEqual([START + 5, START + 1]);
    expect([await usesOf(catalog, "org_b", "sec_1", 10), (await catalog.listSecrets("org_b"))[0]?.lastUsedAtMs]).toEqual([[], null]);
    await catalog.removeSecret("org_a", "sec_1");
    expect(await usesOf(catalog, "org_a", "sec_1", 10)).toHaveLength(3);
    await expect(catalog.listSecretUses("org_a", { secretId: "sec_1", after: "nonsense", limit: 1 })).rejects.toMatchObject({ code: "invalid-argument" });
  });
}
