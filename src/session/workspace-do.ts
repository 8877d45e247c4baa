/**
 * The Durable Object of the inside of one session's sandbox, id `${orgId}:${sessionId}`, apart from the session's own so that
 * what people type and read passes by no log. It hands sockets to the hub and decides nothing. It keeps nothing: its sockets
 * hold it in memory, and end with it.
 */
import { DurableObject } from "cloudflare:workers";
import type { DurableObjectState, WebSocket as WorkerSocket } from "@cloudflare/workers-types";
import { AUTHOR_HEADER } from "../app/http/viewer-request.ts";
import { OpenPreview, PREVIEW_HEADER, PreviewCall } from "../app/http/preview-request.ts";
import { FilesPlace, TerminalPlace } from "../app/http/workspace-request.ts";
import type { Author, SessionHandle } from "../app/session-handle.ts";
import type { HubTimers } from "../app/session/viewer-hub.ts";
import { refused, transferFile } from "../app/workspace/file-transfer.ts";
import { answerPort } from "../app/workspace/port-answer.ts";
import { listPorts } from "../app/workspace/list-ports.ts";
import { PortGuests } from "../app/workspace/port-guests.ts";
import { joinPort } from "../app/workspace/port-socket.ts";
import { joinTerminal } from "../app/workspace/terminal-viewer.ts";
import { NotAdmitted, WorkspaceHub, type SocketEvents, type WorkspaceSocket } from "../app/workspace/workspace-hub.ts";
import { closeSocket, refuseUpgrade, upgrade } from "./sockets.ts";

export interface WorkspaceParts {
  session(orgId: string, sessionId: string): Pick<SessionHandle, "workspace" | "authorizeBroker">;
  readonly timers: HubTimers;
  log(entry: { readonly event: string; readonly [field: string]: unknown }): void;
}

/** The class is made with its composition, so that the shell reads no environment. */
export function createWorkspaceObject<Env>(compose: (env: Env) => WorkspaceParts) {
  return class WorkspaceObject extends DurableObject<Env> {
    readonly #parts: WorkspaceParts;
    #hub: WorkspaceHub | null = null;
    #guests: PortGuests | null = null;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#parts = compose(env);
    }

    async fetch(request: Request): Promise<Response> {
      const url = new URL(request.url);
      const query = Object.fromEntries(url.searchParams);
      const hub = this.#hubOf(query["orgId"] ?? "", query["sessionId"] ?? "");
      try {
        if (url.pathname === "/tunnel") {
          const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
          const epoch = await hub.admitTunnel(token);
          return accept((socket) => hub.joinTunnel(socket, epoch));
        }
        if (url.pathname === "/files") {
          const author = JSON.parse(request.headers.get(AUTHOR_HEADER) ?? "") as Author;
          return await transferFile(hub, author, FilesPlace.parse(query), request.body);
        }
        if (url.pathname === "/ports") return await listPorts(hub, JSON.parse(request.headers.get(AUTHOR_HEADER) ?? "") as Author);
        if (url.pathname.startsWith("/preview")) return await this.#preview(request, url, query, hub);
        const { ticket, ...what } = TerminalPlace.parse(query);
        const who = await hub.admitByTicket(ticket);
        return accept((socket) => joinTerminal(hub, socket, who, what));
      } catch (error) {
        if (error instanceof NotAdmitted && url.pathname.startsWith("/preview")) return refused(error.problem);
        if (error instanceof NotAdmitted) return refuseUpgrade(error.code, error.message);
        throw error;
      }
    }

    async #preview(request: Request, { pathname }: URL, query: Record<string, string>, hub: WorkspaceHub): Promise<Response> {
      const { orgId = "", sessionId = "" } = query;
      const guests = (this.#guests ??= new PortGuests(hub, this.#parts.session(orgId, sessionId)));
      if (pathname === "/preview/open") {
        const { ticket, port } = OpenPreview.parse(query);
        return Response.json({ pass: await guests.preview(ticket, port) });
      }
      const call = PreviewCall.parse(JSON.parse(request.headers.get(PREVIEW_HEADER) ?? ""));
      return call.socket ? joinPort(guests, call, accept) : answerPort(guests, call, request.body, request.signal);
    }

    #hubOf(orgId: string, sessionId: string): WorkspaceHub {
      const { session, timers, log } = this.#parts;
      return (this.#hub ??= new WorkspaceHub({ session: session(orgId, sessionId), timers, log: (entry) => log({ ...entry, sessionId }) }));
    }
  };
}

/** @param protocol that both ends agreed on; empty for none */
function accept(join: (socket: WorkspaceSocket) => SocketEvents, protocol = ""): Response {
  const { server, response } = upgrade();
  if (protocol !== "") response.headers.set("sec-websocket-protocol", protocol);
  // Whatever the platform's own choice is, which changed with its dates.
  server.binaryType = "arraybuffer";
  server.accept();
  const events = join(socketOf(server));
  server.addEventListener("message", ({ data }) => events.message(typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer)));
  server.addEventListener("close", ({ code, reason }) => {
    events.gone(code, reason);
    closeSocket(server, 1000, "");
  });
  server.addEventListener("error", () => events.gone());
  return response;
}

function socketOf(server: WorkerSocket): WorkspaceSocket {
  return {
    send: (message) => {
      if (server.readyState === WebSocket.OPEN) server.send(message);
    },
    close: (code, reason) => closeSocket(server, code, reason),
  };
}
