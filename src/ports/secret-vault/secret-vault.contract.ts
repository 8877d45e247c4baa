/** What every vault keeps; run by each implementation. VLT7 and what lies in storage are shown by each adapter's own tests. */
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { createFaultProofs } from "@berth/testkit/fault-proof";
import { describe, expect } from "vitest";
import { SECRET_VAULT_FAULTS } from "./secret-vault.faults.ts";
import type { SecretVault } from "./secret-vault.port.ts";

export interface SecretVaultHarness extends ContractHarness<SecretVault> {
  /** The subject's clock; every test begins at 0 and moves it on. */
  readonly clock: { nowMs: number };
}

const VALUE = "sk-example-0123456789";

export function describeSecretVaultContract(harness: SecretVaultHarness): void {
  describe(`secret-vault contract: ${harness.name}`, () => {
    describeRules(harness);
    describeKeys(harness);
    describeFaults(harness);
  });
}

function describeRules(harness: SecretVaultHarness): void {
  const rule = (ids: string | string[], sentence: string, body: (vault: SecretVault) => Promise<void>) =>
    verifiesOn(harness, ids, sentence, async () => {
      harness.clock.nowMs = 0;
      try {
        await body(await harness.create());
      } finally {
        await harness.dispose?.();
      }
    });

  rule("VLT1", "a value is used as it was put", async (vault) => {
    for (const value of [VALUE, "", "ключ 🛥 \0 \n", "x".repeat(100_000)]) {
      await vault.put("org_a", "name", value);
      expect(await vault.use("org_a", "name")).toBe(value);
    }
  });

  rule("VLT2", "each put is a new version of the same secret", async (vault) => {
    harness.clock.nowMs = 1_000;
    expect(await vault.put("org_a", "name", "one")).toEqual({ name: "name", version: 1, createdAtMs: 1_000, rotatedAtMs: null });
    harness.clock.nowMs = 2_000;
    expect(await vault.put("org_a", "name", "two")).toEqual({ name: "name", version: 2, createdAtMs: 1_000, rotatedAtMs: 2_000 });
    expect(await vault.use("org_a", "name")).toBe("two");
  });

  rule("VLT2", "puts at once get versions of their own, and the highest is used", async (vault) => {
    const values = ["a", "b", "c", "d", "e"];
    const records = await Promise.all(values.map((value) => vault.put("org_a", "fresh", value)));
    expect(records.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(await vault.use("org_a", "fresh")).toBe(values[records.findIndex(({ version }) => version === 5)]);
  });

  rule("VLT3", "organizations do not reach each other's secrets", async (vault) => {
    await vault.put("org_a", "name", "mine");
    await expect(vault.use("org_b", "name")).rejects.toMatchObject({ code: "not-found" });
    await expect(vault.rotate("org_b", "name")).rejects.toMatchObject({ code: "not-found" });
    await vault.delete("org_b", "name");
    expect(await vault.list("org_b")).toEqual([]);
    await vault.put("org_b", "name", "theirs");
    expect([await vault.use("org_a", "name"), await vault.use("org_b", "name")]).toEqual(["mine", "theirs"]);
  });

  rule("VLT4", "names are listed in order, without values", async (vault) => {
    await vault.put("org_a", "provider/b", VALUE);
    await vault.put("org_a", "provider/a", VALUE);
    const records = await vault.list("org_a");
    expect(records.map(({ name }) => name)).toEqual(["provider/a", "provider/b"]);
    expect(JSON.stringify(records)).not.toContain(VALUE);
  });

  rule("VLT5", "rotation keeps value and version", async (vault) => {
    const before = await vault.put("org_a", "name", VALUE);
    harness.clock.nowMs = 5_000;
    expect(await vault.rotate("org_a", "name")).toEqual({ ...before, rotatedAtMs: 5_000 });
    expect(await vault.use("org_a", "name")).toBe(VALUE);
    expect(await vault.list("org_a")).toEqual([{ ...before, rotatedAtMs: 5_000 }]);
  });

  rule(["VLT6", "VLT3"], "a deleted secret is gone, and a new one starts again", async (vault) => {
    await vault.put("org_a", "name", "old");
    await vault.delete("org_a", "name");
    await vault.delete("org_a", "name");
    await expect(vault.use("org_a", "name")).rejects.toMatchObject({ code: "not-found" });
    expect(await vault.list("org_a")).toEqual([]);
    expect((await vault.put("org_a", "name", "new")).version).toBe(1);
  });
}

function describeKeys(harness: SecretVaultHarness): void {
  verifiesOn(harness, "VLT11", "every secret is named with its master key, in order, and no other organization's", async () => {
    const vault = await harness.create();
    try {
      for (const name of ["provider/b", "provider/a"]) await vault.put("org_a", name, VALUE);
      await vault.put("org_b", "theirs", VALUE);
      const { newest, configured, secrets } = await vault.inspect("org_a");
      expect(secrets).toEqual(["provider/a", "provider/b"].map((name) => ({ name, keyVersion: newest, state: "readable" })));
      expect(configured).toContain(newest);
      expect(await vault.inspect("org_c")).toEqual({ newest, configured, secrets: [] });
    } finally {
      await harness.dispose?.();
    }
  });
}

function describeFaults(harness: SecretVaultHarness): void {
  const proves = createFaultProofs(harness, SECRET_VAULT_FAULTS);

  const unusable = [
    ["secret-vault:use:unknown-key-version", "VLT9"],
    ["secret-vault:use:wrong-tenant", "VLT8"],
    ["secret-vault:use:tampered", "VLT8"],
    ["secret-vault:use:down", "VLT10"],
    ["secret-vault:use:cut", "VLT10"],
    ["secret-vault:use:refused", "VLT10"],
  ] as const;
  for (const [id, rule] of unusable) {
    proves([id, rule, "VLT10"], "the value is not answered, and is not in the error", async ({ subject, arm, failsAsCatalogued }) => {
      await subject.put("org_a", "name", VALUE);
      await subject.put("org_b", "name", "sk-example-theirs");
      await arm();
      const spilled: string[] = [];
      await failsAsCatalogued(() =>
        subject.use("org_a", "name").catch((error: Error) => {
          spilled.push(`${error.message} ${String(error.cause)} ${error.stack}`);
          throw error;
        }),
      );
      expect(spilled.join()).not.toContain("sk-example");
    });
  }

  proves(["secret-vault:use:unknown", "VLT3"], "an unknown secret is not found", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.use("org_a", "unknown"));
  });

  for (const id of ["secret-vault:put:contended", "secret-vault:put:disk-full"] as const) {
    proves(id, "the old value stays in use until the put is repeated", async ({ subject, arm, failsAsCatalogued }) => {
      await subject.put("org_a", "name", "old");
      await arm();
      await failsAsCatalogued(() => subject.put("org_a", "name", VALUE));
      expect(await subject.use("org_a", "name")).toBe("old");
      expect((await subject.put("org_a", "name", VALUE)).version).toBe(2);
    });
  }

  proves("secret-vault:put:answer-lost", "the same value settles an unknown outcome", async ({ subject, arm, failsAsCatalogued }) => {
    await arm();
    await failsAsCatalogued(() => subject.put("org_a", "name", VALUE));
    await subject.put("org_a", "name", VALUE);
    expect(await subject.use("org_a", "name")).toBe(VALUE);
  });

  proves(["secret-vault:delete:duplicate", "VLT6"], "deleting twice is deleting", async ({ subject, arm }) => {
    await subject.put("org_a", "name", VALUE);
    await arm();
    await subject.delete("org_a", "name");
    await subject.delete("org_a", "name");
    expect(await subject.list("org_a")).toEqual([]);
  });

  proves("secret-vault:use:slow", "a slow answer is the value", async ({ subject, arm }) => {
    await subject.put("org_a", "name", VALUE);
    await arm();
    expect(await subject.use("org_a", "name")).toBe(VALUE);
  });
}
