/**
 * How a blob lies in a folder: one file, a line of JSON and then the content, so that both are replaced at once. File
 * names keep keys apart that differ by case or continue one another, also on disks that ignore case.
 */
import type { BlobInfo } from "../../ports/blob-store/blob-store.port.ts";

/** `~` is in no key, so nothing else ends like this. */
const FILE_SUFFIX = "~~blob";
/** Uploads under way; begins like no encoded segment. */
export const UPLOADS_FOLDER = "~~uploads";
/** Longest header: a content type of 255 characters, a hash, a size and the JSON around them. */
export const HEADER_BYTES_MAX = 1024;

/** Relative path of a key's file, in segments. */
export function filePath(key: string): readonly string[] {
  const segments = key.split("/").map(encodeSegment);
  const last = segments.pop() ?? "";
  return [...segments, last + FILE_SUFFIX];
}

export function encodeSegment(segment: string): string {
  return segment.replace(/[A-Z]/g, (letter) => `~${letter.toLowerCase()}`);
}

/** The last segment of a key, or null when the name is not one of a blob. */
export function decodeFileName(name: string): string | null {
  return name.endsWith(FILE_SUFFIX) ? decodeSegment(name.slice(0, -FILE_SUFFIX.length)) : null;
}

export function decodeSegment(name: string): string {
  return name.replace(/~([a-z])/g, (_pair, letter: string) => letter.toUpperCase());
}

export function encodeHeader({ size, contentType, sha256 }: Omit<BlobInfo, "key">): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ size, contentType, sha256 })}\n`);
}

/** The header, and at which byte the content begins; null when the text does not begin with one. */
export function decodeHeader(key: string, start: Uint8Array): { readonly info: BlobInfo; readonly contentAt: number } | null {
  const end = start.indexOf(10);
  if (end < 0) return null;
  try {
    const header = JSON.parse(new TextDecoder().decode(start.subarray(0, end))) as Omit<BlobInfo, "key">;
    return { info: { key, size: header.size, contentType: header.contentType, sha256: header.sha256 }, contentAt: end + 1 };
  } catch {
    return null;
  }
}

