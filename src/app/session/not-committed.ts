/** What becomes of a step that the session's own store did not take. */
import { CLOSE_CODES } from "@berth/protocol";
import { isPortError } from "../../core/kernel/port-error.ts";
import type { NoStep, Refusal, Step } from "../../core/session/session.effects.ts";
import type { SessionState } from "../../core/session/session.state.ts";

/**
 * In words for whoever asked. A runtime is hung up on, so that it dials again and sends what was not acknowledged.
 * @throws the error itself when it is not the store's, or a batch that is too large, which its sender can make smaller
 */
export function notCommitted(error: unknown): Refusal {
  if (!isPortError(error) || error.port !== "session-store" || error.code === "invalid-argument") throw error;
  const closeCode = CLOSE_CODES.internal;
  if (error.code === "resource-exhausted") {
    const detail = "The disk is full, so nothing was done. What was there before can still be read.";
    return { problem: "unavailable", detail, fix: "Make room, then send it again.", closeCode };
  }
  if (error.code === "already-exists") return { problem: "internal", detail: "Something broke on our side. Nothing was done.", closeCode };
  return { problem: "unavailable", detail: "The session could not be written right now. Nothing was done.", fix: "Send it again.", closeCode };
}

/** The answer to a refused input. */
export function unchanged(state: SessionState | null, refusal: Refusal): Step | NoStep {
  const nothing = { events: [], effects: [], outbox: [], messages: [], refusal, reply: null } as const;
  return state === null ? { state, ...nothing } : { state, ...nothing };
}
