/** Who may see a session, as it is stored beside its state. */
import { newAccess, type SessionAccess, type StoredLink } from "../../core/access/session-access.ts";
import type { SessionState } from "../../core/session/session.state.ts";

/** Nobody knows who made a link from before that was kept, so nobody can say that it still holds. */
function withMakers(access: SessionAccess): SessionAccess {
  const links = access.links.filter(({ by }: Partial<StoredLink>) => by !== undefined);
  return links.length === access.links.length ? access : { ...access, links };
}

/** A session from before this was kept is the organization's, and its maker's where that is a person. */
export function readAccess(text: string | null, state: Pick<SessionState, "createdBy"> | null): SessionAccess {
  if (text !== null) return withMakers(JSON.parse(text) as SessionAccess);
  return newAccess("org", state?.createdBy.kind === "user" ? state.createdBy.id : null);
}
