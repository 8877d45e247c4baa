/**
 * Who may do what over HTTP, as data. Every route names a policy and a scope; the gate compares the table of routes with
 * what is mounted. Scopes are checked against the role today and against the key's own scopes once keys carry them. What
 * a socket may do is `SOCKET_POLICIES` beside the socket's actions.
 */
import type { Role } from "../../ports/identity/identity.port.ts";

export type Policy =
  /** Anyone. */
  | "public"
  /** A person or API key of an organization. */
  | "principal"
  /** The same with role owner or admin. */
  | "principal:admin"
  /** A sandbox's token; the session or the broker checks it. */
  | "sandbox-token"
  /** The launcher or the operator of this instance. */
  | "operator"
  /** A viewer's one-use ticket, which the session checks, or a principal. */
  | "ticket-or-principal";

export type Scope =
  | "sessions:read"
  | "sessions:write"
  | "runs:read"
  | "providers:read"
  | "providers:write"
  | "api-keys:read"
  | "api-keys:write"
  | "machine:read"
  | "account:read";

export interface Access {
  readonly policy: Policy;
  /** Null where no principal is asked for. */
  readonly scope: Scope | null;
}

/** A viewer reads; everybody else may also write. Administration asks for the policy `principal:admin`. */
export function roleAllows(role: Role, scope: Scope): boolean {
  return role !== "viewer" || scope.endsWith(":read");
}

export function isAdmin(role: Role): boolean {
  return role === "owner" || role === "admin";
}
