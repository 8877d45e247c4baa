/**
 * A viewer's ticket: `tkt_<orgId>.<random>`. The organization is readable in it, so that the Worker finds the session's
 * object without a query; the session makes it, keeps only its hash, takes it once, and knows when it ends.
 */
const PATTERNS = { tkt: patternOf("tkt"), wkt: patternOf("wkt"), wkp: patternOf("wkp") } as const;

/**
 * Null when it is not shaped like one; says nothing about whether it is valid.
 * @param of `tkt` for the stream, `wkt` for the inside of the sandbox, `wkp` for what a browser shows a preview
 */
export function parseTicket(ticket: string, of: keyof typeof PATTERNS = "tkt"): { readonly orgId: string } | null {
  const orgId = PATTERNS[of].exec(ticket)?.[1];
  return orgId === undefined ? null : { orgId };
}

function patternOf(word: string): RegExp {
  return new RegExp(`^${word}_([A-Za-z0-9_-]{1,64})\\.[A-Za-z0-9_-]{32,128}$`);
}
