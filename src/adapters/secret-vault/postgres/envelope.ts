/**
 * Encryption of one secret. Rules: AES-256-GCM under a key derived from a master key by HKDF-SHA256 with the organization
 * as salt, so that no organization's key opens another's; a fresh nonce each time; organization, name, version and key
 * version are authenticated with the text, so that a row opens only where it was made.
 */

export interface Envelope {
  readonly keyVersion: number;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Where a secret belongs. */
export interface SecretPlace {
  readonly orgId: string;
  readonly name: string;
  readonly version: number;
}

const PURPOSE = "berth/secret-vault/v1";
const NONCE_BYTES = 12;
const utf8 = new TextEncoder();

async function deriveKey(master: Uint8Array, orgId: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", new Uint8Array(master), "HKDF", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: utf8.encode(orgId), info: utf8.encode(PURPOSE) },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

function boundTo(place: SecretPlace, keyVersion: number): Uint8Array<ArrayBuffer> {
  return utf8.encode(JSON.stringify([place.orgId, place.name, place.version, keyVersion]));
}

export async function seal(master: Uint8Array, keyVersion: number, place: SecretPlace, value: string): Promise<Envelope> {
  const key = await deriveKey(master, place.orgId);
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: boundTo(place, keyVersion) },
    key,
    utf8.encode(value),
  );
  return { keyVersion, nonce, ciphertext: new Uint8Array(sealed) };
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
