/** Writes down what was done and what was refused. Only what the address and the answer say: bodies may hold secrets. */
import type { Actor, AuditEntry } from "@berth/protocol";
import type { Services } from "../src/app/services.ts";
import { makeId } from "../src/core/kernel/ids.ts";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { ProblemError } from "../src/app/http/problem-error.ts";
import type { Person } from "../src/ports/identity/directory.port.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import { addressOf } from "./address.ts";
import { authorOf } from "./auth.ts";
import type { LogError } from "./errors.ts";

/** Who did it, and in whose list it is. */
export interface Doer {
  readonly orgId: string;
  readonly actor: Actor;
  readonly apiKeyId: string | null;
}

export interface Deed {
  readonly by: Doer;
  /** Method and route, as `DELETE /v1/keys/:providerKeyId`. */
  readonly action: string;
  /** The address's own ids by name; where it has none, those of what it was done to. */
  readonly target: Readonly<Record<string, string>>;
  readonly request: Request;
  readonly log: LogError;
}

export type AuditServices = Pick<Services, "catalog" | "now" | "randomBytes" | "waitUntil" | "clientAddressHeader" | "rateLimiter">;

/** `all`, or only what was refused or failed, where the session's own log says what was done. */
export type Noted = "all" | "refusals";

export function byPrincipal(principal: Principal): Doer {
  const { actor, apiKeyId } = authorOf(principal);
  return { orgId: principal.orgId, actor, apiKeyId };
}

export function byPerson(orgId: string, { userId }: Pick<Person, "userId">): Doer {
  return { orgId, actor: { kind: "user", id: userId }, apiKeyId: null };
}

/** Who has the operator's token: a launcher, or somebody at the machine. */
export function byOperator(orgId: string): Doer {
  return { orgId, actor: { kind: "system", id: "operator", name: "operator" }, apiKeyId: null };
}

/**
 * Runs it and writes it down, whatever came of it. What an administrator does, and who keeps keys and secrets, is on disk before the answer is given; what
 * happens in sessions does not wait for the database.
 */
export async function audited(services: AuditServices, deed: Deed, { waits, noted = "all" }: { readonly waits: boolean; readonly noted?: Noted }, act: () => Promise<Response>): Promise<Response> {
  try {
    const response = await act();
    if ((noted === "all" || response.status >= 400) && isKept(services, deed, response.status)) await note(services, deed, { status: response.status, waits });
    return response;
  } catch (error) {
    const status = error instanceof ProblemError ? error.problem.status : 500;
    if (isKept(services, deed, status)) await note(services, deed, { status, waits, error });
    throw error;
  }
}

/** Who is refused in a loop fills no list: of one caller the first of each minute are written down. */
function isKept({ rateLimiter }: AuditServices, { by }: Deed, status: number): boolean {
  return status < 400 || status >= 500 || rateLimiter === undefined || rateLimiter.take("refusal", by.apiKeyId ?? by.actor.id).allowed;
}

interface Outcome {
  readonly status: number;
  /** Whether it is on disk when this is over. */
  readonly waits: boolean;
  readonly error?: unknown;
}

/** For what has no principal before it is done. */
export async function note({ catalog, now, randomBytes, waitUntil, clientAddressHeader }: AuditServices, { by, ...deed }: Deed, { status, waits, error }: Outcome): Promise<void> {
  const atMs = now();
  const address = addressOf({ clientAddressHeader }, deed.request);
  // An id that nothing has is as long as the caller likes.
  const target = Object.fromEntries(Object.entries(deed.target).map(([name, value]) => [name, value.slice(0, TARGET_LENGTH_MAX)]));
  const entry: AuditEntry = {
    id: makeId("aud", atMs, randomBytes(10)),
    at: new Date(atMs).toISOString(),
    actor: by.actor,
    ...(by.apiKeyId === null ? {} : { apiKeyId: by.apiKeyId }),
    action: deed.action,
    target,
    outcome: outcomeOf(status, error),
    status,
    ...(address === null ? {} : { address }),
  };
  const written = catalog.addAudit(by.orgId, entry).catch((cause: unknown) => {
    // The deed is done and cannot be taken back for want of its record: the log has it then.
    deed.log({ errorId: entry.id, method: deed.request.method, path: new URL(deed.request.url).pathname, error: new Error(`not written down: ${JSON.stringify(entry)}`, { cause }) });
  });
  if (waits) await written;
  else waitUntil(written);
}

const TARGET_LENGTH_MAX = 200;

function outcomeOf(status: number, error: unknown): AuditEntry["outcome"] {
  if (isPortError(error)) return error.outcome === "unknown" ? "unknown" : "failed";
  return status < 400 ? "done" : status < 500 ? "refused" : "failed";
}
