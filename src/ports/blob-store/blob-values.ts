/** What every blob store shares: which keys, prefixes and ranges there are, and the hash. */
import { hexOf } from "../../core/kernel/hex.ts";
import { PortError } from "../../core/kernel/port-error.ts";

const SEGMENT = "[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]{0,99}";
const KEY = new RegExp(`^${SEGMENT}(/${SEGMENT})+$`);
const PREFIX = new RegExp(`^${SEGMENT}/[A-Za-z0-9._=@+/-]*$`);
const KEY_CHARS_MAX = 512;
export const LIST_LIMIT_MAX = 1000;

export interface ByteRange {
  readonly offset: number;
  readonly length?: number;
}

/** @throws PortError `invalid-argument` */
export function checkKey(operation: string, key: string): void {
  if (key.length > KEY_CHARS_MAX || !KEY.test(key)) throw refuse(operation, `${JSON.stringify(key)} is not a key`);
}

/** @throws PortError `invalid-argument` */
export function checkPrefix(prefix: string): void {
  if (prefix.length > KEY_CHARS_MAX || !PREFIX.test(prefix) || prefix.includes("/.")) {
    throw refuse("list", `${JSON.stringify(prefix)} does not begin with an organization and "/"`);
  }
}

/** @throws PortError `invalid-argument` */
export function checkContentType(contentType: string): void {
  if (!/^[\x20-\x7e]{1,255}$/.test(contentType)) throw refuse("put", `${JSON.stringify(contentType)} is not a content type`);
}

export function clampLimit(limit: number): number {
  return Math.max(1, Math.min(LIST_LIMIT_MAX, Math.floor(limit)));
}

/** The range's shape, which can be judged without the blob. @throws PortError `invalid-argument` */
export function checkRange({ offset, length }: ByteRange): void {
  const valid = Number.isSafeInteger(offset) && offset >= 0 && (length === undefined || (Number.isSafeInteger(length) && length > 0));
  if (!valid) throw refuse("get", `bytes ${offset}+${length ?? ""} are not a range`);
}

/** Where the range begins and how long it is in a blob of `size` bytes. @throws PortError `invalid-argument` past the end */
export function resolveRange(range: ByteRange | undefined, size: number): { readonly offset: number; readonly length: number } {
  const offset = range?.offset ?? 0;
  if (offset >= size && offset > 0) throw pastEnd(offset, size);
  return { offset, length: Math.min(range?.length ?? size, size - offset) };
}

export function pastEnd(offset: number, size: number | null): PortError {
  return refuse("get", `the range starts at ${offset} and the blob ${size === null ? "ends before" : `has ${size} bytes`}`);
}

/** Content that is shorter than it was when it was stored, or an upload that was. */
export function notWhole(operation: "put" | "get", key: string, cause?: unknown): PortError {
  return new PortError({
    port: "blob-store",
    operation,
    code: "internal",
    outcome: "not-applied",
    retry: "same-request",
    message: `${key} did not ${operation === "put" ? "arrive" : "come back"} whole`,
    ...(cause === undefined ? {} : { cause }),
  });
}

export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return hexOf(new Uint8Array(digest));
}

function refuse(operation: string, message: string): PortError {
  return new PortError({ port: "blob-store", operation, code: "invalid-argument", outcome: "not-applied", retry: "never", message });
}
