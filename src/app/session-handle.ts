/**
 * One session as the rest of the program sees it. The Durable Object implements it over RPC and the walking skeleton in
 * memory, so every argument and result is plain data; refusals are values, since thrown errors lose their shape on the way.
 */
import type {
  Actor,
  Answer,
  AppliedWork,
  CreateSession,
  Message,
  Problem,
  ResumeSession,
  SandboxProviderConfig,
  SendMessage,
  Session,
  SessionEvent,
  UpdateSession,
  Usage,
} from "@berth/protocol";

import type { Role } from "../ports/identity/identity.port.ts";

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** Who acts, as events and runs record it. */
export interface Author {
  readonly actor: Actor;
  readonly apiKeyId: string | null;
  readonly role: Role;
}

/** A client's `Idempotency-Key` with the SHA-256 of the body it came with. */
export interface Idempotency {
  readonly key: string;
  readonly bodyHash: string;
}

export interface OpenSession {
  readonly orgId: string;
  readonly sessionId: string;
  readonly input: CreateSession;
  readonly author: Author;
  /** Providers the sandbox may use through the broker. */
  readonly providers: readonly SandboxProviderConfig[];
  readonly demoOnly: boolean;
  readonly gitIdentity: { readonly name: string; readonly email: string } | null;
}

/** What a valid sandbox token stands for. */
export interface BrokerGrant {
  readonly orgId: string;
  readonly sessionId: string;
  readonly epoch: number;
  /** The run in progress, to which usage is charged; null between runs (a title request, a warm-up). */
  readonly runId: string | null;
  /** Names of the model providers that this sandbox may use; the organization may have more. */
  readonly providers: readonly string[];
}

export interface UsageReport {
  readonly runId: string | null;
  readonly usage: Usage;
  readonly costMicros: number | null;
}

export interface EventsRead {
  readonly events: readonly SessionEvent[];
  /** Oldest that is held in the session itself; what is older comes from the archive. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Why nothing could be read. */
  readonly problem?: Problem;
}

/** The text while it waits for the blob store, or its key there; null when there is no such session or name. */
export type OutputRead = { readonly text: string } | { readonly key: string } | null;

export interface SessionHandle {
  open(request: OpenSession): Promise<Result<Session>>;
  /** Null when the session was never opened or was deleted. */
  read(): Promise<Session | null>;
  update(input: UpdateSession, author: Author, providers?: readonly SandboxProviderConfig[]): Promise<Result<Session>>;
  send(
    input: SendMessage,
    author: Author,
    options?: { readonly idempotency?: Idempotency; readonly providers?: readonly SandboxProviderConfig[] },
  ): Promise<Result<Message>>;
  /** Oldest first; `after` is a message id. */
  messages(page: { readonly after: string | null; readonly limit: number }): Promise<{ readonly messages: readonly Message[]; readonly next: string | null }>;
  /** Takes a queued message out of the queue. */
  cancel(messageId: string, author: Author): Promise<Result<Message>>;
  /** Puts a queued message before another one, or last. */
  move(messageId: string, before: string | null, author: Author): Promise<Result<Message>>;
  /** Stops the running turn; the queue goes on with the next message. */
  stop(author: Author): Promise<Result<Session>>;
  /**
   * Starts a new sandbox for a failed, hibernated or interrupted session; an idle one is left as it is. `interrupted` says
   * what becomes of the message that was cut off; nothing runs again by default.
   */
  resume(author: Author, interrupted?: NonNullable<ResumeSession["interrupted"]>): Promise<Result<Session>>;
  /** Saves the work and lets the sandbox go; a message or `resume` brings it back. */
  hibernate(author: Author): Promise<Result<Session>>;
  answer(requestId: string, answer: Answer, author: Author): Promise<Result<{ readonly requestId: string }>>;
  /** Committed events after `after`, oldest first. `firstSeq` is the oldest held. */
  events(after: number, limit: number): Promise<EventsRead>;
  /** A tool's big output, by the name its event gives. */
  output(name: string): Promise<OutputRead>;
  applyWork(request: { readonly branch: string }, author: Author): Promise<Result<AppliedWork>>;
  /** Ends the session and destroys its sandbox and state. Its run history stays. */
  remove(author: Author): Promise<Result<null>>;
  /** A one-use ticket for a viewer's socket; answers the whole ticket. */
  issueTicket(author: Author): Promise<Result<{ readonly ticket: string; readonly expiresAt: string }>>;
  /**
   * WebSocket upgrades. `/viewer?after=N` with the author in header `x-berth-author` (JSON, set by the Worker and stripped
   * from what clients send), or `?ticket=`; `/link` with the sandbox token.
   */
  fetch(request: Request): Promise<Response>;
  /** Null when the token is not the current epoch's. */
  authorizeBroker(token: string): Promise<BrokerGrant | null>;
  recordUsage(report: UsageReport): Promise<void>;
  /** Closes the sockets that were opened by a key that is revoked now. */
  closeViewersOf(apiKeyId: string): Promise<void>;
}

export interface SessionDirectory {
  /** Does no I/O; the id is `${orgId}:${sessionId}`, so that no organization can name another's. */
  of(orgId: string, sessionId: string): SessionHandle;
}
