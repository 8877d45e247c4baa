/** The contract against a stand-in of a Connect server, and what lies in its vault. */
import { verifies } from "@berth/testkit";
import { expect, onTestFinished, test } from "vitest";
import { describeSecretVaultContract } from "../../ports/secret-vault/secret-vault.contract.ts";
import type { SecretVault } from "../../ports/secret-vault/secret-vault.port.ts";
import type { StoredItem } from "./onepassword/connect-answers.testkit.ts";
import { startConnectStandIn, type ConnectStandIn } from "./onepassword.stand-in.testkit.ts";
import { createOnePasswordVault } from "./onepassword.ts";

const clock = { nowMs: 0 };
const KEYS = new Map([
  [1, new Uint8Array(32).fill(1)],
  [2, new Uint8Array(32).fill(2)],
]);
const VALUE = "sk-example-0123456789";
let standIn: ConnectStandIn;

function vaultOn({ url, token, vaultId }: Pick<ConnectStandIn, "url" | "token" | "vaultId">, masterKeys: ReadonlyMap<number, Uint8Array> = KEYS): SecretVault {
  const currentVersion = Math.max(...masterKeys.keys());
  const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return createOnePasswordVault({ server: { url, token, vaultId, fetch: (address, init) => fetch(address, init) }, wait, masterKeys, currentVersion, now: () => clock.nowMs });
}

const misbehaving = (how: Parameters<ConnectStandIn["misbehave"]>[0]) => () => standIn.misbehave(how);
const itemOf = (orgId: string): StoredItem => standIn.items.find(({ tags }) => tags.includes(`berth/${orgId}`))!;
const change = (item: StoredItem, how: (sealed: Record<string, unknown>) => object): void => {
  const [field] = item.fields;
  field!.value = JSON.stringify(how(JSON.parse(field!.value) as Record<string, unknown>));
};

describeSecretVaultContract({
  name: "onepassword",
  clock,
  async create() {
    standIn = await startConnectStandIn();
    return vaultOn(standIn);
  },
  dispose: () => standIn.close(),
  inject: {
    "secret-vault:use:unknown": () => undefined,
    "secret-vault:delete:duplicate": () => undefined,
    "secret-vault:put:disk-full": misbehaving("limit"),
    "secret-vault:put:answer-lost": misbehaving("lost"),
    "secret-vault:use:down": () => standIn.close(),
    "secret-vault:use:cut": misbehaving("cut"),
    "secret-vault:use:refused": misbehaving("refuse"),
    "secret-vault:use:slow": misbehaving("slow"),
    "secret-vault:use:unknown-key-version": () => change(itemOf("org_a"), (sealed) => ({ ...sealed, keyVersion: 9 })),
    "secret-vault:use:tampered": () => change(itemOf("org_a"), (sealed) => ({ ...sealed, ciphertext: Buffer.alloc(40).toString("base64") })),
    "secret-vault:use:wrong-tenant": () => {
      const [mine, theirs] = [itemOf("org_a"), itemOf("org_b")];
      // The check tells the master key of an organization, so who moves an item would move that of the place too.
      const { keyCheck } = JSON.parse(mine.fields[0]!.value) as { keyCheck: string };
      mine.fields = structuredClone(theirs.fields);
      change(mine, (sealed) => ({ ...sealed, keyCheck }));
    },
  },
});

async function opened(masterKeys?: ReadonlyMap<number, Uint8Array>): Promise<{ readonly it: ConnectStandIn; readonly vault: SecretVault }> {
  const it = await startConnectStandIn();
  onTestFinished(() => it.close());
  return { it, vault: vaultOn(it, masterKeys) };
}

verifies("VLT7", "nothing that Connect receives holds a part of the value, and the same value is never the same", async () => {
  const { it, vault } = await opened();
  for (const name of ["a", "b"]) await vault.put("org_a", name, VALUE);
  await vault.use("org_a", "a");
  expect(it.received.join()).not.toMatch(/sk-example|0123456789/);
  expect(it.received.join()).not.toContain(Buffer.from(VALUE).toString("base64").slice(0, 20));
  const [first, second] = it.items.map(({ fields }) => (JSON.parse(fields[0]!.value) as { ciphertext: string }).ciphertext);
  expect(first).not.toBe(second);
});

verifies("VLT8", "an item that a person renamed or edited does not open, and takes a new value", async () => {
  const { it, vault } = await opened();
  await vault.put("org_a", "a", VALUE);
  it.items[0]!.title = "berth/org_a/b";
  await expect(vault.use("org_a", "b")).rejects.toMatchObject({ code: "internal" });
  it.items[0]!.fields[0]!.value = "edited by hand";
  await expect(vault.use("org_a", "b")).rejects.toMatchObject({ code: "internal" });
  expect((await vault.inspect("org_a")).secrets).toEqual([{ name: "b", keyVersion: 0, state: "damaged" }]);
  await vault.put("org_a", "b", "new");
  expect([await vault.use("org_a", "b"), it.items.length]).toEqual(["new", 1]);
});

verifies(["VLT5", "VLT9", "VLT13"], "rotation moves a secret to the newest key, after which the old one may go", async () => {
  const { it, vault } = await opened(new Map([[1, new Uint8Array(32).fill(1)]]));
  await vault.put("org_a", "a", VALUE);
  const fresh = vaultOn(it, new Map([[2, new Uint8Array(32).fill(2)]]));
  await expect(fresh.use("org_a", "a")).rejects.toMatchObject({ code: "failed-precondition", fix: expect.stringContaining("MASTER_KEYS") });
  await vaultOn(it).rotate("org_a", "a");
  expect(await fresh.use("org_a", "a")).toBe(VALUE);
});

verifies("VLT12", "a master key that was replaced under its version is told from a changed secret", async () => {
  const { it, vault } = await opened(new Map([[1, new Uint8Array(32).fill(1)]]));
  await vault.put("org_a", "a", VALUE);
  const wrong = vaultOn(it, new Map([[1, new Uint8Array(32).fill(9)]]));
  await expect(wrong.use("org_a", "a")).rejects.toMatchObject({ code: "failed-precondition", message: expect.stringContaining("another master key") });
});

test("of two items of one name, as of two writers that did not know of each other, the highest version counts and both are deleted", async () => {
  const { it, vault } = await opened();
  await vault.put("org_a", "a", "one");
  const [first] = structuredClone(it.items);
  await vault.put("org_a", "a", "two");
  it.items.push({ ...first!, id: "z".repeat(26) });
  expect(await vault.use("org_a", "a")).toBe("two");
  expect(await vault.list("org_a")).toMatchObject([{ version: 2 }]);
  await vault.delete("org_a", "a");
  expect(it.items).toEqual([]);
});

test.each([
  ["another token", { token: "example-other" }, "permission-denied", "OP_CONNECT_TOKEN"],
  ["another vault", { vaultId: "a".repeat(26) }, "failed-precondition", "OP_CONNECT_VAULT"],
])("with %s the operator is told which variable to look at", async (_, other, code, variable) => {
  const { it } = await opened();
  const vault = vaultOn({ ...it, ...other });
  for (const call of [() => vault.use("org_a", "a"), () => vault.put("org_a", "a", VALUE), () => vault.delete("org_a", "a")]) {
    await expect(call()).rejects.toMatchObject({ code, outcome: "not-applied", fix: expect.stringContaining(variable) });
  }
});
