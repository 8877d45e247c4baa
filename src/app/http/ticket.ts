/**
 * A viewer's ticket: `tkt_<orgId>.<random>`. The organization is readable in it, so that the Worker finds the session's
 * object without a query; the session makes it, keeps only its hash, takes it once, and knows when it ends.
 */
const PATTERN = /^tkt_([A-Za-z0-9_-]{1,64})\.[A-Za-z0-9_-]{32,128}$/;

/** Null when it is not shaped like one; says nothing about whether it is valid. */
export function parseTicket(ticket: string): { readonly orgId: string } | null {
  const orgId = PATTERN.exec(ticket)?.[1];
  return orgId === undefined ? null : { orgId };
}
