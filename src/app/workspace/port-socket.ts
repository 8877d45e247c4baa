/** A WebSocket of a page that is served in the sandbox, joined to the server's own there. */
import { CLOSE_CODES, PORT_MESSAGE_BYTES_MAX, TUNNEL_WINDOW_BYTES } from "@berth/protocol";
import { encodeMessage, PortMessageReader, type PortMessage } from "../../core/tunnel/port-messages.ts";
import type { PreviewCall } from "../http/preview-request.ts";
import { refused } from "./file-transfer.ts";
import { PortCall } from "./port-call.ts";
import type { PortGuests } from "./port-guests.ts";
import type { SocketEvents, WorkspaceSocket } from "./workspace-hub.ts";

/** What a page says and the server inside does not read. */
const UNREAD_BYTES_MAX = 2 * PORT_MESSAGE_BYTES_MAX;
/** Only said of how a socket ended, never in a close frame. */
const UNSENDABLE = [1004, 1005, 1006, 1015];

/** What `accept` makes of a socket: an answer that upgrades, with what was agreed on. */
export type AcceptSocket = (join: (socket: WorkspaceSocket) => SocketEvents, protocol: string) => Response;

/** The server inside is asked first, since it may refuse. @throws NotAdmitted */
export async function joinPort(guests: PortGuests, { pass, origin: _, ...what }: PreviewCall, accept: AcceptSocket): Promise<Response> {
  const { guest, tunnel } = await guests.enter(pass, what.port);
  const call = new PortCall(tunnel, guest, what);
  const reader = new PortMessageReader();
  let socket: WorkspaceSocket | null = null;
  let isClosed = false;
  const close = (code: number, reason: string): void => {
    if (isClosed) return;
    isClosed = true;
    socket?.close(code < 1000 || code > 4999 || UNSENDABLE.includes(code) ? 1000 : code, reason);
  };
  const show = (message: PortMessage): void => {
    if (message.is === "close") return close(message.code, message.reason);
    if (!isClosed) socket?.send(message.is === "text" ? message.text : message.bytes);
  };
  const full = (): void => {
    close(CLOSE_CODES.slowViewer, "the previews of this session keep more than they may");
    call.leave("there was no room for it");
  };
  const head = await call.answer({
    data: (bytes) => {
      const messages = reader.read(bytes);
      call.stream.took(bytes.length);
      if (messages !== null) messages.forEach(show);
      if (reader.heldBytes > TUNNEL_WINDOW_BYTES && guests.isFull) return full();
      if (messages !== null) return;
      close(CLOSE_CODES.internal, "the sandbox's messages are not understood");
      call.leave("that is no message");
    },
    ended: () => close(1000, ""),
    broken: close,
    held: () => reader.heldBytes,
  });
  if (head.is === "problem") return refused(head.problem);
  if (head.is === "answer") {
    call.leave("it was no socket");
    return new Response(null, { status: head.status });
  }
  const say = (message: PortMessage): void => {
    guest.acted();
    call.stream.write(encodeMessage(message));
    if (call.stream.waitingBytes > TUNNEL_WINDOW_BYTES && guests.isFull) return full();
    if (call.stream.waitingBytes <= UNREAD_BYTES_MAX) return;
    close(CLOSE_CODES.slowViewer, "what is served does not read what it is sent");
    call.leave("what it was sent was not read");
  };
  return accept((given) => {
    socket = given;
    return {
      message: (message) => say(typeof message === "string" ? { is: "text", text: message } : { is: "binary", bytes: message.slice() }),
      gone: (code = 1005, reason = "") => {
        if (call.isOver) return;
        isClosed = true;
        call.stream.write(encodeMessage({ is: "close", code, reason }));
        call.stream.end();
      },
    };
  }, head.protocol);
}
