/** Does what the core asked for, through ports, after the commit. What comes of it goes back to the core as an input. */
import type { DownFrame, Failure } from "@berth/protocol";
import { isPortError, PortError } from "../../core/kernel/port-error.ts";
import { unreachable } from "../../core/kernel/assert.ts";
import { worstOf } from "../../core/policy/judge.ts";
import type { Resources } from "../../core/sandbox/resources.ts";
import { formatSandboxToken } from "../../core/sandbox/sandbox-token.ts";
import type { Effect, EffectOf, NoStep, Step } from "../../core/session/session.effects.ts";
import type { SessionInput } from "../../core/session/session.inputs.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import type { SandboxDescription, SandboxProvider, SandboxSpec } from "../../ports/sandbox/sandbox.port.ts";
import { BudgetEffects } from "./budget-effects.ts";
import { checkPolicy, stopsOnMismatch } from "./policy-check.ts";
import type { SessionPorts } from "./session-ports.ts";

export interface LinkSockets {
  /** A socket that is gone swallows it. */
  send(linkId: string, frame: DownFrame): void;
  close(linkId: string, code: number, reason: string): void;
}

export interface ActorAccess {
  apply(input: SessionInput): Step | NoStep;
  state(): SessionState | null;
  alarm(atMs: number | null): void;
  forget(): void;
  /** Text so far of the open parts, for inputs that may end a run. */
  openPartTexts(): Readonly<Record<string, string>>;
}

type SandboxEffect = EffectOf<"stop-sandbox" | "destroy-sandbox" | "describe-sandbox">;

export class EffectInterpreter {
  readonly #ports: SessionPorts;
  readonly #links: LinkSockets;
  readonly #actor: ActorAccess;
  readonly #budget: BudgetEffects;

  constructor(ports: SessionPorts, links: LinkSockets, actor: ActorAccess) {
    this.#ports = ports;
    this.#links = links;
    this.#actor = actor;
    this.#budget = new BudgetEffects(ports, actor);
  }

  perform(effect: Effect): void {
    switch (effect.type) {
      case "create-sandbox":
        if (effect.afterMs > 0) return this.#ports.timers.after(effect.afterMs, () => this.#ports.background(this.#create(effect)));
        return this.#ports.background(this.#create(effect));
      case "stop-sandbox":
        return this.#background(effect, (provider) => this.#stop(provider, effect));
      case "destroy-sandbox":
        return this.#background(effect, (provider) => this.#destroy(provider, effect));
      case "describe-sandbox":
        return this.#background(effect, (provider) => this.#describe(provider, effect));
      case "reserve-compute":
        return this.#budget.extend(effect);
      case "settle-compute":
        return this.#budget.settle(effect);
      case "check-budget":
        return this.#budget.check();
      case "forget-caps":
        return this.#budget.forgetCaps();
      case "check-policy":
        return this.#ports.background(this.#checkPolicy(effect));
      case "send-frame":
        return this.#links.send(effect.linkId, effect.frame);
      case "close-link":
        return this.#links.close(effect.linkId, effect.code, effect.reason);
      case "set-alarm":
        return this.#actor.alarm(effect.atMs);
      case "forget-session":
        return this.#actor.forget();
      default:
        return unreachable(effect);
    }
  }

  async #create({ id, epoch, backend, workspace, demoOnly }: EffectOf<"create-sandbox">): Promise<void> {
    const state = this.#actor.state();
    if (!state) return;
    const { orgId, sessionId } = state;
    if (!(await this.#isPaid(epoch, backend))) return;
    const token = formatSandboxToken({ orgId, sessionId, epoch }, this.#ports.randomBytes(32));
    const tokenHash = await this.#ports.sha256(token);
    const minted = this.#actor.apply({ type: "sandbox-token-minted", epoch, tokenHash, nowMs: this.#nowMs });
    if (minted.refusal !== null) return;
    try {
      const provider = this.#ports.sandboxes.get(backend);
      if (!provider) throw unknownBackend(backend);
      const link = { url: this.#ports.linkUrl, token };
      const resources = await this.#resourcesOf(state);
      const made = await this.#askFor(provider, { id, orgId, sessionId, epoch, workspace, link, demoOnly, ...(resources && { resources }) });
      if (made.phase === "failed") {
        const failure = made.failure ?? { code: "sandbox-failed", message: "The sandbox could not be started." };
        this.#actor.apply({ type: "sandbox-create-failed", epoch, backend, failure, outcome: "applied", mayPass: mayPass(failure), nowMs: this.#nowMs });
        return;
      }
      const accepted = this.#actor.apply({ type: "sandbox-accepted", epoch, backend, isolation: made.isolation, nowMs: this.#nowMs });
      // Its session was removed and forgotten while it was being made, so nobody else knows of it.
      if (accepted.state === null) await provider.destroy(id);
    } catch (error) {
      const outcome = isPortError(error) ? error.outcome : "not-applied";
      const again = isPortError(error) && error.retry !== "never";
      this.#ports.log({ event: "sandbox-create-failed", sessionId, epoch, backend, error: String(error) });
      this.#actor.apply({ type: "sandbox-create-failed", epoch, backend, failure: toFailure(error), outcome, mayPass: again, nowMs: this.#nowMs });
    }
  }

  /** As its environment asks for them now. @throws PortError while that cannot be looked up */
  async #resourcesOf({ orgId, environment }: SessionState): Promise<Resources | null> {
    if (!environment) return null;
    const { resources = {} } = (await this.#ports.catalog.findEnvironment(orgId, environment.id)) ?? {};
    return Object.keys(resources).length === 0 ? null : resources;
  }

  /** Who is told to come again in a moment, as by a machine that boots others, does so while the attempt lasts. */
  async #askFor(provider: SandboxProvider, spec: SandboxSpec): Promise<SandboxDescription> {
    for (;;) {
      try {
        return await provider.create(spec);
      } catch (error) {
        const pauseMs = soonAgain(error);
        if (pauseMs === null) throw error;
        await new Promise<void>((resolve) => this.#ports.timers.after(pauseMs, resolve));
        const lease = this.#actor.state()?.lease;
        if (lease?.epoch !== spec.epoch || lease.phase !== "requested") throw error;
      }
    }
  }

  /** No sandbox without room for its time; a ledger that does not answer may do so in a moment. */
  async #isPaid(epoch: number, backend: string): Promise<boolean> {
    try {
      return await this.#budget.payForStart(epoch);
    } catch (error) {
      this.#ports.log({ event: "compute-not-reserved", epoch, backend, error: String(error) });
      this.#actor.apply({ type: "sandbox-create-failed", epoch, backend, failure: UNCHECKED, outcome: "not-applied", mayPass: isPortError(error), nowMs: this.#nowMs });
      return false;
    }
  }

  async #stop(provider: SandboxProvider, { id, epoch }: SandboxEffect): Promise<void> {
    const unknown = await provider.stop(id).then(
      () => false,
      (error: unknown) => {
        if (!isPortError(error) || error.code !== "not-found") throw error;
        return true;
      },
    );
    this.#released(epoch, unknown);
  }

  async #destroy(provider: SandboxProvider, { id, epoch }: SandboxEffect): Promise<void> {
    await provider.destroy(id);
    this.#released(epoch);
  }

