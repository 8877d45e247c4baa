/** The upgrades and requests that the Worker hands to a session's workspace. Only what is listed here reaches it; clients cannot add to it. */
import { OpenFiles, TerminalName, TerminalSize } from "@berth/protocol";
import { z } from "zod";
import type { Author } from "../session-handle.ts";
import { asciiJson, AUTHOR_HEADER, upgradeHeaders } from "./viewer-request.ts";

const BASE = "https://workspace.internal";

/** Which session the object is of, since an object does not know its own name everywhere. */
interface Place {
  readonly orgId: string;
  readonly sessionId: string;
}

export const TerminalPlace = z.object({
  ticket: z.string(),
  name: TerminalName,
  cols: z.coerce.number().pipe(TerminalSize.shape.cols),
  rows: z.coerce.number().pipe(TerminalSize.shape.rows),
});
export type TerminalPlace = z.infer<typeof TerminalPlace>;

export const FilesPlace = OpenFiles.omit({ kind: true });
export type FilesPlace = z.infer<typeof FilesPlace>;

/** @param body what is written; null otherwise */
export function filesRequest(place: Place, author: Author, what: FilesPlace, body: ReadableStream | null): Request {
  const init = { method: body === null ? "GET" : "PUT", headers: { [AUTHOR_HEADER]: asciiJson(author) }, ...(body === null ? {} : { body, duplex: "half" }) };
  return new Request(address("/files", { ...place, ...what }), init);
}

export function portsRequest(place: Place, author: Author): Request {
  return new Request(address("/ports", { ...place }), { headers: { [AUTHOR_HEADER]: asciiJson(author) } });
}

export function tunnelRequest(place: Place, token: string, from: Request): Request {
  const headers = upgradeHeaders(from);
  headers.set("authorization", `Bearer ${token}`);
  return new Request(address("/tunnel", { ...place }), { headers });
}

export function terminalRequest(place: Place, { ticket, name, cols, rows }: TerminalPlace, from: Request): Request {
  return new Request(address("/terminal", { ...place, ticket, name, cols: `${cols}`, rows: `${rows}` }), { headers: upgradeHeaders(from) });
}

function address(path: string, query: Record<string, string>): string {
  return `${BASE}${path}?${new URLSearchParams(query)}`;
}
