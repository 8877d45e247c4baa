/**
 * A session in this process, without a Durable Object around it: the same actor and service, with sockets that are plain
 * callbacks. The in-memory composition is made of these.
 */
import { CLOSE_CODES, type DownFrame, type ServerFrame, type UpFrame } from "@berth/protocol";
import { makeId } from "../../core/kernel/ids.ts";
import { parseSandboxToken } from "../../core/sandbox/sandbox-token.ts";
import type { Author, SessionHandle } from "../session-handle.ts";
import type { ShareCommand } from "../session-share.ts";
import type { WorkspaceCommand } from "../session-workspace.ts";
import { onLinkClosed, onLinkMessage } from "./link-connection.ts";
import { SessionActor } from "./session-actor.ts";
import type { SessionPorts } from "./session-ports.ts";
import { SessionService } from "./session-service.ts";
import { onViewerMessage } from "./viewer-actions.ts";
import { newViewer } from "./viewer.ts";

/** The far end of a link: what the session sends it. */
export interface LinkEnd {
  frame(frame: DownFrame): void;
  closed(code: number, reason: string): void;
}

export interface ViewerEnd {
  frame(frame: ServerFrame): void;
  closed(code: number, reason: string): void;
}

export interface OpenedSocket<Frame> {
  send(frame: Frame): Promise<void>;
  close(): void;
}

export class InProcessSession implements SessionHandle {
  readonly actor: SessionActor;
  readonly #service: SessionService;
  readonly #ports: SessionPorts;
  readonly #links = new Map<string, LinkEnd>();

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.actor = new SessionActor(ports, {
      send: (linkId, frame) => this.#links.get(linkId)?.frame(frame),
      close: (linkId, code, reason) => this.#hangUp(linkId, code, reason),
    });
    this.#service = new SessionService(this.actor, ports);
    this.actor.restore(null);
  }

  open = async (...args: Parameters<SessionHandle["open"]>) => this.#service.open(...args);
  read = async (asker?: Author) => this.#service.read(asker);
  update = async (...args: Parameters<SessionHandle["update"]>) => this.#service.update(...args);
  send = async (...args: Parameters<SessionHandle["send"]>) => this.#service.send(...args);
  messages = async (...args: Parameters<SessionHandle["messages"]>) => this.#service.messages(...args);
  cancel = async (...args: Parameters<SessionHandle["cancel"]>) => this.#service.cancel(...args);
  stop = async (author: Author) => this.#service.stop(author);
  move = async (...args: Parameters<SessionHandle["move"]>) => this.#service.move(...args);
  resume = async (...args: Parameters<SessionHandle["resume"]>) => this.#service.resume(...args);
  hibernate = async (author: Author) => this.#service.hibernate(author);
  policy = async (...args: Parameters<SessionHandle["policy"]>) => this.#service.policy(...args);
  answer = async (...args: Parameters<SessionHandle["answer"]>) => this.#service.answer(...args);
  events = (...args: Parameters<SessionHandle["events"]>) => this.#service.events(...args);
  output = async (...args: Parameters<SessionHandle["output"]>) => this.#service.output(...args);
  diff = (author: Author) => this.#service.diff(author);
  applyWork = (...args: Parameters<SessionHandle["applyWork"]>) => this.#service.applyWork(...args);
  remove = async (author: Author) => this.#service.remove(author);
  issueTicket = (author: Author) => this.#service.issueTicket(author);
  sharing = <C extends ShareCommand>(command: C, author: Author | null) => this.#service.sharing(command, author);
  workspace = <C extends WorkspaceCommand>(command: C, author: Author | null) => this.#service.workspace(command, author);
  authorizeBroker = (token: string) => this.#service.authorizeBroker(token);
  reserveFor = (token: string, userId: string) => this.#service.reserveFor(token, userId);
  checkpointRoom = (...args: Parameters<SessionHandle["checkpointRoom"]>) => this.#service.checkpointRoom(...args);
  hearOfBudget = async (...args: Parameters<SessionHandle["hearOfBudget"]>) => this.#service.hearOfBudget(...args);
  closeViewersOf = async (credentialIds: readonly string[]) => this.#service.closeViewersOf(credentialIds);
  recordUsage = async (...args: Parameters<SessionHandle["recordUsage"]>) => this.#service.recordUsage(...args);

  /** There are no sockets of a platform here: use `openLink` and `openViewer`. */
  fetch = async (): Promise<Response> => new Response("no sockets in this process", { status: 501 });

  async openLink(token: string, end: LinkEnd): Promise<OpenedSocket<UpFrame> | null> {
    const grant = await this.#service.authorizeBroker(token);
    if (!grant) {
      end.closed(CLOSE_CODES.fenced, "this sandbox's token is not the current one");
      return null;
    }
    const linkId = makeId("con", this.actor.nowMs, this.#ports.randomBytes(10));
    const epoch = parseSandboxToken(token)?.epoch ?? grant.epoch;
    this.#links.set(linkId, end);
    const send = (text: string): void => end.frame(JSON.parse(text) as DownFrame);
    const close = (code: number, reason: string): void => this.#hangUp(linkId, code, reason);
    return {
      send: async (frame) => {
        if (this.#links.has(linkId)) onLinkMessage(this.actor, { linkId, epoch, send, close }, JSON.stringify(frame));
      },
      close: () => {
        if (this.#links.delete(linkId)) onLinkClosed(this.actor, { linkId, epoch });
      },
    };
  }

  /** As `openViewer`, by a ticket; null where that lets nobody in. */
  async openByTicket(ticket: string, after: number, end: ViewerEnd): Promise<OpenedSocket<unknown> | null> {
    const author = await this.#service.redeemTicket(ticket);
    return author && this.#service.mayWatch(author) ? this.openViewer(author, after, end) : null;
  }

  openViewer(author: Author, after: number, end: ViewerEnd): OpenedSocket<unknown> {
    const id = makeId("con", this.actor.nowMs, this.#ports.randomBytes(10));
    const attachment = newViewer(id, author, after);
    const close = (code: number, reason: string): void => {
      this.actor.hub.leave(id);
      end.closed(code, reason);
    };
    this.actor.hub.join({ send: (text) => end.frame(JSON.parse(text) as ServerFrame), close, save: () => undefined }, attachment);
    return {
      send: (frame) => onViewerMessage(this.actor, this.#service, { attachment, close }, JSON.stringify(frame), this.#ports.sha256),
      close: () => this.actor.hub.leave(id),
    };
  }

  #hangUp(linkId: string, code: number, reason: string): void {
    const end = this.#links.get(linkId);
    if (!end) return;
    this.#links.delete(linkId);
    const epoch = this.actor.state?.lease?.epoch ?? 0;
    end.closed(code, reason);
    onLinkClosed(this.actor, { linkId, epoch });
  }
}
