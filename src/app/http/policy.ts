/**
 * Who may do what over HTTP, as data. Every route names a policy and a scope, in the words that API keys carry; the gate
 * compares the table of routes with what is mounted. What a socket may do is `SOCKET_POLICIES` beside the socket's actions.
 */
import type { Scope } from "@berth/protocol";

export type Policy =
  /** Anyone. */
  | "public"
  /** A person or API key of an organization. */
  | "principal"
  /** The same with role owner or admin. */
  | "principal:admin"
  /** The sign-in of a person, who may belong to no organization. */
  | "person"
  /** The token of a link to a session, which the session checks. */
  | "link-token"
  /** A sandbox's token; the session or the broker checks it. */
  | "sandbox-token"
  /** The launcher or the operator of this instance. */
  | "operator"
  /** A viewer's one-use ticket, which the session checks, or a principal. */
  | "ticket-or-principal"
  /** A one-use ticket for the inside of a sandbox, which the session checks. */
  | "workspace-ticket";

export interface Access {
  readonly policy: Policy;
  /** Null where no principal is asked for, or where each may ask. */
  readonly scope: Scope | null;
}
