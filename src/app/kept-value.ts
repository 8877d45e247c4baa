/** Values in the vault that a row of the catalog names: kept together, and told apart when one of them cannot be had. */
import { isPortError } from "../core/kernel/port-error.ts";
import type { Services } from "./services.ts";

export interface KeptValue {
  readonly orgId: string;
  /** In the vault; null where there is nothing to keep. */
  readonly secretName: string | null;
  readonly value: string | undefined;
}

/** Keeps the value and then what names it. @throws what either throws; a value that nothing names then is taken back */
export async function keepNamed(vault: Services["vault"], { orgId, secretName, value }: KeptValue, name: () => Promise<void>): Promise<void> {
  try {
    if (secretName !== null && value !== undefined) await vault.put(orgId, secretName, value);
    await name();
  } catch (error) {
    // Nothing names the value then. Whether it could be taken back does not change what is answered.
    const isUnnamed = isPortError(error) && (error.port === "secret-vault" || error.outcome === "not-applied");
    if (isUnnamed && secretName !== null) await vault.delete(orgId, secretName).catch(() => undefined);
    throw error;
  }
}

/** The catalog has something of that name. */
export function isTaken(error: unknown): boolean {
  return isPortError(error) && error.port === "catalog" && error.code === "already-exists";
}

/** Looking it up failed: for good, since the vault cannot read it, or for now. @throws what is no error of a port */
export function whyNotHad(error: unknown): "unreadable" | "unreachable" {
  if (!isPortError(error)) throw error;
  const isBroken = error.code === "not-found" || error.code === "failed-precondition" || error.code === "internal";
  return error.port === "secret-vault" && isBroken ? "unreadable" : "unreachable";
}
