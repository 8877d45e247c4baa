/** The contract by the signed calls of a real sandbox host, whose 1Password is a stand-in of the SDK's client; and what lies in its vault. */
import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { createServiceAccountItems } from "@berth/sandbox-host/vault-items/service-account";
import { createHostServer, listen } from "@berth/sandbox-host/server";
import type { Item } from "@1password/sdk";
import { verifies } from "@berth/testkit";
import { expect, onTestFinished, test } from "vitest";
import { OnePasswordStandIn } from "../../../packages/sandbox-host/test/onepassword-stand-in.ts";
import { describeSecretVaultContract } from "../../ports/secret-vault/secret-vault.contract.ts";
import type { SecretVault } from "../../ports/secret-vault/secret-vault.port.ts";
import { createServiceAccountVault } from "./onepassword-service-account.ts";

const SECRET = "example-host-secret-of-at-least-32-characters";
const VALUE = "sk-example-0123456789";
const KEYS = new Map([
  [1, new Uint8Array(32).fill(1)],
  [2, new Uint8Array(32).fill(2)],
]);
const clock = { nowMs: 0 };

class Rig {
  readonly onePassword = new OnePasswordStandIn();
  readonly logged: string[] = [];
  /** Every byte that the host was sent. */
  readonly sent: string[] = [];
  #server: Server | null = null;
  #url = "";

  async open({ vaultId = this.onePassword.vaultId, withAccount = true }: { readonly vaultId?: string; readonly withAccount?: boolean } = {}): Promise<this> {
    const { connect } = this.onePassword;
    const vaultItems = withAccount ? { vaultItems: createServiceAccountItems({ connect, vaultId }) } : {};
    this.#server = createHostServer({ providers: [], reports: [], machine: null, ...vaultItems, secret: SECRET, now: Date.now, log: (entry) => void this.logged.push(JSON.stringify(entry)) });
    this.#url = `http://127.0.0.1:${await listen(this.#server, 0)}`;
    return this;
  }

