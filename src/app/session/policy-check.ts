/** Asks every part that enforces something on the sandbox, and compares it with what is declared. */
import type { PolicyFact } from "@berth/protocol";
import { applying, type Cap } from "../../core/budget/caps.ts";
import { branchPrefixOf, judgePush } from "../../core/git/branch-prefix.ts";
import { judgeBranchPrefix, judgeCaps, judgeGit, judgeToken, type CapProbe } from "../../core/policy/grants.ts";
import { fact, judgeSandbox, type Measured } from "../../core/policy/judge.ts";
import { repositoriesOf } from "../../core/git/repository-name.ts";
import { readableMark, UNNAMED_MARK, withoutOwnNames } from "../../core/secrets/secret-scope.ts";
import { countedFor } from "../../core/session/counted-for.ts";
import type { EffectOf } from "../../core/session/session.effects.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import type { Catalog } from "../../ports/catalog/catalog.port.ts";
import type { Ledger } from "../../ports/ledger/ledger.port.ts";
import type { SessionPorts } from "./session-ports.ts";

export type PolicyPorts = Pick<SessionPorts, "sandboxes" | "ledgerOf" | "timers" | "catalog">;
type PolicyOf = Pick<SessionState, "orgId" | "sessionId" | "workspace" | "environment" | "createdBy" | "createdByUserId" | "lastUserId" | "run">;

const INSIDE = "the runtime, from inside the sandbox";

/** Never rejects: what cannot be asked is unmeasured. */
export async function checkPolicy(ports: PolicyPorts, state: PolicyOf, asked: EffectOf<"check-policy">): Promise<readonly PolicyFact[]> {
  const [ofSandbox, ofCaps] = await Promise.all([sandboxFacts(ports, state, asked), capFacts(ports, state)]);
  const inside = { measurement: asked.measurement, by: INSIDE, atMs: ports.timers.now() };
  return [...ofSandbox, judgeToken(inside), ...pushFacts(state, inside), ofCaps];
}

/** The broker's own judgement of pushes that nobody makes. */
function pushFacts({ sessionId, workspace }: PolicyOf, inside: Measured): readonly PolicyFact[] {
  if (workspace.kind !== "repo") return judgeGit(null, inside);
  const prefix = branchPrefixOf(sessionId);
  const tried = [`refs/heads/${prefix}work`, "refs/heads/main", `refs/heads/${branchPrefixOf("ses_other")}work`, "refs/tags/v1"];
  const accepts = (ref: string): boolean => {
    const commands = [{ ref, before: NO_COMMIT, after: SOME_COMMIT }];
    return judgePush({ commands, capabilities: [] }, sessionId).every(({ refusal }) => refusal === null);
  };
  const [accepted, refused] = [tried.filter(accepts), tried.filter((ref) => !accepts(ref))];
  return [judgeBranchPrefix(prefix, { accepted, refused }, { by: "the git broker's rule", atMs: inside.atMs }), ...judgeGit(prefix, inside)];
}

const NO_COMMIT = "0".repeat(40);
const SOME_COMMIT = "1".repeat(40);

async function sandboxFacts(ports: PolicyPorts, state: PolicyOf, { id, backend, measurement }: EffectOf<"check-policy">): Promise<readonly PolicyFact[]> {
  const report = await orNull(async () => ports.sandboxes.get(backend)?.describePolicy(id) ?? null);
  const atMs = ports.timers.now();
  if (report === null) {
    const silent = { declared: "the backend did not say", measured: null, differences: [] };
    return (["isolation", "egress", "mounts", "capabilities", "secrets"] as const).map((name) => fact(name, silent, { by: `the ${backend} backend`, atMs }));
  }
  const { declared, measured, by } = report;
  // A sandbox cannot tell which of its namespaces are the machine's.
  const { namespaces: _, secrets, ...inside } = measurement;
  const readable = await orNull(() => readableIn(ports, state));
  // While nobody can say which secrets may be there, nothing is claimed of those that are.
  const seen = readable === null || secrets === undefined ? inside : { ...inside, secrets: [...withoutOwnNames(secrets, readable)] };
  const mayHold = { ...declared, secrets: declared.secrets && [...declared.secrets, ...(readable ?? [])] };
  return [...judgeSandbox(declared, { measurement: measured, by, atMs }), ...judgeSandbox(mayHold, { measurement: seen, by: INSIDE, atMs })];
}

/** Those of the person who made the session without their names. Since then others may have come to write in it. */
async function readableIn({ catalog }: PolicyPorts, { orgId, workspace, environment, createdBy }: PolicyOf): Promise<readonly string[]> {
  const reach = { repositories: repositoriesOf(workspace), environmentId: environment?.id ?? null, userId: createdBy.kind === "user" ? createdBy.id : null };
  const readable = (await catalog.listSecrets(orgId, reach)).filter((secret) => secret.readableByAgent);
  const marks = readable.map(({ name, scope }) => (scope === "user" ? UNNAMED_MARK : readableMark(name)));
  return [...new Set(marks)];
}

async function capFacts(ports: PolicyPorts, state: PolicyOf): Promise<PolicyFact> {
  const { orgId, sessionId } = state;
  const userId = countedFor(state);
  const probes = await orNull(async () => {
    const ledger = ports.ledgerOf(orgId);
    const { caps } = await ledger.standing({});
    // One on the number of sessions cannot be asked for more than it allows.
    const amounts = applying(caps, { sessionId, userId }).filter(({ unit }) => unit !== "sessions");
    return Promise.all(amounts.map((cap) => probeCap(ledger, cap, { sessionId, userId, nowMs: ports.timers.now() })));
  });
  const asked = { by: "the organization's ledger, asked for more than each cap", atMs: ports.timers.now() };
  return probes === null ? fact("caps", { declared: "the ledger did not say", measured: null, differences: [] }, asked) : judgeCaps(probes, asked);
}

/** Asks for one more than the cap allows in all, so what was spent before does not matter. Nothing is reserved. */
async function probeCap(ledger: Ledger, cap: Cap, who: { readonly sessionId: string; readonly userId: string | null; readonly nowMs: number }): Promise<CapProbe> {
  const beyond = cap.limit + 1;
  const amount = cap.unit === "cost" ? { costMicros: beyond } : cap.unit === "tokens" ? { tokens: beyond } : { computeSeconds: beyond };
  const answer = await ledger.ask({ ...who, ...amount });
  return { cap, reached: answer.granted ? null : answer.reached };
}

/** Also while the organization's rule cannot be read: what may not go on does not. */
export async function stopsOnMismatch(catalog: Pick<Catalog, "policyRule">, orgId: string): Promise<boolean> {
  return (await orNull(() => catalog.policyRule(orgId)))?.onMismatch !== "report";
}

async function orNull<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch {
    return null;
  }
}
