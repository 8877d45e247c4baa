/** The organization's feed: what changed, for session lists and for pushed revocation. */
import type { SessionSummary } from "@berth/protocol";
import type { Reply } from "../../core/kernel/reply.ts";

export type FeedChange =
  | { readonly type: "session.changed"; readonly session: SessionSummary }
  | { readonly type: "session.removed"; readonly sessionId: string }
  | { readonly type: "credential.revoked"; readonly credentialId: string };

/** `seq` counts 1, 2, 3 … per organization without gaps. */
export type FeedEvent = FeedChange & { readonly seq: number; readonly at: string };

/** How many changes a feed holds; older ones are dropped, and who still wants them starts again from the lists. */
export const FEED_RETAINED = 10_000;

export interface FeedPage {
  readonly events: readonly FeedEvent[];
  readonly reset: number | null;
}

/** One organization's feed. Publishing the same `dedupeKey` twice appends once, for as long as the first is held. */
export interface EventBus {
  /** Answers the change's `seq`. */
  publish(change: FeedChange, dedupeKey: string): Promise<number>;
  /**
   * Changes above `after`, oldest first. `reset` is set to the oldest `seq` held when those between were dropped, or when
   * `after` is ahead of the feed; the changes then begin there.
   */
  read(after: number, limit: number): Promise<FeedPage>;
}

/** The same as it travels to the object that keeps the feed. */
export interface EventBusRpc {
  publish(change: FeedChange, dedupeKey: string): Promise<Reply<number>>;
  read(after: number, limit: number): Promise<Reply<FeedPage>>;
}
