/**
 * Faults as data. A catalog entry says what may go wrong at which point of which operation, how the adapter must report
 * it, and what the person sees. The same id is the test filter, the log field and the metric label.
 */
import { PortError, type Outcome, type PortErrorCode, type Retry } from "./port-error.ts";

/** `port:operation:what-happened` */
export type FaultId = `${string}:${string}:${string}`;

/** Every catalog covers these ten, or says why one cannot happen to its port. */
export const COMMON_FAULTS = [
  "not-found",
  "conflict",
  "quota",
  "timeout-before-send",
  "timeout-after-send",
  "cut-mid-stream",
  "duplicate-delivery",
  "stale-handle",
  "wrong-credentials",
  "slow-success",
] as const;
export type CommonFault = (typeof COMMON_FAULTS)[number];

export type FaultPoint = "before-send" | "mid-stream" | "after-apply";

/** Why an adapter cannot be made to show a fault. Closed list, so that the gate can count them. */
export type NotInjectable = "vendor-offers-no-hook" | "local-call-cannot-fail-so" | "needs-live-account";

export interface Fault {
  readonly id: FaultId;
  readonly common?: CommonFault;
  readonly at: { readonly operation: string; readonly point: FaultPoint };
  /** How the port reports it; `success` for slow or duplicated success. */
  readonly symptom:
    | { readonly code: PortErrorCode; readonly outcome: Outcome; readonly retry: Retry }
    | "success";
  /** What the core must do. */
  readonly rule: string;
  /** What the person sees and can do. */
  readonly recovery: string;
  /** Where it was seen: an incident, a vendor's page, or `sdk`. */
  readonly source: string;
  /** Adapters that cannot be made to show it, with the reason. Absent means: all can. */
  readonly notInjectable?: Readonly<Record<string, { readonly reason: NotInjectable; readonly why: string }>>;
  /** Not proved in the app yet: why, and by what it will be. */
  readonly deferred?: { readonly reason: string; readonly until: string };
}

export interface FaultCatalog {
  readonly port: string;
  readonly faults: readonly Fault[];
  /** Common faults that cannot happen to this port, each with a reason. */
  readonly notApplicable: Readonly<Partial<Record<CommonFault, string>>>;
}

interface Armed {
  readonly fault: Fault;
  remaining: number;
  readonly delayMs: number;
}

/**
 * Arms faults on a fake. The fake calls `strike(operation, point)` at each point; an armed fault throws its symptom
 * there. A `success` fault is returned, so that the fake can delay or repeat.
 */
export class FaultScript {
  readonly #catalog: FaultCatalog;
  #armed: Armed[] = [];

  constructor(catalog: FaultCatalog) {
    this.#catalog = catalog;
  }

  arm(id: string, options: { readonly times?: number; readonly delayMs?: number } = {}): void {
    const fault = this.#catalog.faults.find((candidate) => candidate.id === id);
    if (!fault) throw new Error(`no fault ${id} in the catalog of ${this.#catalog.port}`);
    this.#armed.push({ fault, remaining: options.times ?? 1, delayMs: options.delayMs ?? 0 });
  }

  disarm(): void {
    this.#armed = [];
  }

  strike(operation: string, point: FaultPoint): Fault | null {
    const armed = this.#armed.find(({ fault }) => fault.at.operation === operation && fault.at.point === point);
    if (!armed) return null;
    armed.remaining -= 1;
    if (armed.remaining <= 0) this.#armed = this.#armed.filter((other) => other !== armed);
    const { fault } = armed;
    if (fault.symptom === "success") return fault;
    throw new PortError({
      port: this.#catalog.port,
      operation,
      ...fault.symptom,
      message: `${fault.id}: ${fault.recovery}`,
    });
  }
}
