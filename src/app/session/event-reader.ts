/** Reads the log by its one cursor, whether an event is still in the session's own database or in the archive. */
import type { SessionEvent } from "@berth/protocol";
import { PortError } from "../../core/kernel/port-error.ts";
import type { BlobStore } from "../../ports/blob-store/blob-store.port.ts";
import type { SessionStore } from "../../ports/session-store/session-store.port.ts";
import { pageKey, type SessionName } from "./blob-keys.ts";

/** Of one answer, so that a page of large events stays small enough to carry. */
const PAGE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Events above `after`, oldest first: one at least where there is one, and maybe fewer than `limit`, since a page of the
 * archive ends where it ends.
 * @throws PortError when the archive cannot be read; nothing is passed over
 */
export async function readEvents(
  { store, blobs }: { readonly store: SessionStore; readonly blobs: BlobStore },
  session: SessionName,
  after: number,
  limit: number,
): Promise<readonly SessionEvent[]> {
  const page = after + 1 < store.firstSeq() ? store.archivedPage(after + 1) : null;
  if (page === null) return parse(store.eventTexts(after, { limit, bytesMax: PAGE_BYTES_MAX }));
  const key = pageKey(session, page);
  const found = await blobs.get(key);
  if (found === null) throw lost(key);
  const lines = new TextDecoder().decode(found.bytes).split("\n");
  const start = after + 1 - page.from;
  return parse(lines.slice(start, Math.min(start + limit, page.to + 1 - page.from)));
}

function parse(texts: readonly string[]): readonly SessionEvent[] {
  return texts.map((text) => JSON.parse(text) as SessionEvent);
}

function lost(key: string): PortError {
  return new PortError({
    port: "blob-store",
    operation: "get",
    code: "not-found",
    outcome: "not-applied",
    retry: "never",
    message: `the archive of this session misses ${key}`,
    fix: "restore the blob store from its backup",
  });
}
