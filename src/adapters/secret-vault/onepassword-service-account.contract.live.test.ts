/**
 * The contract against 1Password itself, where OP_SERVICE_ACCOUNT_TOKEN and OP_VAULT name an account and a vault; see
 * docs/runbooks/onepassword.md. By the signed calls of a real host. It empties what Berth's tests left in that vault.
 */
import { createHostServer, listen } from "@berth/sandbox-host/server";
import { openServiceAccount } from "@berth/sandbox-host/vault-items/service-account";
import { afterAll, beforeAll, describe } from "vitest";
import { describeSecretVaultContract } from "../../ports/secret-vault/secret-vault.contract.ts";
import { createServiceAccountVault } from "./onepassword-service-account.ts";

const { OP_SERVICE_ACCOUNT_TOKEN: token = "", OP_VAULT: vaultId = "" } = process.env;
const SECRET = "example-host-secret-of-at-least-32-characters";
const clock = { nowMs: 0 };

describe.runIf(token !== "")("1Password by a service account", () => {
  const vaultItems = openServiceAccount({ token, vaultId, version: "0.0.0" });
  const server = createHostServer({ providers: [], reports: [], machine: null, vaultItems, secret: SECRET, now: Date.now, log: () => undefined });
  let baseUrl = "";
  beforeAll(async () => {
    baseUrl = `http://127.0.0.1:${await listen(server, 0)}`;
  });
  afterAll(() => void server.close());

  const create = async () => {
    const host = { fetch: (url: string, init: RequestInit) => fetch(url, init), baseUrl, secret: SECRET, now: Date.now, randomBytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) };
    const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    const vault = createServiceAccountVault({ host, wait, masterKeys: new Map([[1, new Uint8Array(32).fill(1)]]), currentVersion: 1, now: () => clock.nowMs });
    for (const orgId of ["org_a", "org_b", "org_c"]) {
      for (const { name } of (await vault.inspect(orgId)).secrets) await vault.delete(orgId, name);
    }
    return vault;
  };
  describeSecretVaultContract({ name: "onepassword-service-account, live", clock, create });
});
