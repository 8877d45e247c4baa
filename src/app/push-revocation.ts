/**
 * Tells an organization's sessions that a key is revoked, so that what is open by it closes. The credential cache refuses
 * it over HTTP at once; sockets outlive the request that opened them.
 */
import type { Services } from "./services.ts";

const PAGE = 200;
/** A socket is opened by somebody who looks at a session, so the newest are told; the rest have long hibernated. */
const SESSIONS_MAX = 1_000;

export async function pushRevocation({ catalog, sessions }: Pick<Services, "catalog" | "sessions">, orgId: string, keyId: string): Promise<void> {
  let after: string | null = null;
  for (let told = 0; told < SESSIONS_MAX; told += PAGE) {
    const page = await catalog.listSessions(orgId, { after, limit: PAGE });
    await Promise.all(page.sessions.map(({ id }) => sessions.of(orgId, id).closeViewersOf(keyId)));
    if (page.next === null) return;
    after = page.next;
  }
}
