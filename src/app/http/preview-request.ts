/** What the Worker hands to a session's workspace of a request for a preview. Clients cannot add to it. */
import { z } from "zod";
import { upgradeHeaders, asciiJson } from "./viewer-request.ts";

const BASE = "https://workspace.internal";
/** Set by the Worker alone: JSON of the call. */
export const PREVIEW_HEADER = "x-berth-preview";

export const PreviewCall = z.object({
  pass: z.string(),
  port: z.int(),
  /** As the browser knows it. */
  origin: z.string(),
  socket: z.boolean(),
  method: z.string(),
  path: z.string(),
  /** Cleaned already. */
  headers: z.array(z.tuple([z.string(), z.string()])),
});
export type PreviewCall = z.infer<typeof PreviewCall>;

interface Place {
  readonly orgId: string;
  readonly sessionId: string;
}

export const OpenPreview = z.object({ ticket: z.string(), port: z.coerce.number() });

export function openPreviewRequest(place: Place, ticket: string, port: number): Request {
  return new Request(`${BASE}/preview/open?${new URLSearchParams({ ...place, ticket, port: `${port}` })}`);
}

export function previewRequest(place: Place, call: PreviewCall, from: Request): Request {
  const headers = call.socket ? upgradeHeaders(from) : new Headers();
  headers.set(PREVIEW_HEADER, asciiJson(call));
  const body = call.socket ? null : from.body;
  // Where an answer leads is the browser's to follow.
  const init = { method: body === null ? "GET" : "POST", headers, signal: from.signal, redirect: "manual" as const, ...(body === null ? {} : { body, duplex: "half" }) };
  return new Request(`${BASE}/preview?${new URLSearchParams({ ...place })}`, init);
}
