/**
 * Opaque list positions: base64url of JSON with a tag of the list they belong to, so that a cursor of one list is
 * refused by another.
 */
import { refuse } from "./problem-error.ts";

export type CursorKind = "sessions" | "messages" | "runs" | "run-events" | "api-keys" | "audit" | "members" | "secret-uses";

const CURSOR_LENGTH_MAX = 2048;

export function encodeCursor(kind: CursorKind, after: string): string {
  const bytes = new TextEncoder().encode(JSON.stringify({ k: kind, a: after }));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @throws ProblemError `bad-cursor` for anything `encodeCursor` did not make for this list */
export function decodeCursor(kind: CursorKind, cursor: string): string {
  const after = cursor.length <= CURSOR_LENGTH_MAX ? positionIn(kind, cursor) : null;
  if (after === null || encodeCursor(kind, after) !== cursor) {
    refuse("bad-cursor", "The cursor was not made by this list. Use the `next` of its last page, or leave it out.");
  }
  return after;
}

function positionIn(kind: CursorKind, cursor: string): string | null {
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null) return null;
    const { k, a } = value as { k?: unknown; a?: unknown };
    return k === kind && typeof a === "string" ? a : null;
  } catch {
    return null;
  }
}

/** A position in an event log: the `seq` after which to go on. */
export function parseSeq(text: string): number {
  if (!/^(0|[1-9][0-9]{0,14})$/.test(text)) {
    refuse("bad-cursor", "An event position is a whole number: the `seq` of the last event that was read, or 0.");
  }
  return Number(text);
}
