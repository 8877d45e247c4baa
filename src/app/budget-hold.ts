/**
 * A model call for which there is no room is held for a while: what others reserved and did not use is given back within
 * seconds, and a person may raise the cap. The session says meanwhile what it waits for, and nothing is sent twice, since
 * nothing was sent. After that the agent is told, and its turn ends between two calls, from where it can go on.
 */
import type { BudgetReached } from "@berth/protocol";
import type { ReserveAnswer } from "../ports/ledger/ledger.port.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export type HoldDeps = Pick<Services, "sessions" | "now" | "wait">;

export interface HeldCall {
  readonly grant: BrokerGrant;
  /** The reader: nobody waits for a call that it has left. */
  readonly signal: AbortSignal;
  reserve(): Promise<ReserveAnswer>;
  /** No cap on money has room for it, however long it waits. */
  readonly openEnded: boolean;
  /** The grant as it is now; null when the sandbox's token is not valid any more. */
  authorize(): Promise<BrokerGrant | null>;
}

/** Well below the time after which agents give a silent call up. */
const HOLD_MS = 60_000;
const POLL_MS = 1_000;
const POLL_MAX_MS = 5_000;
/** While only what others hold is in the way, nobody is told for so long. */
const QUIET_MS = 10_000;

/** @throws what `reserve` throws */
export async function reserveOrHold({ sessions, now, wait }: HoldDeps, { grant, signal, reserve, openEnded, authorize }: HeldCall): Promise<ReserveAnswer> {
  const { orgId, sessionId, runId } = grant;
  const session = sessions.of(orgId, sessionId);
  const sinceMs = now();
  let isTold = false;
  // A sandbox that waits costs the very time there is no room for.
  if (grant.held !== null) return { granted: false, reached: grant.held };
  for (let pauseMs = POLL_MS; ; pauseMs = Math.min(2 * pauseMs, POLL_MAX_MS)) {
    const answer = await reserve();
    if (answer.granted) {
      if (isTold) await session.hearOfBudget({ type: "lifted" }).catch(() => undefined);
      return answer;
    }
    // Between runs nobody waits: a title can do without.
    if (runId === null || isHopeless(openEnded, answer)) return answer;
    const waitedMs = now() - sinceMs;
    if (isDefinite(answer.reached) || waitedMs >= QUIET_MS) {
      await session.hearOfBudget({ type: "reached", runId, reached: answer.reached }).catch(() => undefined);
      isTold = true;
    }
    if (waitedMs >= HOLD_MS || signal.aborted || answer.reached.unit === "stop") return answer;
    await wait(pauseMs);
    const present = signal.aborted ? null : await authorize().catch(() => null);
    if (present?.runId !== runId || present.held !== null) return answer;
  }
}

export function isHopeless(openEnded: boolean, { reached }: Extract<ReserveAnswer, { granted: false }>): boolean {
  return openEnded && reached.unit === "cost";
}

/** No room even if everything that others hold came back. */
function isDefinite({ unit, limit, spent, needed }: BudgetReached): boolean {
  return unit === "stop" || spent + needed > limit;
}
