/**
 * The Durable Object of one session, id `${orgId}:${sessionId}`. It restores, turns platform callbacks into calls of the
 * actor and the service, and holds the sockets; it decides nothing. All durable truth is in SQLite or in the sockets'
 * attachments before a callback returns.
 */
import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState, WebSocket as WorkerSocket } from "@cloudflare/workers-types";
import { CLOSE_CODES } from "@berth/protocol";
import { makeId } from "../core/kernel/ids.ts";
import { parseSandboxToken } from "../core/sandbox/sandbox-token.ts";
import { onLinkClosed, onLinkMessage } from "../app/session/link-connection.ts";
import { SessionActor } from "../app/session/session-actor.ts";
import type { SessionPorts } from "../app/session/session-ports.ts";
import { SessionService } from "../app/session/session-service.ts";
import { onViewerMessage } from "../app/session/viewer-actions.ts";
import { newViewer, ViewerAttachment } from "../app/session/viewer.ts";
import type { Author, SessionHandle } from "../app/session-handle.ts";
import type { ShareCommand } from "../app/session-share.ts";
import type { WorkspaceCommand } from "../app/session-workspace.ts";
import { closeSocket, pingAnswer, refuseUpgrade, sendText, upgrade, viewerSocket } from "./sockets.ts";

interface LinkAttachment {
  readonly kind: "link";
  readonly linkId: string;
  readonly epoch: number;
}

