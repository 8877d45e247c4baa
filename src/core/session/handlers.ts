/** Which handler takes which input. */
import { unreachable } from "../kernel/assert.ts";
import { budgetChanged, budgetLifted, budgetReached, computeGranted, computeRefused } from "./budget.ts";
import { clockTicked } from "./deadlines.ts";
import { patch, type Draft } from "./draft.ts";
import { hibernateRequested } from "./hibernate.ts";
import { answerGiven } from "./interrupted.ts";
import { createFailed, sandboxAccepted, sandboxDescribed, tokenMinted } from "./lease.ts";
import { resumeRequested, sessionOpened, sessionRemoved, sessionRestored, stopRequested } from "./life.ts";
import { downAcked, linkClosed, linkOpened } from "./link.ts";
import { ownSecretsAsked } from "./own-secrets.ts";
import { policyChecked, policyRequested } from "./policy.ts";
import { promptReceived } from "./prompt.ts";
import { messageCancelled, messageMoved } from "./queue.ts";
import { sandboxReleased } from "./release.ts";
import type { Refusal } from "./session.effects.ts";
import type { InputOf, SessionInput } from "./session.inputs.ts";
import { sessionUpdated, workApplied } from "./settings.ts";
import { usageReported } from "./turn.ts";
import { heartbeatReceived, upReceived } from "./up.ts";
import { workspaceUsed } from "./workspace.ts";

/** Null when the input was taken. */
export function handle(draft: Draft, input: SessionInput): Refusal | null {
  switch (input.type) {
    case "session-opened":
      return sessionOpened(draft, input);
    case "session-updated":
      return sessionUpdated(draft, input);
    case "work-applied":
      return workApplied(draft, input);
    case "backends-configured":
      return backendsConfigured(draft, input);
    case "prompt-received":
      return promptReceived(draft, input);
    case "message-cancelled":
      return messageCancelled(draft, input);
    case "stop-requested":
      return stopRequested(draft, input);
    case "resume-requested":
      return resumeRequested(draft, input);
    case "hibernate-requested":
      return hibernateRequested(draft);
    case "message-moved":
      return messageMoved(draft, input);
    case "sandbox-released":
      return sandboxReleased(draft, input);
    case "answer-given":
      return answerGiven(draft, input);
    case "session-removed":
      return sessionRemoved(draft, input);
    case "session-restored":
      return sessionRestored(draft, input);
    case "sandbox-token-minted":
      return tokenMinted(draft, input);
    case "sandbox-accepted":
      return sandboxAccepted(draft, input);
    case "sandbox-create-failed":
      return createFailed(draft, input);
    case "sandbox-described":
      return sandboxDescribed(draft, input);
    case "link-opened":
      return linkOpened(draft, input);
    case "link-closed":
      return linkClosed(draft, input);
    case "down-acked":
      return downAcked(draft, input);
    case "up-received":
      return upReceived(draft, input);
    case "heartbeat-received":
      return heartbeatReceived(draft, input);
    case "workspace-used":
      return workspaceUsed(draft, input);
    case "policy-requested":
      return policyRequested(draft);
    case "policy-checked":
      return policyChecked(draft, input);
    case "usage-reported":
      return usageReported(draft, input);
    case "budget-reached":
      return budgetReached(draft, input);
    case "budget-lifted":
      return budgetLifted(draft);
    case "budget-changed":
      return budgetChanged(draft);
    case "own-secrets-asked":
      return ownSecretsAsked(draft, input);
    case "compute-granted":
      return computeGranted(draft, input);
    case "compute-refused":
      return computeRefused(draft, input);
    case "clock-ticked":
      return clockTicked(draft);
    default:
      return unreachable(input);
  }
}

/** Takes effect with the next start. */
function backendsConfigured(draft: Draft, { backends }: InputOf<"backends-configured">): null {
  if (backends.join("\n") !== draft.state.backends.join("\n")) patch(draft, { backends });
  return null;
}
