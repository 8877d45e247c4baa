/**
 * Who may do what, as data. Every route and every socket action names a policy and a scope; the gate compares the tables
 * with what is mounted. Scopes are checked against the role today and against the key's own scopes once keys carry them.
 */
import type { ClientActionType } from "@berth/protocol";
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

export const SCOPES = [
  "sessions:read",
  "sessions:write",
  "runs:read",
  "providers:read",
  "providers:write",
  "api-keys:read",
  "api-keys:write",
  "machine:read",
  "account:read",
] as const;
export type Scope = (typeof SCOPES)[number];

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

/** What a viewer's socket may carry; the session's shell asks this before it acts on a frame. */
export const SOCKET_POLICIES: Readonly<Record<ClientActionType, { readonly scope: Scope }>> = {
  ack: { scope: "sessions:read" },
  prompt: { scope: "sessions:write" },
  cancel: { scope: "sessions:write" },
  stop: { scope: "sessions:write" },
  answer: { scope: "sessions:write" },
};
