/** Seals and opens secrets under the configured master keys, wherever what is sealed is kept, and says why one does not open. */
import { invariant } from "../../core/kernel/assert.ts";
import { PortError, type PortErrorCode } from "../../core/kernel/port-error.ts";
import type { KeyReport, SecretState } from "../../ports/secret-vault/secret-vault.port.ts";
import { isUnder, open, seal, type Envelope, type SealedEnvelope, type SecretPlace } from "./envelope.ts";

export interface VaultKeys {
  /** Key version → 32 random bytes or more. Keep an old one until every secret under it was rotated. */
  readonly masterKeys: ReadonlyMap<number, Uint8Array>;
  /** The version that new secrets are encrypted under. */
  readonly currentVersion: number;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
}

/** What is kept of a secret. Older ones have no check. */
export type SealedRow = SecretPlace & Envelope & { readonly keyCheck: Uint8Array | null };

interface Sealer {
  seal(place: SecretPlace, value: string): Promise<SealedEnvelope>;
  stateOf(row: SealedRow): Promise<SecretState>;
  /** @throws PortError `failed-precondition`, `internal` */
  reveal(operation: string, row: SealedRow): Promise<string>;
  /** Without the secrets themselves. */
  report(): Omit<KeyReport, "secrets">;
}

export function createSealer({ masterKeys, currentVersion }: VaultKeys): Sealer {
  const current = masterKeys.get(currentVersion);
  invariant(current, `the vault's current key version ${currentVersion} has no master key`);
  for (const [version, key] of masterKeys) invariant(key.length >= 32, `master key ${version} is shorter than 32 bytes`);

  const tryOpen = async (row: SealedRow): Promise<{ readonly state: "readable"; readonly value: string } | { readonly state: Exclude<SecretState, "readable"> }> => {
    const master = masterKeys.get(row.keyVersion);
    if (!master) return { state: "key-missing" };
    if (!(await isUnder(master, row.orgId, row.keyCheck))) return { state: "key-wrong" };
    const value = await open(master, row, row);
    return value === null ? { state: "damaged" } : { state: "readable", value };
  };

  return {
    seal: (place, value) => seal(current, currentVersion, place, value),
    stateOf: async (row) => (await tryOpen(row)).state,
    reveal: async (operation, row) => {
      const opened = await tryOpen(row);
      if (opened.state === "readable") return opened.value;
      throw unreadable(operation, opened.state, row.keyVersion);
    },
    report: () => ({ configured: [...masterKeys.keys()].sort((a, b) => a - b), newest: currentVersion }),
  };
}

export function missing(operation: string): never {
  throw refused(operation, "not-found", "There is no such secret.");
}

export function damaged(operation: string): PortError {
  return refused(operation, "internal", "The stored secret was changed or does not belong here.");
}

function unreadable(operation: string, state: Exclude<SecretState, "readable">, keyVersion: number): PortError {
  if (state === "damaged") return damaged(operation);
  const absent = `The secret is under master key ${keyVersion}, which is not configured.`;
  const wrong = `The secret is under another master key than the one that is configured as ${keyVersion}.`;
  return refused(operation, "failed-precondition", state === "key-missing" ? absent : wrong, "Configure that master key again in MASTER_KEYS, or enter the secret again.");
}

function refused(operation: string, code: PortErrorCode, message: string, fix?: string): PortError {
  return new PortError({ port: "secret-vault", operation, code, outcome: "not-applied", retry: "never", message, ...(fix === undefined ? {} : { fix }) });
}
