/** Filters of the session list. */
import { Metadata } from "@berth/protocol";
import { z } from "zod";
import { fromZod } from "./errors.ts";
import { PageQuery } from "./paging.ts";

export const SessionQuery = PageQuery.extend({
  externalUserId: z.string().max(255).optional(),
  metadata: z
    .record(z.string(), z.string())
    .optional()
    .meta({ param: { style: "deepObject", explode: true }, description: "for example `metadata[team]=red`" }),
});

/** Pairs given as `metadata[key]=value`, or null. @throws ProblemError `invalid-field` for pairs no session can have */
export function metadataOf(url: URL): Readonly<Record<string, string>> | null {
  const pairs: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    const key = /^metadata\[(.+)\]$/.exec(name)?.[1];
    if (key !== undefined) pairs[key] = value;
  }
  if (Object.keys(pairs).length === 0) return null;
  const parsed = Metadata.safeParse(pairs);
  if (!parsed.success) throw fromZod(parsed.error, "query");
  return parsed.data;
}
