/** Where a session may push: below a prefix of its own, and nowhere else. */
import type { PushHead, RefCommand } from "./receive-pack.ts";

/** Of the branches a session may make, move and delete; with its trailing slash. */
export function branchPrefixOf(sessionId: string): string {
  return `berth/${sessionId}/`;
}

/** The branch that a session on a repository works on. */
export function workBranchOf(sessionId: string): string {
  return `${branchPrefixOf(sessionId)}work`;
}

export interface RefVerdict {
  readonly ref: string;
  /** Null for one that may move. */
  readonly refusal: string | null;
}

/** Names that git itself would refuse somewhere on the way are not passed on either. */
const UNFIT = /\.\.|\/\/|\/\.|\.lock(\/|$)|@\{|[\\~^:?*[]|[./]$/;

/**
 * One verdict per reference of the push. All or nothing: when one is refused the others do not move either, as with a
 * hook of the server's own.
 */
export function judgePush({ commands, capabilities }: PushHead, sessionId: string): readonly RefVerdict[] {
  const prefix = branchPrefixOf(sessionId);
  const all = capabilities.includes("push-options") ? "push options are not passed on; push without -o" : null;
  const verdicts = commands.map(({ ref, after }) => ({ ref, refusal: all ?? refusalOf({ ref, after }, prefix) }));
  if (verdicts.every(({ refusal }) => refusal === null)) return verdicts;
  return verdicts.map(({ ref, refusal }) => ({ ref, refusal: refusal ?? "not pushed, since another branch of this push was refused" }));
}

function refusalOf({ ref, after }: Pick<RefCommand, "ref" | "after">, prefix: string): string | null {
  const allowed = `refs/heads/${prefix}`;
  if (ref.startsWith(allowed) && ref.length > allowed.length) return UNFIT.test(ref) ? "this is no valid name for a branch" : null;
  const what = /^0+$/.test(after) ? "deletes" : "pushes";
  return `this session ${what} only branches below ${prefix}`;
}
