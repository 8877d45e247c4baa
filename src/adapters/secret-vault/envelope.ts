/**
 * Encryption of one secret. Rules: AES-256-GCM under a key derived from a master key by HKDF-SHA256 with the organization
 * as salt, so that no organization's key opens another's; a fresh nonce each time; organization, name, version and key
 * version are authenticated with the text, so that a row opens only where it was made; a check beside it tells a wrong
 * master key from a row that was changed.
 */

export interface Envelope {
  readonly keyVersion: number;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export interface SealedEnvelope extends Envelope {
  /** The same for every secret that the organization has under this master key, and tells nothing of the key. */
  readonly keyCheck: Uint8Array;
}

/** Where a secret belongs. */
export interface SecretPlace {
  readonly orgId: string;
  readonly name: string;
  readonly version: number;
}

const PURPOSE = "berth/secret-vault/v1";
const CHECK_PURPOSE = "berth/secret-vault/key-check/v1";
const CHECK_BITS = 64;
const NONCE_BYTES = 12;
const utf8 = new TextEncoder();

const hkdf = (orgId: string, purpose: string) => ({ name: "HKDF", hash: "SHA-256", salt: utf8.encode(orgId), info: utf8.encode(purpose) });

async function deriveKey(master: Uint8Array, orgId: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", new Uint8Array(master), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    hkdf(orgId, PURPOSE),
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/** Another derivation from the same master key: who reads it in the table learns nothing of the key that encrypts. */
async function deriveCheck(master: Uint8Array, orgId: string): Promise<Uint8Array> {
  const base = await crypto.subtle.importKey("raw", new Uint8Array(master), "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf(orgId, CHECK_PURPOSE), base, CHECK_BITS));
}

/** True for rows of versions that wrote no check. */
export async function isUnder(master: Uint8Array, orgId: string, keyCheck: Uint8Array | null): Promise<boolean> {
  if (keyCheck === null) return true;
  const expected = await deriveCheck(master, orgId);
  return expected.length === keyCheck.length && expected.every((byte, at) => byte === keyCheck[at]);
}

function boundTo(place: SecretPlace, keyVersion: number): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify([place.orgId, place.name, place.version, keyVersion]));
}

export async function seal(master: Uint8Array, keyVersion: number, place: SecretPlace, value: string): Promise<SealedEnvelope> {
  const key = await deriveKey(master, place.orgId);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: boundTo(place, keyVersion) },
    key,
    utf8.encode(value),
  );
  return { keyVersion, keyCheck: await deriveCheck(master, place.orgId), nonce, ciphertext: new Uint8Array(sealed) };
}

/** Null when it was changed, or made for another place or by another key. */
export async function open(master: Uint8Array, place: SecretPlace, envelope: Envelope): Promise<string | null> {
  const key = await deriveKey(master, place.orgId);
  try {
    const opened = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: new Uint8Array(envelope.nonce), additionalData: boundTo(place, envelope.keyVersion) },
      key,
      new Uint8Array(envelope.ciphertext),
    );
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(opened);
  } catch {
    return null;
  }
}
