/**
 * Secrets in a vault of 1Password, by its service account. 1Password's SDK does not start in workerd, so the sandbox host has it
 * and the account's token, and is asked over the same signed calls as for sandboxes. It gets values sealed, as 1Password does.
 */
import type { HostClientDeps } from "@berth/sandbox-host/client";
import type { SecretVault } from "../../ports/secret-vault/secret-vault.port.ts";
import { HostItems } from "./onepassword/host-items.ts";
import { createItemVault, type ItemVaultDeps } from "./onepassword/item-vault.ts";

export interface ServiceAccountVaultDeps extends Omit<ItemVaultDeps, "storeFor"> {
  readonly host: HostClientDeps;
}

export function createServiceAccountVault({ host, ...deps }: ServiceAccountVaultDeps): SecretVault {
  return createItemVault({ ...deps, storeFor: (operation) => new HostItems(host, operation) });
}
