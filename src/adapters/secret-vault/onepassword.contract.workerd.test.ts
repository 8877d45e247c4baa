/** The same contract in workerd; the Connect server is a function, since there is no port to bind. */
import { describeSecretVaultContract } from "../../ports/secret-vault/secret-vault.contract.ts";
import { CONNECT_TOKEN, connectAnswer, newId, type StoredItem } from "./onepassword/connect-answers.testkit.ts";
import { createOnePasswordVault } from "./onepassword.ts";

const clock = { nowMs: 0 };

describeSecretVaultContract({
  name: "onepassword",
  clock,
  create: () => {
    const vaultId = newId();
    const items: StoredItem[] = [];
    const fetch = async (url: string, init: RequestInit) => {
      const authorization = new Headers(init.headers).get("authorization") ?? "";
      const [status, body] = connectAnswer({ method: init.method ?? "", url, authorization, body: typeof init.body === "string" ? init.body : "" }, { items, vaultId });
      return status === 204 ? new Response(null, { status }) : Response.json(body, { status });
    };
    return createOnePasswordVault({
      server: { url: "https://connect.example", token: CONNECT_TOKEN, vaultId, fetch },
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      masterKeys: new Map([[1, new Uint8Array(32).fill(1)]]),
      currentVersion: 1,
      now: () => clock.nowMs,
    });
  },
  inject: { "secret-vault:use:unknown": () => undefined, "secret-vault:delete:duplicate": () => undefined },
});
