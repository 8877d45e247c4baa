/** Secrets in memory, in the clear: for tests and for compositions that hold no real secret. */
import { FaultScript } from "../../core/kernel/fault.ts";
import { PortError } from "../../core/kernel/port-error.ts";
import { SECRET_VAULT_FAULTS } from "./secret-vault.faults.ts";
import type { KeyReport, SecretRecord, SecretVault } from "./secret-vault.port.ts";

interface Stored {
  readonly record: SecretRecord;
  readonly value: string;
  readonly keyVersion: number;
}

export class InMemorySecretVault implements SecretVault {
  readonly faults: FaultScript;
  /** Versions of the master keys it stands for, the newest last. */
  masterKeys: readonly number[] = [1];
  readonly #now: () => number;
  readonly #organizations = new Map<string, Map<string, Stored>>();

  constructor(options: { readonly now: () => number; readonly faults?: FaultScript }) {
    this.#now = options.now;
    this.faults = options.faults ?? new FaultScript(SECRET_VAULT_FAULTS);
  }

  async put(orgId: string, name: string, value: string): Promise<SecretRecord> {
    this.faults.strike("put", "before-send");
    const before = this.#of(orgId).get(name)?.record;
    const nowMs = this.#now();
    const record: SecretRecord = before
      ? { ...before, version: before.version + 1, rotatedAtMs: nowMs }
      : { name, version: 1, createdAtMs: nowMs, rotatedAtMs: null };
    this.#of(orgId).set(name, { record, value, keyVersion: this.#newest });
    this.faults.strike("put", "after-apply");
    return { ...record };
  }

  async use(orgId: string, name: string): Promise<string> {
    this.faults.strike("use", "before-send");
    this.faults.strike("use", "mid-stream");
    return this.#find("use", orgId, name).value;
  }

  async list(orgId: string): Promise<readonly SecretRecord[]> {
    const records = [...this.#of(orgId).values()].map(({ record }) => ({ ...record }));
    return records.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async rotate(orgId: string, name: string): Promise<SecretRecord> {
    const { record, value } = this.#find("rotate", orgId, name);
    const rotated = { ...record, rotatedAtMs: this.#now() };
    this.#of(orgId).set(name, { record: rotated, value, keyVersion: this.#newest });
    return { ...rotated };
  }

  async inspect(orgId: string): Promise<KeyReport> {
    const secrets = [...this.#of(orgId)].map(([name, { keyVersion }]) => ({ name, keyVersion, state: this.masterKeys.includes(keyVersion) ? "readable" as const : "key-missing" as const }));
    return { configured: [...this.masterKeys], newest: this.#newest, secrets: secrets.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  async delete(orgId: string, name: string): Promise<void> {
    this.#of(orgId).delete(name);
    const repeated = this.faults.strike("delete", "after-apply");
    if (repeated) await this.delete(orgId, name);
  }

  get #newest(): number {
    return this.masterKeys.at(-1) ?? 1;
  }

  #of(orgId: string): Map<string, Stored> {
    let secrets = this.#organizations.get(orgId);
    if (!secrets) {
      secrets = new Map();
      this.#organizations.set(orgId, secrets);
    }
    return secrets;
  }

  #find(operation: string, orgId: string, name: string): Stored {
    const found = this.#of(orgId).get(name);
    if (found) return found;
    throw new PortError({
      port: "secret-vault",
      operation,
      code: "not-found",
      outcome: "not-applied",
      retry: "never",
      message: "There is no such secret.",
    });
  }
}
