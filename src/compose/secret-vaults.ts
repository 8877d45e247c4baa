/** Where secrets are kept: the operator's choice, once for all organizations. */
import type { HostClientDeps } from "@berth/sandbox-host/client";
import { createOnePasswordVault } from "../adapters/secret-vault/onepassword.ts";
import { createServiceAccountVault } from "../adapters/secret-vault/onepassword-service-account.ts";
import { createPostgresVault } from "../adapters/secret-vault/postgres.ts";
import type { AppDatabase } from "../db/pg/database.ts";
import type { SecretVault } from "../ports/secret-vault/secret-vault.port.ts";
import { readMasterKeys, type WorkerVars } from "./env.ts";

type Fetch = (url: string, init: RequestInit) => Promise<Response>;
type VaultVars = Pick<WorkerVars, "SECRET_VAULT" | "OP_CONNECT_HOST" | "OP_CONNECT_TOKEN" | "OP_CONNECT_VAULT" | "MASTER_KEYS">;

/** The Connect server, or null when secrets are kept elsewhere. */
export function connectUrl({ SECRET_VAULT, OP_CONNECT_HOST }: VaultVars): string | null {
  return SECRET_VAULT === "onepassword" && OP_CONNECT_HOST !== undefined ? OP_CONNECT_HOST.replace(/\/+$/, "") : null;
}

interface Ways {
  /** By a way that organizations have no part in. */
  readonly fetch: Fetch;
  readonly host: HostClientDeps;
  readonly wait: (ms: number) => Promise<void>;
}

export function secretVaultOf(vars: VaultVars, db: AppDatabase, { fetch, host, wait }: Ways): SecretVault {
  const { keys, current } = readMasterKeys(vars.MASTER_KEYS);
  const sealing = { masterKeys: keys, currentVersion: current };
  if (vars.SECRET_VAULT === "onepassword-service-account") return createServiceAccountVault({ ...sealing, wait, host });
  const url = connectUrl(vars);
  const { OP_CONNECT_TOKEN: token, OP_CONNECT_VAULT: vaultId } = vars;
  if (url === null || token === undefined || vaultId === undefined) return createPostgresVault(db, sealing);
  return createOnePasswordVault({ ...sealing, wait, server: { fetch, url, token, vaultId } });
}
