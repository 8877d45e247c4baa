/** Lists: `?limit=&cursor=` in, `{data, next}` and `Link: <…>; rel="next"` out. Cursors are opaque. */
import { LIMITS } from "@berth/protocol";
import { z } from "zod";
import { decodeCursor, encodeCursor, type CursorKind } from "../src/app/http/cursor.ts";

export const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(LIMITS.pageSizeMax)
  .optional()
  .describe(`items per page, 1 to ${LIMITS.pageSizeMax}; ${LIMITS.pageSizeDefault} when absent`);
const cursor = z.string().optional().describe("`next` of the page before");

export const PageQuery = z.object({ limit, cursor });
export type PageQuery = z.infer<typeof PageQuery>;

export function positionOf(kind: CursorKind, query: PageQuery): { readonly after: string | null; readonly limit: number } {
  return {
    after: query.cursor === undefined ? null : decodeCursor(kind, query.cursor),
    limit: query.limit ?? LIMITS.pageSizeDefault,
  };
}

/** @param next the store's position to go on from, or null at the end */
export function pageResponse<T>(url: URL, kind: CursorKind, data: readonly T[], next: string | null): Response {
  const opaque = next === null ? null : encodeCursor(kind, next);
  return listResponse(url, { data, next: opaque }, "cursor");
}

/** A list that is always whole. */
export function wholeList<T>(data: readonly T[]): Response {
  return json({ data, next: null });
}

export function listResponse(url: URL, body: { readonly data: readonly unknown[]; readonly next: string | null }, parameter: "cursor" | "after"): Response {
  if (body.next === null) return json(body);
  const further = new URL(url);
  further.searchParams.set(parameter, body.next);
  return json(body, 200, { link: `<${further.pathname}${further.search}>; rel="next"` });
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(value, { status, headers: { "cache-control": "no-store", ...headers } });
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function noContent(): Response {
  return new Response(null, { status: 204 });
}