  vault(masterKeys: ReadonlyMap<number, Uint8Array> = KEYS): SecretVault {
    const fetchAndNote = (url: string, init: RequestInit) => {
      this.sent.push(`${url} ${init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : ""}`);
      return fetch(url, init);
    };
    const host = { fetch: fetchAndNote, baseUrl: this.#url, secret: SECRET, now: Date.now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
    const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    return createServiceAccountVault({ host, wait, masterKeys, currentVersion: Math.max(...masterKeys.keys()), now: () => clock.nowMs });
  }

  /** The host's next answer ends in its middle. */
  cut(): void {
    this.#server?.prependOnceListener("request", (_request, response: ServerResponse) => {
      response.end = () => {
        response.write('[{"id":', () => response.destroy());
        return response;
      };
    });
  }

  async close(): Promise<void> {
    if (!this.#server?.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

let rig: Rig;
const misbehaving = (how: Parameters<OnePasswordStandIn["misbehave"]>[0]) => () => rig.onePassword.misbehave(how);
const itemOf = (orgId: string): Item => rig.onePassword.items.find(({ tags }) => tags.includes(`berth/${orgId}`))!;
const change = (item: Item, how: (sealed: Record<string, unknown>) => object): void => {
  const [field] = item.fields;
  field!.value = JSON.stringify(how(JSON.parse(field!.value) as Record<string, unknown>));
};

describeSecretVaultContract({
  name: "onepassword-service-account",
  clock,
  async create() {
    rig = await new Rig().open();
    return rig.vault();
  },
  dispose: () => rig.close(),
  inject: {
    "secret-vault:use:unknown": () => undefined,
    "secret-vault:delete:duplicate": () => undefined,
    "secret-vault:put:contended": misbehaving("overtaken"),
    "secret-vault:put:disk-full": misbehaving("limit"),
    "secret-vault:put:answer-lost": misbehaving("lost"),
    "secret-vault:use:down": () => rig.close(),
    "secret-vault:use:cut": () => rig.cut(),
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

async function opened(options?: Parameters<Rig["open"]>[0]): Promise<Rig> {
  const one = await new Rig().open(options);
  onTestFinished(() => one.close());
  return one;
}

verifies("VLT7", "neither the sandbox host nor 1Password is sent a part of the value, and the same value is never the same", async () => {
  const it = await opened();
  const { onePassword, sent } = it;
  const vault = it.vault();
  for (const name of ["a", "b"]) await vault.put("org_a", name, VALUE);
  await vault.use("org_a", "a");
  const seen = [...sent, ...onePassword.received].join();
  expect(sent.length).toBeGreaterThan(4);
  expect(seen).not.toMatch(/sk-example|0123456789/);
  expect(seen).not.toContain(Buffer.from(VALUE).toString("base64").slice(0, 20));
  const [first, second] = onePassword.items.map(({ fields }) => (JSON.parse(fields[0]!.value) as { ciphertext: string }).ciphertext);
  expect(first).not.toBe(second);
});

verifies("VLT8", "an item that a person renamed or edited does not open, and takes a new value", async () => {
  const it = await opened();
  const vault = it.vault();
  await vault.put("org_a", "a", VALUE);
  it.onePassword.items[0]!.title = "berth/org_a/b";
  await expect(vault.use("org_a", "b")).rejects.toMatchObject({ code: "internal" });
  it.onePassword.items[0]!.fields[0]!.value = "edited by hand";
  await expect(vault.use("org_a", "b")).rejects.toMatchObject({ code: "internal" });
  await vault.put("org_a", "b", "new");
  expect([await vault.use("org_a", "b"), it.onePassword.items.length]).toEqual(["new", 1]);
});

verifies(["VLT5", "VLT9", "VLT13"], "rotation moves a secret to the newest key, after which the old one may go", async () => {
  const it = await opened();
  await it.vault(new Map([[1, new Uint8Array(32).fill(1)]])).put("org_a", "a", VALUE);
  const fresh = it.vault(new Map([[2, new Uint8Array(32).fill(2)]]));
  await expect(fresh.use("org_a", "a")).rejects.toMatchObject({ code: "failed-precondition", fix: expect.stringContaining("MASTER_KEYS") });
  await it.vault().rotate("org_a", "a");
  expect(await fresh.use("org_a", "a")).toBe(VALUE);
});

verifies("VLT2", "of two Workers that write one secret at once both are kept or one is told to write again", async () => {
  const it = await opened();
  await it.vault().put("org_a", "a", "before");
  const [one, other] = [it.vault(), it.vault()];
  const outcomes = await Promise.allSettled([one.put("org_a", "a", "one"), other.put("org_a", "a", "other")]);
  const versions = outcomes.flatMap((each) => (each.status === "fulfilled" ? [each.value.version] : []));
  for (const each of outcomes) if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "failed-precondition", outcome: "not-applied", retry: "same-request" });
  expect(versions.toSorted()).toEqual([2, 3].slice(0, versions.length));
  expect((await one.put("org_a", "a", "last")).version).toBe(2 + versions.length);
});

test("an item that was put away in 1Password is as one that is not there", async () => {
  const it = await opened();
  await it.vault().put("org_a", "a", VALUE);
  it.onePassword.archived.add(it.onePassword.items[0]!.id);
  await expect(it.vault().use("org_a", "a")).rejects.toMatchObject({ code: "not-found" });
});

test("a sign-in that is over is made anew with the next call", async () => {
  const it = await opened();
  await it.vault().put("org_a", "a", VALUE);
  it.onePassword.misbehave("refuse");
  await expect(it.vault().use("org_a", "a")).rejects.toMatchObject({ code: "permission-denied", fix: expect.stringContaining("OP_SERVICE_ACCOUNT_TOKEN") });
  expect(await it.vault().use("org_a", "a")).toBe(VALUE);
  expect(it.onePassword.signIns).toBe(2);
});

test("1Password that cannot be reached is told from a host that cannot", async () => {
  const it = await opened();
  it.onePassword.misbehave("unreachable");
  const expected = { code: "unknown", outcome: "not-applied", retry: { afterMs: 500 } };
  await expect(it.vault().use("org_a", "a")).rejects.toMatchObject({ ...expected, message: expect.stringContaining("1Password cannot be reached") });
  await it.close();
  await expect(it.vault().use("org_a", "a")).rejects.toMatchObject({ ...expected, message: expect.stringContaining("sandbox host cannot be reached") });
});

test.each([
  ["another vault", { vaultId: "a".repeat(26) }, "OP_VAULT"],
  ["no service account", { withAccount: false }, "OP_SERVICE_ACCOUNT_TOKEN"],
])("with %s the operator is told which variable to look at", async (_, options, variable) => {
  const vault = (await opened(options)).vault();
  for (const call of [() => vault.use("org_a", "a"), () => vault.put("org_a", "a", VALUE), () => vault.delete("org_a", "a")]) {
    await expect(call()).rejects.toMatchObject({ code: "failed-precondition", outcome: "not-applied", fix: expect.stringContaining(variable) });
  }
});
