/** What the control plane itself lets a sandbox do: what its token opens, where it may push, what it may spend. */
import type { BudgetReached, PolicyFact } from "@berth/protocol";
import { capId, type Cap } from "../budget/caps.ts";
import { fact, listed, type Measured } from "./judge.ts";

/** What the runtime tries with its token. Only the first of them is for sandboxes. */
export const TOKEN_ROUTES = {
  allowed: ["/v1/sandbox/checkpoint-blobs"],
  refused: ["/v1/me", "/v1/sessions", "/v1/runs", "/v1/keys", "/v1/api-keys", "/v1/budgets", "/v1/audit", "/v1/members", "/v1/repos"],
} as const;

const TOKEN_WORDS = "this session's link, checkpoints and brokers, in this epoch; no other route";

export function judgeToken(measured: Measured): PolicyFact {
  const { token } = measured.measurement;
  const mayOpen: readonly string[] = TOKEN_ROUTES.allowed;
  const wider = token?.allowed.filter((route) => !mayOpen.includes(route)) ?? [];
  const seen = token === undefined || token.allowed.length + token.refused.length === 0 ? null : `opens ${listed(token.allowed)}; refused at ${listed(token.refused)}`;
  return fact("tokenScopes", { declared: TOKEN_WORDS, measured: seen, differences: wider.map((route) => `The sandbox's token opens ${route}.`) }, measured);
}

/** What became of pushes that were only asked about. */
export interface PushProbe {
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
}

/** @param prefix null: the session has no repository, and nothing may be pushed */
export function judgeBranchPrefix(prefix: string | null, { accepted, refused }: PushProbe, measured: Omit<Measured, "measurement">): PolicyFact {
  const own = prefix === null ? null : `refs/heads/${prefix}`;
  const differences = accepted.filter((ref) => own === null || !ref.startsWith(own)).map((ref) => `A push to ${ref} is accepted.`);
  if (own !== null) differences.push(...refused.filter((ref) => ref.startsWith(own)).map((ref) => `A push to ${ref} is refused, though it should not be.`));
  const declared = prefix === null ? "nothing: the session has no repository" : `branches below ${prefix}`;
  return fact("branchPrefix", { declared, measured: `accepted: ${listed(accepted)}; refused: ${listed(refused)}`, differences }, measured);
}

/** From inside: a credential that git would use past the broker. */
export function judgeGit(prefix: string | null, measured: Measured): readonly PolicyFact[] {
  const { git } = measured.measurement;
  if (git === undefined) return [];
  const declared = prefix === null ? "nothing: the session has no repository" : `branches below ${prefix}, through the broker, with the session's token`;
  const seen = `on ${git.branch ?? "no branch"}; remotes: ${listed(git.remotes)}; credentials of its own: ${listed(git.credentials)}`;
  return [fact("branchPrefix", { declared, measured: seen, differences: git.credentials.map((name) => `Git has a credential of its own: ${name}.`) }, measured)];
}

/** A cap, and what the ledger said to a demand above it: what stands in the way, or null for nothing. */
export interface CapProbe {
  readonly cap: Cap;
  readonly reached: BudgetReached | null;
}

export function judgeCaps(probes: readonly CapProbe[], measured: Omit<Measured, "measurement">): PolicyFact {
  const words = ({ cap }: CapProbe): string => `${capId(cap)} at most ${cap.limit}`;
  const lifted = probes.filter(({ reached }) => reached === null);
  return fact(
    "caps",
    {
      declared: listed(probes.map(words)),
      measured: probes.length === 0 ? "no cap is set" : `more than that is refused: ${listed(probes.filter(({ reached }) => reached !== null).map(({ cap }) => capId(cap)))}`,
      differences: lifted.map((probe) => `The ledger grants more than the cap allows: ${words(probe)}.`),
    },
    measured,
  );
}
