/** The secrets that a sandbox has in its environment: those that were marked readable by the agent, and no other. */
import { refuse } from "./http/problem-error.ts";
import { brokerGrantOf, NOT_VALID } from "./broker-grant.ts";
import { whyNotHad } from "./kept-value.ts";
import { secretsInReach, takeSecrets } from "./secrets.ts";
import type { Services } from "./services.ts";
import type { BrokerGrant } from "./session-handle.ts";
import { soleWriterNow } from "./sole-writer.ts";
import type { SessionSecretRecord } from "../ports/catalog/catalog.port.ts";

export type SandboxSecretDeps = Pick<Services, "sessions" | "identity" | "catalog" | "vault" | "now" | "randomBytes">;

/** With the person's own only where the session keeps everybody else from the sandbox's agent from now on. */
async function readableBy(deps: SandboxSecretDeps, grant: BrokerGrant, token: string): Promise<readonly SessionSecretRecord[]> {
  const marked = async (userId: string | null) => (await secretsInReach(deps, grant, userId)).filter((secret) => secret.readableByAgent);
  const ownerId = await soleWriterNow(deps, grant.orgId, grant.soleWriter);
  const readable = await marked(ownerId);
  if (ownerId === null || !readable.some(({ scope }) => scope === "user")) return readable;
  return (await deps.sessions.of(grant.orgId, grant.sessionId).reserveFor(token, ownerId)) ? readable : marked(null);
}

/** By name. @throws ProblemError `unauthenticated`; where one cannot be read, or its use cannot be written down, none is given */
export async function environmentOf(deps: SandboxSecretDeps, token: string): Promise<Readonly<Record<string, string>>> {
  const grant = (await brokerGrantOf(deps, token)) ?? refuse("unauthenticated", NOT_VALID);
  try {
    const readable = await readableBy(deps, grant, token);
    if (readable.length === 0) return {};
    const values = await takeSecrets(deps, grant, readable, null);
    return Object.fromEntries(readable.map(({ name }, at) => [name, values[at] ?? ""]));
  } catch (error) {
    if (whyNotHad(error) === "unreadable") return refuse("upstream-failed", "A secret that the agent should have cannot be read.", { fix: "Its owner must remove it and keep it again." });
    return refuse("unavailable", "The session's secrets cannot be looked up right now, or their use cannot be written down.");
  }
}
