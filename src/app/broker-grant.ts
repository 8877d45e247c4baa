/** From the token that a sandbox's program presents to what its session lets it do. */
import { parseSandboxToken } from "../core/sandbox/sandbox-token.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";

export const NOT_VALID = "The sandbox's token is not valid: its session ended or has a newer sandbox.";

/** An agent may be the first to do something for its organization in this process. */
type BrokerGrantDeps = Pick<Services, "sessions"> & Partial<Pick<Services, "originsNotice" | "waitUntil">>;

/** Null when the token is none, or its session ended or has a newer sandbox. */
export async function brokerGrantOf({ sessions, originsNotice, waitUntil }: BrokerGrantDeps, token: string): Promise<BrokerGrant | null> {
  const parts = parseSandboxToken(token);
  const grant = parts && (await sessions.of(parts.orgId, parts.sessionId).authorizeBroker(token));
  if (grant && originsNotice) waitUntil?.(originsNotice.tell(grant.orgId));
  return grant;
}
