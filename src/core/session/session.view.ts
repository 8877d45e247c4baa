/** What the outside sees of a session's state. `lastSeq` comes from the log, which the core does not read. */
import type { Message, MessageStatus, SandboxPolicy, Session, SessionSummary } from "@berth/protocol";
import { worstOf } from "../policy/judge.ts";
import type { QueuedMessage, SessionState } from "./session.state.ts";

export function sessionSummary(state: SessionState, lastSeq: number): SessionSummary {
  return {
    id: state.sessionId,
    title: state.title,
    status: state.status,
    ...(state.waitingFor === null ? {} : { waitingFor: state.waitingFor }),
    model: state.model,
    workspace: state.workspace,
    metadata: { ...state.metadata },
    ...(state.externalUserId === null ? {} : { externalUserId: state.externalUserId }),
    createdBy: state.createdBy,
    createdAt: new Date(state.createdAtMs).toISOString(),
    lastActiveAt: new Date(state.lastActiveAtMs).toISOString(),
    lastSeq,
  };
}

export function sessionResource(state: SessionState, lastSeq: number): Session {
  const { lease } = state;
  return {
    ...sessionSummary(state, lastSeq),
    ...(state.environment ? { environment: state.environment } : {}),
    ...(state.agent ? { agent: state.agent } : {}),
    ...(state.agentCannot ? { agentCannot: state.agentCannot } : {}),
    ...(state.failure === null ? {} : { failure: state.failure }),
    ...(state.pause === null ? {} : { budget: state.pause.reached }),
    queueLength: state.queue.length,
    onInterruption: state.onInterruption,
    ...(state.checkpoint === null ? {} : { savedAt: new Date(state.checkpoint.savedAtMs).toISOString() }),
    ...(lease === null
      ? {}
      : {
          sandbox: {
            epoch: lease.epoch,
            phase: lease.phase,
            backend: lease.backend,
            ...(lease.isolation === null ? {} : { isolation: lease.isolation }),
          },
        }),
  };
}

/** Facts of an earlier sandbox say nothing of this one. */
export function sandboxPolicy({ policy, epoch }: SessionState): SandboxPolicy {
  const facts = policy?.epoch === epoch ? [...policy.facts] : [];
  return { epoch: facts.length === 0 ? null : epoch, verdict: worstOf(facts), measuring: policy?.epoch === epoch && policy.measuring, facts };
}

/** The message's run is named from its dispatch on. */
export function messageResource(message: QueuedMessage, status: MessageStatus): Message {
  return {
    id: message.messageId,
    text: message.text,
    status,
    model: message.model,
    author: message.author,
    createdAt: new Date(message.createdAtMs).toISOString(),
    ...(status === "queued" || status === "cancelled" ? {} : { runId: message.runId }),
    ...(message.delivery === "steer" ? { delivery: message.delivery } : {}),
    ...(message.followUp === null ? {} : { [message.followUp.kind === "retry" ? "retryOf" : "continues"]: message.followUp.of }),
  };
}
