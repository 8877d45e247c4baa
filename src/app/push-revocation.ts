/**
 * Tells an organization's sessions that keys or sign-ins ended or a principal was removed, so that what is open by them
 * closes at once. Only the newest are told; the others ask again themselves before they send anything half a minute later.
 */
import type { EndedSignIn } from "../ports/identity/identity.port.ts";
import type { Services } from "./services.ts";

const PAGE = 200;
/** A socket is opened by somebody who looks at a session, so that is where most are. */
const SESSIONS_MAX = 1_000;

export async function pushRevocation({ catalog, sessions }: Pick<Services, "catalog" | "sessions">, orgId: string, ...credentialIds: readonly string[]): Promise<void> {
  let after: string | null = null;
  for (let told = 0; told < SESSIONS_MAX; told += PAGE) {
    const page = await catalog.listSessions(orgId, { after, limit: PAGE });
    // One that cannot be told ends nobody else's being told: it asks again itself.
    await Promise.allSettled(page.sessions.map(({ id }) => sessions.of(orgId, id).closeViewersOf(credentialIds)));
    if (page.next === null) return;
    after = page.next;
  }
}

/** A person's other sign-ins, and their keys, keep what is open by them. */
export async function pushEndedSignIns(services: Pick<Services, "catalog" | "sessions">, ended: readonly EndedSignIn[]): Promise<void> {
  const orgIds = new Set(ended.map(({ orgId }) => orgId).filter((orgId) => orgId !== null));
  await Promise.all([...orgIds].map((orgId) => pushRevocation(services, orgId, ...ended.flatMap((each) => (each.orgId === orgId ? [each.signInId] : [])))));
}
