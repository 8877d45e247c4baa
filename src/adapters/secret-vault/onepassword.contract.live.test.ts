/** The contract against a real Connect server, where OP_CONNECT_HOST names one; see docs/runbooks/onepassword.md. It empties what Berth's tests left in that vault. */
import { describe } from "vitest";
import { describeSecretVaultContract } from "../../ports/secret-vault/secret-vault.contract.ts";
import { createOnePasswordVault } from "./onepassword.ts";

const { OP_CONNECT_HOST: url = "", OP_CONNECT_TOKEN: token = "", OP_CONNECT_VAULT: vaultId = "" } = process.env;
const clock = { nowMs: 0 };

describe.runIf(url !== "")("1Password at OP_CONNECT_HOST", () => {
  const create = async () => {
    const vault = createOnePasswordVault({
      server: { url, token, vaultId, fetch: (address, init) => fetch(address, init) },
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      masterKeys: new Map([[1, new Uint8Array(32).fill(1)]]),
      currentVersion: 1,
      now: () => clock.nowMs,
    });
    for (const orgId of ["org_a", "org_b", "org_c"]) {
      for (const { name } of (await vault.inspect(orgId)).secrets) await vault.delete(orgId, name);
    }
    return vault;
  };
  describeSecretVaultContract({ name: "onepassword, live", clock, create });
});
