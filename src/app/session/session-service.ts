/** What people and keys may ask of one session: checks that need no state, one input to the core, and its answer. */
import {
  CLOSE_CODES,
  LIMITS,
  makeProblem,
  type Answer,
  type AppliedWork,
  type BudgetReached,
  type Message,
  type Problem,
  type ResumeSession,
  type SandboxPolicy,
  type SendMessage,
  type Session,
  type UpdateSession,
  type WorkDiff,
} from "@berth/protocol";
import { newAccess, type Right } from "../../core/access/session-access.ts";
import { repositoriesOf } from "../../core/git/repository-name.ts";
import type { SessionProvider } from "../../core/providers/own-providers.ts";
import { hexOf } from "../../core/kernel/hex.ts";
import { countedFor } from "../../core/session/counted-for.ts";
import { makeId } from "../../core/kernel/ids.ts";
import { isPortError } from "../../core/kernel/port-error.ts";
import type { NoStep, Refusal, Step } from "../../core/session/session.effects.ts";
import type { NewPrompt } from "../../core/session/session.inputs.ts";
import type { SessionState } from "../../core/session/session.state.ts";
import { soleUserOf } from "../../core/session/sole-author.ts";
import { sandboxPolicy } from "../../core/session/session.view.ts";
import { DEFAULT_PERMISSIONS } from "../../core/sandbox/default-permissions.ts";
import { DEMO_PROVIDER } from "../providers.ts";
import type { Author, BrokerGrant, BudgetNews, EventsRead, Idempotency, OpenSession, OutputRead, Result, RoomAnswer, RoomRequest, UsageReport } from "../session-handle.ts";
import type { ShareAnswers, ShareCommand } from "../session-share.ts";
import type { WorkspaceAnswers, WorkspaceCommand } from "../session-workspace.ts";
import { isOutputName, outputKey } from "./blob-keys.ts";
import { CheckpointRoom } from "./checkpoint-room.ts";
import { toFailure } from "./effect-interpreter.ts";
import { readEvents } from "./event-reader.ts";
import type { AnswerToKeep, SessionActor } from "./session-actor.ts";
import type { SessionPorts } from "./session-ports.ts";
import { askerOf, SessionSharing } from "./session-sharing.ts";
import { SessionWorkspace } from "./session-workspace.ts";
import type { ViewerAttachment } from "./viewer.ts";
import { diffOf } from "./work-diff.ts";

export class SessionService {
  readonly #actor: SessionActor;
  readonly #ports: SessionPorts;

  readonly #sharing: SessionSharing;
  readonly #room: CheckpointRoom;
  #diffing: Promise<Result<WorkDiff>> | null = null;
  readonly #workspace: SessionWorkspace;

  constructor(actor: SessionActor, ports: SessionPorts) {
    this.#actor = actor;
    this.#ports = ports;
    this.#sharing = new SessionSharing(actor, ports);
    this.#workspace = new SessionWorkspace(actor, ports, this.#sharing);
    this.#room = new CheckpointRoom(ports.blobs, () => actor.nowMs);
  }

  open({ orgId, sessionId, input, author, environment, providers, demoOnly, gitIdentity }: OpenSession): Result<Session> {
    const known = this.read();
    if (known) return this.#barred(author, "read") === null ? { ok: true, value: known } : usedByAnother();
    const { userId } = askerOf(author);
    const access = newAccess(input.visibility ?? "org", userId === "" ? null : userId);
    const opening = {
      type: "session-opened",
      orgId,
      sessionId,
      author,
      model: input.model,
      ...(input.title === undefined ? {} : { title: input.title }),
      workspace: input.workspace ?? { kind: "empty" },
      ...(environment === undefined ? {} : { environment }),
      metadata: input.metadata ?? {},
      externalUserId: input.externalUserId ?? null,
      permissions: input.permissions ?? DEFAULT_PERMISSIONS,
      ...(input.agent === undefined ? {} : { agent: input.agent }),
      onInterruption: input.onInterruption ?? "ask",
      providers,
      gitIdentity,
      demoOnly,
      backends: [...this.#ports.sandboxes.keys()],
      prompt: input.prompt === undefined ? null : this.#newPrompt({ text: input.prompt }),
      nowMs: this.#actor.nowMs,
    } as const;
    return this.#sessionAfter(this.#actor.apply(opening, undefined, access));
  }

  read(asker?: Author): Session | null {
    const session = this.isGone || this.#isHidden(asker) ? null : this.#actor.resource();
    return session && asker ? { ...session, access: this.#sharing.accessOf(asker) } : session;
  }

  /** Whether it is to look as if it were not there. */
  #isHidden(asker: Author | undefined): boolean {
    return asker !== undefined && this.#sharing.rightOf(asker) === "none";
  }

  /** Of a session that is gone the core says so itself. */
  #barred(author: Author, needed: Right): Extract<Result<never>, { ok: false }> | null {
    return this.isGone ? null : this.#sharing.barred(author, needed);
  }

