/** Secrets in a vault of 1Password, by way of a Connect server that the operator runs. */
import type { SecretVault } from "../../ports/secret-vault/secret-vault.port.ts";
import { ConnectClient, type ConnectServer } from "./onepassword/connect-client.ts";
import { createItemVault, type ItemVaultDeps } from "./onepassword/item-vault.ts";

export interface OnePasswordVaultDeps extends Omit<ItemVaultDeps, "storeFor"> {
  readonly server: ConnectServer;
}

export function createOnePasswordVault({ server, ...deps }: OnePasswordVaultDeps): SecretVault {
  return createItemVault({ ...deps, storeFor: (operation) => new ConnectClient(server, operation) });
}
