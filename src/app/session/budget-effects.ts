/** A session's dealings with its organization's ledger: the time of its sandboxes, and whether there is room again. */
import type { BudgetReached } from "@berth/protocol";
import type { PartialAmount } from "../../core/budget/amount.ts";
import { computeIdOf } from "../../core/sandbox/lease.ts";
import { countedFor } from "../../core/session/counted-for.ts";
import type { EffectOf } from "../../core/session/session.effects.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { COMPUTE_SLICE_S } from "../../core/session/session.timings.ts";
import type { Ledger } from "../../ports/ledger/ledger.port.ts";
import type { ActorAccess } from "./effect-interpreter.ts";
import type { SessionPorts } from "./session-ports.ts";

export class BudgetEffects {
  readonly #ports: SessionPorts;
  readonly #actor: ActorAccess;

  constructor(ports: SessionPorts, actor: ActorAccess) {
    this.#ports = ports;
    this.#actor = actor;
  }

  /** True when the sandbox may be made. @throws PortError when the ledger does not answer, which is no grant */
  async payForStart(epoch: number): Promise<boolean> {
    const untilMs = this.#nowMs + COMPUTE_SLICE_S * 1000;
    return this.#reserve({ epoch, slice: 1, untilMs });
  }

  extend(effect: EffectOf<"reserve-compute">): void {
    this.#background("compute-not-reserved", this.#reserve(effect));
  }

  settle({ id, seconds }: EffectOf<"settle-compute">): void {
    const state = this.#actor.state();
    if (state) this.#background("compute-not-settled", this.#ledgerOf(state).settle(id, { computeSeconds: seconds }));
  }

  forgetCaps(): void {
    const state = this.#actor.state();
    if (state) this.#background("caps-not-forgotten", this.#ledgerOf(state).forget(state.sessionId));
  }

  check(): void {
    this.#background("budget-not-checked", this.#check());
  }

  async #reserve({ epoch, slice, untilMs }: Omit<EffectOf<"reserve-compute">, "type">): Promise<boolean> {
    const state = this.#actor.state();
    if (!state) return false;
    const ledger = this.#ledgerOf(state);
    const id = computeIdOf(state.sessionId, epoch, slice);
    const answer = await ledger.reserve({ id, ...whose(state), computeSeconds: COMPUTE_SLICE_S, nowMs: this.#nowMs, expiresAtMs: untilMs });
    if (!answer.granted) {
      this.#actor.apply({ type: "compute-refused", epoch, reached: answer.reached, nowMs: this.#nowMs });
      return false;
    }
    const { refusal } = this.#actor.apply({ type: "compute-granted", epoch, slice, untilMs, nowMs: this.#nowMs });
    // The sandbox it was for is not wanted any more, so nothing was used.
    if (refusal !== null && this.#actor.state()?.lease?.epoch !== epoch) await ledger.settle(id, {});
    return refusal === null;
  }

  /** What holds the session up is asked for once more; without a pause, whether the organization was stopped. */
  async #check(): Promise<void> {
    const state = this.#actor.state();
    if (!state) return;
    const { pause, run } = state;
    const answer = await this.#ledgerOf(state).ask({ ...whose(state), ...neededFor(pause?.reached), nowMs: this.#nowMs });
    if (answer.granted && pause !== null) this.#actor.apply({ type: "budget-lifted", nowMs: this.#nowMs });
    if (!answer.granted && run !== null) this.#actor.apply({ type: "budget-reached", runId: run.runId, reached: answer.reached, nowMs: this.#nowMs });
  }

  #background(event: string, work: Promise<unknown>): void {
    const logged = work.catch((error: unknown) => this.#ports.log({ event, sessionId: this.#actor.state()?.sessionId ?? "", error: String(error) }));
    this.#ports.background(logged);
  }

  #ledgerOf({ orgId }: SessionState): Ledger {
    return this.#ports.ledgerOf(orgId);
  }

  get #nowMs(): number {
    return this.#ports.timers.now();
  }
}

/** A sandbox is its session's, whose time counts for the person who made it. */
function whose(state: SessionState): { readonly sessionId: string; readonly userId: string | null } {
  return { sessionId: state.sessionId, userId: countedFor(state) };
}

function neededFor(reached: BudgetReached | undefined): PartialAmount {
  switch (reached?.unit) {
    case "cost":
      return { costMicros: reached.needed };
    case "tokens":
      return { tokens: reached.needed };
    case "compute":
      return { computeSeconds: reached.needed };
    case "sessions":
      return { computeSeconds: COMPUTE_SLICE_S };
    default:
      return {};
  }
}