/** The class is made with its composition, so that the shell reads no environment. */
export function createSessionObject<Env>(compose: (ctx: DurableObjectState, env: Env) => SessionPorts) {
  return class SessionObject extends DurableObject<Env> implements SessionHandle {
    readonly #ports: SessionPorts;
    readonly #actor: SessionActor;
    readonly #service: SessionService;
    readonly #links = new Map<string, WorkerSocket>();
    readonly #attachments = new WeakMap<WorkerSocket, LinkAttachment | ViewerAttachment>();

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#ports = compose(ctx, env);
      this.#actor = new SessionActor(this.#ports, {
        send: (linkId, frame) => sendText(this.#links.get(linkId), JSON.stringify(frame)),
        close: (linkId, code, reason) => closeSocket(this.#links.get(linkId), code, reason),
      });
      this.#service = new SessionService(this.#actor, this.#ports);
      ctx.setWebSocketAutoResponse(pingAnswer());
      this.#restore();
    }

    async open(...args: Parameters<SessionHandle["open"]>) {
      return this.#service.open(...args);
    }
    async read(asker?: Author) {
      return this.#service.read(asker);
    }
    async update(...args: Parameters<SessionHandle["update"]>) {
      return this.#service.update(...args);
    }
    async send(...args: Parameters<SessionHandle["send"]>) {
      return this.#service.send(...args);
    }
    async messages(...args: Parameters<SessionHandle["messages"]>) {
      return this.#service.messages(...args);
    }
    async cancel(...args: Parameters<SessionHandle["cancel"]>) {
      return this.#service.cancel(...args);
    }
    async stop(author: Author) {
      return this.#service.stop(author);
    }
    async move(...args: Parameters<SessionHandle["move"]>) {
      return this.#service.move(...args);
    }
    async resume(...args: Parameters<SessionHandle["resume"]>) {
      return this.#service.resume(...args);
    }
    async hibernate(author: Author) {
      return this.#service.hibernate(author);
    }
    async policy(...args: Parameters<SessionHandle["policy"]>) {
      return this.#service.policy(...args);
    }
    async answer(...args: Parameters<SessionHandle["answer"]>) {
      return this.#service.answer(...args);
    }
    async events(...args: Parameters<SessionHandle["events"]>) {
      return this.#service.events(...args);
    }
    async output(...args: Parameters<SessionHandle["output"]>) {
      return this.#service.output(...args);
    }
    async sharing<C extends ShareCommand>(command: C, author: Author | null) { return this.#service.sharing(command, author); }
    async workspace<C extends WorkspaceCommand>(command: C, author: Author | null) { return this.#service.workspace(command, author); }
    async diff(author: Author) { return this.#service.diff(author); }
    async applyWork(...args: Parameters<SessionHandle["applyWork"]>) { return this.#service.applyWork(...args); }
    async remove(author: Author) {
      const removed = this.#service.remove(author);
      if (removed.ok) this.#actor.hub.closeAll(CLOSE_CODES.sessionEnded, "the session was deleted");
      return removed;
    }
    async issueTicket(author: Author) {
      return this.#service.issueTicket(author);
    }
    async authorizeBroker(token: string) { return this.#service.authorizeBroker(token); }
    async reserveFor(token: string, userId: string) { return this.#service.reserveFor(token, userId); }
    async checkpointRoom(...args: Parameters<SessionHandle["checkpointRoom"]>) { return this.#service.checkpointRoom(...args); }
    async closeViewersOf(credentialIds: readonly string[]) {
      this.#service.closeViewersOf(credentialIds);
    }
    async hearOfBudget(...args: Parameters<SessionHandle["hearOfBudget"]>) {
      this.#service.hearOfBudget(...args);
    }
    async recordUsage(...args: Parameters<SessionHandle["recordUsage"]>) {
      this.#service.recordUsage(...args);
    }

    async fetch(request: Request): Promise<Response> {
      const url = new URL(request.url);
      if (url.pathname === "/link") {
        const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
        const grant = await this.#service.authorizeBroker(token);
        if (!grant) return refuseUpgrade(CLOSE_CODES.fenced, "this sandbox's token is not the current one");
        const { server, response } = upgrade();
        this.#acceptLink(server, parseSandboxToken(token)?.epoch ?? grant.epoch);
        return response;
      }
      const ticket = url.searchParams.get("ticket");
      const header = request.headers.get("x-berth-author");
      const author = ticket ? await this.#service.redeemTicket(ticket) : header ? (JSON.parse(header) as Author) : null;
      if (!author) return refuseUpgrade(CLOSE_CODES.unauthorized, "the ticket is unknown, used or expired");
      if (!this.#service.mayWatch(author)) return refuseUpgrade(CLOSE_CODES.notFound, "there is no such session");
      const { server, response } = upgrade();
      this.#acceptViewer(server, author, Number(url.searchParams.get("after") ?? 0), url.searchParams.get("frames") === "short");
      return response;
    }

    async webSocketMessage(ws: WorkerSocket, message: string | ArrayBuffer): Promise<void> {
      const text = typeof message === "string" ? message : new TextDecoder().decode(message);
      const attachment = this.#attachmentOf(ws);
      const close = (code: number, reason: string): void => closeSocket(ws, code, reason);
      if (attachment.kind === "link") {
        const { linkId, epoch } = attachment;
        return onLinkMessage(this.#actor, { linkId, epoch, send: (frame) => sendText(ws, frame), close }, text);
      }
      await onViewerMessage(this.#actor, this.#service, { attachment, close }, text, this.#ports.sha256);
    }

    async webSocketClose(ws: WorkerSocket, code: number): Promise<void> {
      this.#gone(ws);
      // A close frame is answered in kind; codes that may not be sent become a plain one.
      closeSocket(ws, code === 1005 || code === 1006 || code === 1015 ? 1000 : code, "");
    }

    async webSocketError(ws: WorkerSocket): Promise<void> {
      this.#gone(ws);
    }

    async alarm(): Promise<void> {
      this.#actor.alarm();
    }

    #restore(): void {
      for (const ws of this.ctx.getWebSockets("link")) this.#links.set((ws.deserializeAttachment() as LinkAttachment).linkId, ws);
      const newest = [...this.#links.keys()].toSorted().at(-1) ?? null;
      this.#actor.restore(newest);
      for (const ws of this.ctx.getWebSockets("viewer")) {
        this.#actor.hub.join(viewerSocket(ws), ViewerAttachment.parse(ws.deserializeAttachment()));
      }
    }

    #acceptLink(server: WorkerSocket, epoch: number): void {
      const linkId = makeId("con", this.#actor.nowMs, this.#ports.randomBytes(10));
      this.ctx.acceptWebSocket(server, ["link"]);
      server.serializeAttachment({ kind: "link", linkId, epoch } satisfies LinkAttachment);
      this.#links.set(linkId, server);
    }

    #acceptViewer(server: WorkerSocket, author: Author, after: number, short: boolean): void {
      const id = makeId("con", this.#actor.nowMs, this.#ports.randomBytes(10));
      const attachment = newViewer(id, author, Number.isSafeInteger(after) && after >= 0 ? after : 0, short);
      this.ctx.acceptWebSocket(server, ["viewer"]);
      server.serializeAttachment(attachment);
      this.#actor.hub.join(viewerSocket(server), attachment);
    }

    /** As it was when the socket was taken; what changes in it is the hub's. */
    #attachmentOf(ws: WorkerSocket): LinkAttachment | ViewerAttachment {
      const known = this.#attachments.get(ws) ?? (ws.deserializeAttachment() as LinkAttachment | ViewerAttachment);
      this.#attachments.set(ws, known);
      return known;
    }

    #gone(ws: WorkerSocket): void {
      const attachment = ws.deserializeAttachment() as LinkAttachment | ViewerAttachment;
      if (attachment.kind === "viewer") return this.#actor.hub.leave(attachment.id);
      this.#links.delete(attachment.linkId);
      onLinkClosed(this.#actor, attachment);
    }
  };
}
