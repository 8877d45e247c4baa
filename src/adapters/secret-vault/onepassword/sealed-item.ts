/** A secret as an item of 1Password: sealed as in a table, with the place it belongs to in the open. Pure. */
import type { SecretRecord } from "../../../ports/secret-vault/secret-vault.port.ts";
import type { SealedRow } from "../sealer.ts";
import type { FullItem, NewItem } from "./item-store.ts";

export type ItemRow = SealedRow & Omit<SecretRecord, "name" | "version">;

const FIELD = "berth-sealed";

export function titleOf(orgId: string, name: string): string {
  return `berth/${orgId}/${name}`;
}

export function tagOf(orgId: string): string {
  return `berth/${orgId}`;
}

export function nameIn({ title = "" }: FullItem, orgId: string): string {
  return title.slice(titleOf(orgId, "").length);
}

export function itemOf(row: ItemRow): NewItem {
  const { orgId, name, keyCheck, nonce, ciphertext, ...open } = row;
  const sealed = { ...open, keyCheck: keyCheck && toBase64(keyCheck), nonce: toBase64(nonce), ciphertext: toBase64(ciphertext) };
  return {
    title: titleOf(orgId, name),
    category: "API_CREDENTIAL",
    tags: [tagOf(orgId)],
    fields: [{ id: FIELD, type: "CONCEALED", label: "Sealed by Berth", value: JSON.stringify(sealed) }],
  };
}

/** Null for what nobody sealed: a person may have edited it. Whether it was sealed for this place shows when it is opened. */
export function rowOf({ fields = [] }: FullItem, orgId: string, name: string): ItemRow | null {
  try {
    const sealed = JSON.parse(fields.find(({ id }) => id === FIELD)?.value ?? "") as Record<string, unknown>;
    const [version, keyVersion, createdAtMs] = [sealed["version"], sealed["keyVersion"], sealed["createdAtMs"]].map(count);
    if (version === undefined || keyVersion === undefined || createdAtMs === undefined) return null;
    return {
      ...{ orgId, name, version, keyVersion, createdAtMs },
      rotatedAtMs: sealed["rotatedAtMs"] === null ? null : (count(sealed["rotatedAtMs"]) ?? null),
      keyCheck: sealed["keyCheck"] === null ? null : fromBase64(sealed["keyCheck"]),
      nonce: fromBase64(sealed["nonce"]),
      ciphertext: fromBase64(sealed["ciphertext"]),
    };
  } catch {
    return null;
  }
}

export function recordOf({ name, version, createdAtMs, rotatedAtMs }: ItemRow): SecretRecord {
  return { name, version, createdAtMs, rotatedAtMs };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromBase64(text: unknown): Uint8Array {
  if (typeof text !== "string") throw new TypeError("no base64");
  return new Uint8Array(Buffer.from(text, "base64"));
}