  #released(epoch: number, unknown = false): void {
    this.#actor.apply({ type: "sandbox-released", releasedEpoch: epoch, unknown, nowMs: this.#nowMs });
  }

  async #describe(provider: SandboxProvider, { id, epoch }: SandboxEffect): Promise<void> {
    const described = await provider.describe(id).catch((error: unknown) => {
      if (isPortError(error) && error.code === "not-found") return null;
      this.#actor.apply({ type: "sandbox-described", epoch, phase: "unreachable", failure: null, nowMs: this.#nowMs });
      throw error;
    });
    const gone = described === null || described.phase === "stopped" || described.phase === "failed";
    this.#actor.apply({
      type: "sandbox-described",
      epoch,
      phase: gone ? "gone" : "alive",
      failure: described?.failure ?? null,
      mayPass: described?.failure === undefined || mayPass(described.failure),
      nowMs: this.#nowMs,
      openPartTexts: this.#actor.openPartTexts(),
    });
  }

  async #checkPolicy(effect: EffectOf<"check-policy">): Promise<void> {
    const state = this.#actor.state();
    if (!state) return;
    const facts = await checkPolicy(this.#ports, state, effect);
    const stops = worstOf(facts) === "mismatch" && (await stopsOnMismatch(this.#ports.catalog, state.orgId));
    this.#actor.apply({ type: "policy-checked", epoch: effect.epoch, facts, stops, nowMs: this.#nowMs, openPartTexts: this.#actor.openPartTexts() });
  }

  #background(effect: SandboxEffect, work: (provider: SandboxProvider) => Promise<void>): void {
    const provider = this.#ports.sandboxes.get(effect.backend);
    // A backend that is not configured any more can be asked nothing, and would be asked for ever.
    if (!provider) return effect.type === "describe-sandbox" ? undefined : this.#released(effect.epoch);
    const done = work(provider).catch((error: unknown) =>
      this.#ports.log({ event: `${effect.type}-failed`, sandboxId: effect.id, error: String(error) }),
    );
    this.#ports.background(done);
  }

  get #nowMs(): number {
    return this.#ports.timers.now();
  }
}

/** Milliseconds after which a backend that has no room just now is asked again by itself. Null: whoever asked decides. */
function soonAgain(error: unknown): number | null {
  if (!isPortError(error) || error.code !== "resource-exhausted" || error.outcome !== "not-applied" || typeof error.retry === "string") return null;
  return error.retry.afterMs <= SOON_MS ? error.retry.afterMs : null;
}

/** Longer than a backend's word for "others are being started", shorter than for "full". */
const SOON_MS = 2_000;

const UNCHECKED: Failure = { code: "budget-unchecked", message: "Berth cannot check the spending caps right now, so no sandbox was started.", fix: "Resume the session in a moment." };

/** The host died while it made the sandbox: it may be back in a moment. */
function mayPass({ code }: Failure): boolean {
  return code === "start-interrupted";
}

/** What a person is told of an error: the port's own sentence and fix, or a plain one for what is not a port's. */
export function toFailure(error: unknown): Failure {
  if (isPortError(error)) {
    return { code: `${error.port}-${error.code}`, message: error.message, ...(error.fix === undefined ? {} : { fix: error.fix }) };
  }
  return { code: "internal", message: "Something broke on our side. Try again; the log of the instance says more." };
}

function unknownBackend(backend: string): PortError {
  return new PortError({
    port: "sandbox",
    operation: "create",
    code: "failed-precondition",
    outcome: "not-applied",
    retry: "never",
    message: `The sandbox backend "${backend}" is not configured here.`,
    fix: "Name it in SANDBOX_BACKENDS and start again.",
  });
}
