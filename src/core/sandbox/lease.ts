/** The lease: the one sandbox a session holds now. Every new sandbox raises the epoch; older ones are refused. */
import type { DownMessage, Failure, Isolation, SandboxPhase } from "@berth/protocol";
import { createLinkEnd, type LinkEnd } from "../link/link-end.ts";

/** What the down queue holds. What people wrote is held by name: the text is in the state once, and is filled in when it is sent. */
export type HeldDown =
  | Exclude<DownMessage, { type: "prompt" | "steer" }>
  | { readonly type: "prompt"; readonly messageId: string }
  | { readonly type: "steer"; readonly messageId: string; readonly steerId: string };

/** What of a sandbox's time is paid for: the newest slice, and when the one before it began. */
export interface Compute {
  /** 1, 2, 3 … */
  readonly slice: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly lastFromMs: number;
}

/** Names a slice's reservation, so that asking for it twice counts once. */
export function computeIdOf(sessionId: string, epoch: number, slice: number): string {
  return `cmp_${sessionId}-${epoch}.${slice}`;
}

export interface Lease {
  readonly epoch: number;
  readonly backend: string;
  readonly phase: SandboxPhase;
  readonly isolation: Isolation | null;
  /** Hex SHA-256 of the sandbox token; null until the token is minted, which happens before the create is sent. */
  readonly tokenHash: string | null;
  /** What the sandbox was asked for; a backend without isolation may only run the demo model. */
  readonly demoOnly: boolean;
  /** Null until its time is paid for. */
  readonly compute: Compute | null;
  /** Revision of the configuration last put in the down queue; 0 for none. */
  readonly configRevision: number;
  /** The socket that speaks for this epoch now; null while there is none. */
  readonly linkId: string | null;
  /** What both ends of the link speak. Absent: 1, or no hello yet. */
  readonly linkVersion?: number;
  readonly link: LinkEnd<HeldDown>;
}

/** An attempt to get a sandbox ready, over one or more backends. */
export interface Start {
  /** Milliseconds since the Unix epoch. */
  readonly deadlineAtMs: number;
  /** Backends not tried yet, in order. */
  readonly backendsLeft: readonly string[];
  /** Backends that could not for a reason that may pass; tried again when no other is left. */
  readonly again: readonly string[];
  /** How often the list was begun again. */
  readonly rounds: number;
  /** How often in a row the backend of this attempt could not be asked. */
  readonly silences: number;
  /** Why the earlier attempts of this start failed. */
  readonly failures: readonly Failure[];
}

/** A sandbox that may still exist at its backend; destroyed when the session is removed. */
export interface RetiredSandbox {
  readonly epoch: number;
  readonly backend: string;
  /** True once the backend said that its processes are gone. */
  readonly stopped: boolean;
}

export const START_TOTAL_MS = 90_000;
export const START_ATTEMPT_MAX_MS = 45_000;

/** A backend that does not answer this often in a row is taken for one that is away. */
export const START_SILENCES_MAX = 3;
/** Before the backends are tried again, which doubles up to the longest. */
export const START_PAUSE_MS = 1_000;
export const START_PAUSE_MAX_MS = 5_000;

/** When this attempt must be ready: the smaller of 45 s and what remains divided by the backends left, itself included. */
export function attemptDeadlineAtMs(start: Start, nowMs: number): number {
  const remainingMs = Math.max(0, start.deadlineAtMs - nowMs);
  return nowMs + Math.min(START_ATTEMPT_MAX_MS, Math.floor(remainingMs / (start.backendsLeft.length + 1)));
}

export function requestLease(epoch: number, backend: string, demoOnly: boolean): Lease {
  return {
    epoch,
    backend,
    phase: "requested",
    isolation: null,
    tokenHash: null,
    demoOnly,
    compute: null,
    configRevision: 0,
    linkId: null,
    link: createLinkEnd(),
  };
}

const ALIVE = ["requested", "accepted", "linked", "ready"] as const satisfies readonly SandboxPhase[];
export type AliveLease = Lease & { readonly phase: (typeof ALIVE)[number] };

/** True while the sandbox may still link or work. */
export function isAlive(lease: Lease | null): lease is AliveLease {
  return lease !== null && ALIVE.some((phase) => phase === lease.phase);
}
