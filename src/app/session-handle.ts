/**
 * One session as the rest of the program sees it. The Durable Object implements it over RPC and the walking skeleton in
 * memory, so every argument and result is plain data; refusals are values, since thrown errors lose their shape on the way.
 */
import type {
  Actor,
  Answer,
  AppliedWork,
  BudgetReached,
  CreateSession,
  Message,
  Problem,
  ResumeSession,
  SandboxPolicy,
  Scope,
  SendMessage,
  Session,
  SessionEnvironment,
  SessionEvent,
  UpdateSession,
  Usage,
  WorkDiff,
} from "@berth/protocol";

import type { SoleWriter } from "../core/access/session-access.ts";
import type { SessionProvider } from "../core/providers/own-providers.ts";
import type { Role } from "../ports/identity/identity.port.ts";
import type { ShareAnswers, ShareCommand } from "./session-share.ts";
import type { WorkspaceAnswers, WorkspaceCommand } from "./session-workspace.ts";

export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** Who acts, as events and runs record it. */
export interface Author {
  readonly actor: Actor;
  readonly apiKeyId: string | null;
  readonly role: Role;
  /** What they may do; absent: all that the role allows. */
  readonly scopes?: readonly Scope[];
  /** The principal, who may act by a key or a token; absent: the actor, where that is a person. Empty: nobody. */
  readonly userId?: string;
  readonly teamIds?: readonly string[];
  /** Set for a client token, which has nothing but what that gives. */
  readonly clientTokenId?: string;
  /** When what they came by ends. */
  readonly endsAtMs?: number;
  /** The sign-in they came by. */
  readonly signInId?: string;
  /** When the identity store said who they are; absent: just now. */
  readonly knownAtMs?: number;
  /** When it was last asked, by way of a cache; absent: just now. */
  readonly checkedAtMs?: number;
}

/** What a client token stands for now: no more than whoever made it may do. */
export interface ClientGrant {
  readonly id: string;
  readonly access: "read" | "write";
  readonly expiresAtMs: number;
  /** Of pages it works from, besides Berth's own. */
  readonly origins: readonly string[];
  /** Who made it, or the link it came from. */
  readonly by: { readonly userId: string; readonly keyId: string | null };
  /** When the identity store said who that is; absent: just now. */
  readonly knownAtMs?: number;
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
  /** Absent: none, whatever the input names. */
  readonly environment?: SessionEnvironment;
  /** Providers the sandbox may use through the broker. */
  readonly providers: readonly SessionProvider[];
  readonly demoOnly: boolean;
  readonly gitIdentity: { readonly name: string; readonly email: string } | null;
}

/** What a valid sandbox token stands for. */
export interface BrokerGrant {
  readonly orgId: string;
  readonly sessionId: string;
  readonly epoch: number;
  /** Whose caps it counts against and whose doing it is: who asked for the run or steered it, or the last one; before the first, who made the session. */
  readonly countedFor: string | null;
  /** Whose own secrets requests may carry: the person whose run it is and by whose words alone the session ever went; null between runs. */
  readonly soleUserId: string | null;
  /** Whose own secrets the agent may read: the person who made the session, where they alone write in it and ever did. */
  readonly soleWriter: SoleWriter | null;
  /** The person who made the session, whose work it is between runs; null where that was a key. */
  readonly makerId: string | null;
  /** The run in progress, to which usage is charged; null between runs (a title request, a warm-up). */
  readonly runId: string | null;
  /** The cap under which the sandbox's time found no room, so that its model calls wait; null while there is room. */
  readonly held: BudgetReached | null;
  /** Names of the model providers that this sandbox may use; the organization may have more. */
  readonly providers: readonly string[];
  /** Names of the repositories that this sandbox may fetch from and push to. */
  readonly repositories: readonly string[];
  /** What the session's sandboxes begin with; null for no more than any. */
  readonly environmentId: string | null;
}

