/**
 * The organization of a transaction, as row policies read it. It is set locally, so it ends with the transaction however
 * that ends, and no connection ever carries it to the next caller.
 */
import type { Statement } from "./wire.ts";

/** Row policies compare `org_id` with it; where it is not set, no row passes. */
export const ORG_SETTING = "app.org_id";

const plain = (text: string): Statement => ({ text, values: [], rowMode: "object" });

export const BEGIN = plain("begin");
export const COMMIT = plain("commit");

export function setOrganization(orgId: string): Statement {
  return { text: `select set_config('${ORG_SETTING}', $1, true)`, values: [orgId], rowMode: "object" };
}

export function beginsTransaction({ text }: Statement): boolean {
  return /^begin\b/i.test(text);
}