  async sharing<C extends ShareCommand>(command: C, author: Author | null): Promise<Result<ShareAnswers[C["do"]]>> {
    return this.isGone ? noSuchSession() : this.#sharing.run(command, author);
  }

  async workspace<C extends WorkspaceCommand>(command: C, author: Author | null): Promise<Result<WorkspaceAnswers[C["do"]]>> {
    return this.isGone ? noSuchSession() : this.#workspace.run(command, author);
  }

  /** Whether the socket's author may watch. */
  mayWatch(author: Author): boolean {
    return !this.isGone && !this.#isHidden(author);
  }

  /** Never opened, or removed: both answer the same, also while what a removed one leaves behind is still cleared away. */
  get isGone(): boolean {
    const { state } = this.#actor;
    return state === null || state.status === "ended";
  }

  update(input: UpdateSession, author: Author, providers?: readonly SessionProvider[]): Result<Session> {
    const { title, model, metadata, onInterruption, visibility } = input;
    const barred = this.#barred(author, "write");
    if (barred) return barred;
    const access = this.isGone ? null : this.#sharing.withVisibility(visibility, author);
    if (access?.ok === false) return access;
    const update = {
      type: "session-updated",
      author,
      ...(title === undefined ? {} : { title }),
      ...(model === undefined ? {} : { model }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(onInterruption === undefined ? {} : { onInterruption }),
      ...(providers === undefined ? {} : { providers }),
      nowMs: this.#actor.nowMs,
    } as const;
    // All of it in one step, or nothing.
    const result = this.#actor.apply(update, undefined, access?.value ?? undefined);
    if (result.refusal === null && access?.value) this.#sharing.closeBarred();
    return this.#sessionAfter(result);
  }

  send(
    input: SendMessage,
    author: Author,
    options: { readonly idempotency?: Idempotency; readonly providers?: readonly SessionProvider[] } = {},
  ): Result<Message> {
    if (this.isGone) return noSuchSession();
    const barred = this.#barred(author, "write");
    if (barred) return barred;
    const { idempotency, providers } = options;
    const before = idempotency && this.#ports.store.findAnswer(idempotency.key, this.#actor.nowMs);
    if (before) {
      if (before.bodyHash !== idempotency.bodyHash) {
        return { ok: false, problem: makeProblem("idempotency-mismatch", "This Idempotency-Key was used with another message.", { fix: "Use a new key for a new message." }) };
      }
      return { ok: true, value: this.#ports.store.message(before.answer) ?? missing("the first message of this Idempotency-Key") };
    }
    const bytes = new TextEncoder().encode(input.text).length;
    if (bytes > LIMITS.promptBytesMax) {
      return { ok: false, problem: makeProblem("body-too-large", `The prompt has ${bytes} bytes; the limit is ${LIMITS.promptBytesMax}.`) };
    }
    const unknown = providers === undefined && input.model !== undefined ? this.#unknownModel(input.model) : null;
    if (unknown) return { ok: false, problem: unknown };
    const keep: AnswerToKeep | undefined = idempotency && { ...idempotency, of: (step) => step.reply?.id ?? missing("the message's id") };
    const result = this.#actor.apply(
      {
        type: "prompt-received",
        author,
        prompt: this.#newPrompt(input),
        ...(providers === undefined ? {} : { providers }),
        nowMs: this.#actor.nowMs,
      },
      keep,
    );
    return this.#replyOf(result);
  }

  messages({ after, limit }: { readonly after: string | null; readonly limit: number }, asker?: Author) {
    if (this.isGone || this.#isHidden(asker)) return { messages: [], next: null };
    const messages = this.#ports.store.messages(after, limit + 1);
    const page = messages.slice(0, limit);
    return { messages: page, next: messages.length > limit ? (page.at(-1)?.id ?? null) : null };
  }

  cancel(messageId: string, author: Author): Result<Message> {
    const barred = this.#barred(author, "write");
    if (barred) return barred;
    const result = this.#actor.apply({ type: "message-cancelled", author, messageId, nowMs: this.#actor.nowMs });
    return this.#isOver(result, messageId) ? over(messageId) : this.#replyOf(result);
  }

  stop(author: Author): Result<Session> {
    return this.#barred(author, "write") ?? this.#sessionAfter(this.#actor.apply({ type: "stop-requested", author, nowMs: this.#actor.nowMs }));
  }

  move(messageId: string, before: string | null, author: Author): Result<Message> {
    const barred = this.#barred(author, "write");
    if (barred) return barred;
    const result = this.#actor.apply({ type: "message-moved", author, messageId, before, nowMs: this.#actor.nowMs });
    if (this.#isOver(result, messageId)) return over(messageId);
    // A message that stays in its place is answered as it is.
    if (result.refusal === null && result.reply === null) return { ok: true, value: this.#ports.store.message(messageId) ?? missing("the message") };
    return this.#replyOf(result);
  }

  hibernate(author: Author): Result<Session> {
    return this.#barred(author, "write") ?? this.#sessionAfter(this.#actor.apply({ type: "hibernate-requested", author, nowMs: this.#actor.nowMs }));
  }

  policy(ask: "read" | "measure", author: Author): Result<SandboxPolicy> {
    const barred = this.#barred(author, ask === "read" ? "read" : "write");
    if (barred) return barred;
    const step = ask === "measure" ? this.#actor.apply({ type: "policy-requested", author, nowMs: this.#actor.nowMs }) : null;
    if (step?.refusal) return refused(step.refusal);
    const { state } = this.#actor;
    return state === null || this.isGone ? noSuchSession() : { ok: true, value: sandboxPolicy(state) };
  }

  /** What only waits for room under a cap is not left by asking to go on. */
  resume(author: Author, choice?: NonNullable<ResumeSession["interrupted"]>): Result<Session> {
    const interrupted = choice ?? (this.#actor.state?.pause ? "continue" : "skip");
    const barred = this.#barred(author, "write");
    if (barred) return barred;
    if (this.#actor.state?.status === "failed") this.#actor.configureBackends();
    return this.#sessionAfter(this.#actor.apply({ type: "resume-requested", author, interrupted, nowMs: this.#actor.nowMs }));
  }

  answer(requestId: string, answer: Answer, author: Author): Result<{ readonly requestId: string }> {
    const barred = this.#barred(author, "write");
    if (barred) return barred;
    const result = this.#actor.apply({ type: "answer-given", author, requestId, answer, nowMs: this.#actor.nowMs });
    return result.refusal ? refused(result.refusal) : { ok: true, value: { requestId } };
  }

  async events(after: number, limit: number, asker?: Author): Promise<EventsRead> {
    const { state } = this.#actor;
    if (state === null || this.isGone || this.#isHidden(asker)) return { events: [], firstSeq: 1, lastSeq: 0 };
    const { store } = this.#ports;
    const held = () => ({ firstSeq: store.firstSeq(), lastSeq: store.lastSeq() });
    try {
      return { events: await readEvents(this.#ports, state, after, limit), ...held() };
    } catch (error) {
      if (!isPortError(error) || error.port !== "blob-store") throw error;
      this.#ports.log({ event: "archive-unreadable", sessionId: state.sessionId, error: String(error) });
      const problem = makeProblem(error.code === "not-found" ? "upstream-failed" : "unavailable", "The archive of this session's events cannot be read.");
      return { events: [], ...held(), problem };
    }
  }

  output(name: string, asker?: Author): OutputRead {
    const { state } = this.#actor;
    if (state === null || this.isGone || this.#isHidden(asker) || !isOutputName(name)) return null;
    const pending = this.#ports.store.pendingOutput(name);
    return pending === null ? { key: outputKey(state, name) } : { text: pending };
  }

  async diff(author: Author): Promise<Result<WorkDiff>> {
    const { state } = this.#actor;
    if (state === null || this.isGone) return noSuchSession();
    const barred = this.#barred(author, "read");
    if (barred) return barred;
    // However many look, the sandbox is asked once at a time.
    this.#diffing ??= diffOf(this.#ports.sandboxes, state).finally(() => {
      this.#diffing = null;
    });
    return this.#diffing;
  }

  async applyWork({ branch }: { readonly branch: string }, author: Author): Promise<Result<AppliedWork>> {
    if (this.isGone) return noSuchSession();
    const barred = this.#barred(author, "write");
    if (barred) return barred;
    const lease = this.#actor.state?.lease;
    const provider = lease && this.#ports.sandboxes.get(lease.backend);
    if (!this.#actor.state || !lease || !provider) {
      return { ok: false, problem: makeProblem("conflict", "There is no sandbox whose work could be applied.", { fix: "Resume the session first." }) };
    }
    const { title, sessionId } = this.#actor.state;
    try {
      const applied = await provider.applyWork(`${sessionId}-${lease.epoch}`, { branch, message: title });
      this.#actor.apply({ type: "work-applied", author, ...applied, nowMs: this.#actor.nowMs });
      return { ok: true, value: applied };
    } catch (error) {
      const failure = toFailure(error);
      return { ok: false, problem: makeProblem("conflict", failure.message, failure.fix === undefined ? {} : { fix: failure.fix }) };
    }
  }

  remove(author: Author): Result<null> {
    const barred = this.#barred(author, "manage");
    if (barred) return barred;
    const { nowMs, openPartTexts } = this.#actor;
    const result = this.#actor.apply({ type: "session-removed", author, nowMs, openPartTexts });
    return result.refusal ? refused(result.refusal) : { ok: true, value: null };
  }

  async issueTicket(author: Author): Promise<Result<{ readonly ticket: string; readonly expiresAt: string }>> {
    const { state, nowMs } = this.#actor;
    if (!state || this.isGone) return noSuchSession();
    const barred = this.#barred(author, "read");
    if (barred) return barred;
    // Who they are is as certain by the ticket as it is now: it makes nothing last longer.
    const maker: Author = { checkedAtMs: nowMs, ...author };
    const ticket = `tkt_${state.orgId}.${hexOf(this.#ports.randomBytes(24))}`;
    const expiresAtMs = nowMs + LIMITS.ticketLifetimeMs;
    this.#ports.store.putTicket({ hash: await this.#ports.sha256(ticket), author: JSON.stringify(maker), expiresAtMs }, nowMs);
    return { ok: true, value: { ticket, expiresAt: new Date(expiresAtMs).toISOString() } };
  }

  /** Null when the ticket is unknown, used or expired. */
  async redeemTicket(ticket: string): Promise<Author | null> {
    const author = this.#ports.store.takeTicket(await this.#ports.sha256(ticket), this.#actor.nowMs);
    const kept = author === null ? null : (JSON.parse(author) as Author & { readonly opens?: string });
    return kept?.opens === undefined ? kept : null;
  }

  async authorizeBroker(token: string): Promise<BrokerGrant | null> {
    const hash = await this.#ports.sha256(token);
    const { state } = this.#actor;
    const lease = state?.lease;
    if (!state || !lease || lease.tokenHash === null || !sameText(lease.tokenHash, hash)) return null;
    if (lease.phase === "lost" || lease.phase === "stopped" || lease.phase === "failed") return null;
    const told = state.settings.providers.map(({ id }) => id);
    // A sandbox that may be kept apart by nothing gets no key, also while it waits to be replaced by one that may.
    const providers = lease.demoOnly && !state.demoOnly ? told.filter((id) => id === DEMO_PROVIDER) : told;
    const { orgId, sessionId, run, workspace, environment, createdBy } = state;
    return {
      orgId,
      sessionId,
      epoch: lease.epoch,
      countedFor: countedFor(state),
      soleUserId: soleUserOf(state),
      soleWriter: this.#sharing.soleWriter,
      makerId: createdBy.kind === "user" ? createdBy.id : null,
      runId: run?.runId ?? null,
      held: heldUp(state),
      providers,
      repositories: repositoriesOf(workspace),
      environmentId: environment?.id ?? null,
    };
  }

  async reserveFor(token: string, userId: string): Promise<boolean> {
    const grant = await this.authorizeBroker(token);
    if (grant?.soleWriter?.userId !== userId) return false;
    return this.#actor.apply({ type: "own-secrets-asked", epoch: grant.epoch, ownerId: userId, nowMs: this.#actor.nowMs }).refusal === null;
  }

  /** Of a sandbox that was replaced only what it has stored already is told. @throws PortError where the store cannot be listed */
  async checkpointRoom(token: string, request: RoomRequest): Promise<RoomAnswer | null> {
    const { state } = this.#actor;
    if (state === null) return null;
    if (request.do === "take" && (await this.authorizeBroker(token)) === null) return null;
    return this.#room.ask(state, request);
  }

  recordUsage({ runId, usage, costMicros }: UsageReport): void {
    this.#actor.apply({ type: "usage-reported", runId, usage, costMicros, nowMs: this.#actor.nowMs });
  }

  hearOfBudget(news: BudgetNews): void {
    const { nowMs } = this.#actor;
    if (news.type === "reached") this.#actor.apply({ ...news, type: "budget-reached", nowMs });
    else this.#actor.apply({ type: `budget-${news.type}`, nowMs });
  }

  /** A socket brings no list of providers, so its model must be one the session already has. */
  #unknownModel(model: string): Problem | null {
    const providers = this.#actor.state?.settings.providers ?? [];
    const allowed = providers.flatMap(({ id, models }) => models.map((known) => `${id}/${known.id}`));
    if (allowed.includes(model)) return null;
    return makeProblem("unknown-model", `This session does not have the model ${model}.`, {
      allowed,
      fix: "Change the session's model with PATCH, or send the message over REST.",
    });
  }

  closeViewersOf(credentialIds: readonly string[]): void {
    for (const id of credentialIds) this.#ports.forget?.(id);
    const isTheirs = ({ apiKeyId, userId, signInId }: Pick<ViewerAttachment, "apiKeyId" | "userId" | "signInId">): boolean => [apiKeyId, userId, signInId].some((id) => credentialIds.includes(id ?? ""));
    if (!this.isGone) this.#sharing.dropMadeBy(credentialIds);
    this.#ports.store.dropTickets((author) => isTheirs(JSON.parse(author) as Author));
    this.#actor.hub.closeWhere(isTheirs, CLOSE_CODES.unauthorized, "the key or sign-in this was opened with is nobody's any more");
  }

  #newPrompt({ text, model, delivery }: SendMessage): NewPrompt {
    const { nowMs } = this.#actor;
    return {
      messageId: makeId("msg", nowMs, this.#ports.randomBytes(10)),
      runId: makeId("run", nowMs, this.#ports.randomBytes(10)),
      text,
      ...(model === undefined ? {} : { model }),
      ...(delivery === undefined ? {} : { delivery }),
    };
  }

  /** The state forgets a message once it is over; the table of messages has it still. */
  #isOver({ refusal }: Step | NoStep, messageId: string): boolean {
    return refusal?.problem === "not-found" && !this.isGone && this.#ports.store.message(messageId) !== null;
  }

  #sessionAfter(result: Step | NoStep): Result<Session> {
    if (result.refusal) return refused(result.refusal);
    return { ok: true, value: this.#actor.resource() ?? missing("the session") };
  }

  #replyOf(result: Step | NoStep): Result<Message> {
    if (result.refusal) return refused(result.refusal);
    return { ok: true, value: result.reply ?? missing("the message") };
  }
}

/** The sandbox's time is not paid for, which the ledger does not ask of a model call. */
function heldUp({ pause }: SessionState): BudgetReached | null {
  return pause?.by === "sandbox" ? pause.reached : null;
}

/** Under somebody else's `Idempotency-Key`, and not for this one to see. */
function usedByAnother(): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: makeProblem("conflict", "This Idempotency-Key was used before.", { fix: "Use a new key for a new session." }) };
}

function noSuchSession(): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: makeProblem("not-found", "There is no such session.") };
}

function over(messageId: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: makeProblem("conflict", `Message ${messageId} does not wait any more: it is over.`) };
}

function refused({ problem, detail, fix, pointer }: Refusal): { readonly ok: false; readonly problem: Problem } {
  const errors = pointer === undefined ? {} : { errors: [{ pointer, message: detail }] };
  return { ok: false, problem: makeProblem(problem, detail, { ...(fix === undefined ? {} : { fix }), ...errors }) };
}

function missing(what: string): never {
  throw new Error(`${what} is missing after it was committed`);
}

/** Compares in time that does not depend on where they differ. */
function sameText(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= left.charCodeAt(i) ^ right.charCodeAt(i);
  return difference === 0;
}