export interface UsageReport {
  readonly runId: string | null;
  readonly usage: Usage;
  readonly costMicros: number | null;
}

/**
 * `reached`: there was no room for a model call of the run, and the session says that it waits. `lifted`: there is now.
 * `changed`: someone changed a cap, and the session asks the ledger whether that concerns it.
 */
export type BudgetNews =
  | { readonly type: "reached"; readonly runId: string; readonly reached: BudgetReached }
  | { readonly type: "lifted" }
  | { readonly type: "changed" };

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

/** `take` before a blob is stored, `done` when it was or was not, `deleted` when it is gone. */
export type RoomRequest =
  | { readonly do: "take"; readonly name: string; readonly bytes: number }
  | { readonly do: "done"; readonly id: number; readonly isStored: boolean }
  | { readonly do: "deleted"; readonly name: string };
export type RoomAnswer = { readonly ok: true; readonly id: number } | { readonly ok: false; readonly over: "bytes" | "blobs" };

export interface SessionHandle {
  open(request: OpenSession): Promise<Result<Session>>;
  /** Null when the session was never opened, was deleted, or is not for them. Without anybody: for the program itself. */
  read(asker?: Author): Promise<Session | null>;
  update(input: UpdateSession, author: Author, providers?: readonly SessionProvider[]): Promise<Result<Session>>;
  send(
    input: SendMessage,
    author: Author,
    options?: { readonly idempotency?: Idempotency; readonly providers?: readonly SessionProvider[] },
  ): Promise<Result<Message>>;
  /** Oldest first; `after` is a message id. */
  messages(page: { readonly after: string | null; readonly limit: number }, asker?: Author): Promise<{ readonly messages: readonly Message[]; readonly next: string | null }>;
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
  /** How the sandbox is kept, as measured last. `measure` has it measured again; the answer is still as of before. */
  policy(ask: "read" | "measure", author: Author): Promise<Result<SandboxPolicy>>;
  answer(requestId: string, answer: Answer, author: Author): Promise<Result<{ readonly requestId: string }>>;
  /** Committed events after `after`, oldest first. `firstSeq` is the oldest held. */
  events(after: number, limit: number, asker?: Author): Promise<EventsRead>;
  /** A tool's big output, by the name its event gives. */
  output(name: string, asker?: Author): Promise<OutputRead>;
  /** What differs in the work folder from where the work began. */
  diff(author: Author): Promise<Result<WorkDiff>>;
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
  /** Who may see it: shares, links, client tokens. @param author null where a token is the right */
  sharing<C extends ShareCommand>(command: C, author: Author | null): Promise<Result<ShareAnswers[C["do"]]>>;
  /** Who may act in the sandbox itself. @param author null where a ticket is the right, or nobody asks */
  workspace<C extends WorkspaceCommand>(command: C, author: Author | null): Promise<Result<WorkspaceAnswers[C["do"]]>>;
  /** Null when the token is not the current epoch's. */
  authorizeBroker(token: string): Promise<BrokerGrant | null>;
  /** Whether the sandbox of that token may have what this person keeps for themselves. From a yes on nobody else's word reaches its agent. */
  reserveFor(token: string, userId: string): Promise<boolean>;
  /** Before and after a blob of a checkpoint is stored. Null when the token is not the current epoch's. */
  checkpointRoom(token: string, request: RoomRequest): Promise<RoomAnswer | null>;
  recordUsage(report: UsageReport): Promise<void>;
  hearOfBudget(news: BudgetNews): Promise<void>;
  /** Closes what was opened by keys, sign-ins or principals that are nobody now, and ends the tickets and client tokens they made. */
  closeViewersOf(credentialIds: readonly string[]): Promise<void>;
}

export interface SessionDirectory {
  /** Does no I/O; the id is `${orgId}:${sessionId}`, so that no organization can name another's. */
  of(orgId: string, sessionId: string): SessionHandle;
}
