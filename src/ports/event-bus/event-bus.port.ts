/** The organization's feed: what changed, for session lists and for pushed revocation. */
import type { SessionSummary } from "@berth/protocol";

export type FeedChange =
  | { readonly type: "session.changed"; readonly session: SessionSummary }
  | { readonly type: "session.removed"; readonly sessionId: string }
  | { readonly type: "credential.revoked"; readonly credentialId: string };

/** `seq` counts 1, 2, 3 … per organization without gaps. */
export type FeedEvent = FeedChange & { readonly seq: number; readonly at: string };

/** One organization's feed. Publishing the same `dedupeKey` twice appends once. */
export interface EventBus {
  publish(change: FeedChange, dedupeKey: string): Promise<number>;
  /** `reset` is set to the oldest `seq` held when `after` is older than that. */
  read(after: number, limit: number): Promise<{ readonly events: readonly FeedEvent[]; readonly reset: number | null }>;
}
