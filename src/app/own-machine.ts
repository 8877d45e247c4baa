/**
 * The machine that Berth runs on, for whom it is: its folders, the keys found on it and its git identity are used with the
 * rights of who runs Berth. Whoever signs up administers an organization, and that alone makes nobody its user.
 */
import type { LocalMachine } from "../core/machine/local-machine.ts";
import type { Services } from "./services.ts";

export type MachineServices = Pick<Services, "identity" | "machine" | "machineOrganizations">;

/** Null where there is none, or it is not that organization's. */
export async function machineOf({ identity, machine, machineOrganizations }: MachineServices, orgId: string): Promise<LocalMachine | null> {
  if (machine === null) return null;
  const own = machineOrganizations ? machineOrganizations.includes(orgId) : (await identity.firstOrganization()) === orgId;
  return own ? machine : null;
}
