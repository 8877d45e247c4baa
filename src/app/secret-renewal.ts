/**
 * Brings the secrets of all organizations under the newest master key, organization by organization, beside whatever uses
 * them. What cannot be read is named and left as it is: it becomes readable again with its key.
 */
import { isPortError } from "../core/kernel/port-error.ts";
import type { Identity } from "../ports/identity/identity.port.ts";
import type { KeyReport, SecretState, SecretVault } from "../ports/secret-vault/secret-vault.port.ts";

export interface RenewalRequest {
  /** Position of an earlier answer; null at the beginning. */
  readonly after: string | null;
  /** Organizations looked at in this step. */
  readonly limit: number;
  /** Only looks. */
  readonly look: boolean;
}

export interface UnreadableSecret {
  readonly organization: string;
  readonly name: string;
  readonly keyVersion: number;
  readonly state: Exclude<SecretState, "readable">;
}

export interface RenewalStep {
  readonly configured: readonly number[];
  readonly newest: number;
  readonly organizations: number;
  readonly renewed: number;
  /** Secrets by the version of the master key they are under once the step is over. */
  readonly under: Readonly<Record<string, number>>;
  readonly unreadable: readonly UnreadableSecret[];
  /** Position to go on from; null at the end. */
  readonly next: string | null;
}

/** @param renewedIn is told of each organization whose secrets were moved */
export async function renewSecrets({ identity, vault }: { readonly identity: Identity; readonly vault: SecretVault }, request: RenewalRequest, renewedIn: (organization: string, count: number) => Promise<void>): Promise<RenewalStep> {
  const { organizations, next } = await identity.listOrganizations({ after: request.after, limit: request.limit });
  let renewed = 0;
  const under: Record<string, number> = {};
  const unreadable: UnreadableSecret[] = [];
  // What is configured is told also where there is no organization yet.
  let report: KeyReport = await vault.inspect(organizations[0]?.id ?? "none");
  for (const { id: organization } of organizations) {
    report = await vault.inspect(organization);
    if (!request.look) {
      const stale = report.secrets.filter(({ state, keyVersion }) => state === "readable" && keyVersion !== report.newest);
      let count = 0;
      for (const { name } of stale) count += await renew(vault, organization, name);
      if (count > 0) await renewedIn(organization, count);
      renewed += count;
      if (stale.length > 0) report = await vault.inspect(organization);
    }
    for (const { name, keyVersion, state } of report.secrets) {
      under[keyVersion] = (under[keyVersion] ?? 0) + 1;
      if (state !== "readable") unreadable.push({ organization, name, keyVersion, state });
    }
  }
  return { configured: report.configured, newest: report.newest, organizations: organizations.length, renewed, under, unreadable, next };
}

async function renew(vault: SecretVault, organization: string, name: string): Promise<number> {
  try {
    await vault.rotate(organization, name);
    return 1;
  } catch (error) {
    // Deleted since it was listed.
    if (isPortError(error) && error.code === "not-found") return 0;
    throw error;
  }
}
