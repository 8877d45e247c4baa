/** Where a session's large things are: keys in the blob store, and the addresses that clients read them by. */
import type { ArchivedPage } from "../../ports/session-store/session-store.port.ts";

export interface SessionName {
  readonly orgId: string;
  readonly sessionId: string;
}

/** Everything of the session, checkpoints included. */
export function blobPrefix({ orgId, sessionId }: SessionName): string {
  return `${orgId}/${sessionId}/`;
}

export function pageKey(session: SessionName, { from, to }: ArchivedPage): string {
  return `${blobPrefix(session)}events/${from}-${to}.jsonl`;
}

export function outputKey(session: SessionName, name: string): string {
  return `${blobPrefix(session)}outputs/${name}`;
}

/** What a sandbox saved of its work; `name` may be empty for all of it. */
export function checkpointKey(session: SessionName, name: string): string {
  return `${blobPrefix(session)}checkpoints/${name}`;
}

/** Names that `makeId` gives to outputs; nothing else is looked for. */
export function isOutputName(name: string): boolean {
  return /^out_[0-9a-z]{26}$/.test(name);
}

export function outputAddress(sessionId: string, name: string): string {
  return `/v1/sessions/${sessionId}/outputs/${name}`;
}

/** The page of events after `after`, from the archive where it is older than what the session holds. */
export function eventsAddress(sessionId: string, after: number): string {
  return `/v1/sessions/${sessionId}/events?after=${after}`;
}
