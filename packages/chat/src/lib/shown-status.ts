/** How a session stands for whoever looks at it. */
import type { SessionStatus, Transcript } from "@berth/sdk";

/**
 * An idle session whose sandbox ended without its doing, as when Berth was stopped, is asleep as one that gave it back is: the
 * next message starts another from what was saved.
 */
export function withShownStatus(transcript: Transcript): Transcript {
  const { status, sandbox } = transcript;
  const isGone = sandbox?.phase === "lost" || sandbox?.phase === "stopped" || sandbox?.phase === "failed";
  return status === "idle" && isGone ? { ...transcript, status: "hibernated" } : transcript;
}

/** Whether there is a sandbox to open. */
export function isAwake(status: SessionStatus): boolean {
  return status === "idle" || status === "running" || status === "waiting";
}
