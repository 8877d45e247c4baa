/** The upgrades that the Worker hands to a session. Only what is listed here reaches it; clients cannot add to it. */
import type { Author } from "../session-handle.ts";

/** Set by the Worker alone: JSON of the author. */
export const AUTHOR_HEADER = "x-berth-author";

const BASE = "https://session.internal";
const SHORT = "&frames=short";

/** Names end to end: a client's own headers are dropped except for the handshake. */
export function upgradeHeaders(from: Request | null): Headers {
  const headers = new Headers({ upgrade: "websocket", connection: "Upgrade" });
  from?.headers.forEach((value, name) => {
    if (name.startsWith("sec-websocket-")) headers.set(name, value);
  });
  return headers;
}

export interface Viewer {
  /** Newest `seq` that the viewer has. */
  readonly after: number;
  readonly author: Author;
  /** Whether it takes `more` frames. */
  readonly short?: boolean;
}

export function viewerRequest({ after, author, short = false }: Viewer, from: Request | null = null): Request {
  const headers = upgradeHeaders(from);
  // Header values are bytes; names of people are not always ASCII.
  headers.set(AUTHOR_HEADER, asciiJson(author));
  return new Request(`${BASE}/viewer?after=${after}${short ? SHORT : ""}`, { headers });
}

export function ticketRequest(after: number, ticket: string, short: boolean, from: Request): Request {
  return new Request(`${BASE}/viewer?after=${after}${short ? SHORT : ""}&ticket=${encodeURIComponent(ticket)}`, { headers: upgradeHeaders(from) });
}

export function linkRequest(token: string, from: Request): Request {
  const headers = upgradeHeaders(from);
  headers.set("authorization", `Bearer ${token}`);
  return new Request(`${BASE}/link`, { headers });
}

export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
