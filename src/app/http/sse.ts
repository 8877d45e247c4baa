/**
 * Server-sent events made from a viewer's socket. A frame is acknowledged once the reader has taken it, so that the
 * session's credit rules hold for SSE too and a stalled reader costs no memory here.
 */
import { CLOSE_CODES, type Delta, type ServerFrame, type SessionEvent } from "@berth/protocol";

/** The part of a WebSocket that is used; workerd's and the browser's both fit. */
export interface FrameSocket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
  addEventListener(type: "error", listener: () => void): void;
}

export const KEEP_ALIVE_MS = 15_000;

function field(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A frame's text. Deltas of a part that ends in the same frame are left out: the end carries the whole text. */
export function formatFrame(frame: ServerFrame): string {
  switch (frame.type) {
    case "frame":
      return frame.events.map((event) => field(event.type, event, event.seq)).join("") + liveDeltas(frame.events, frame.deltas);
    case "synced":
      return field("synced", { seq: frame.seq });
    case "reset":
      // The id moves the reader's position, so that its reconnection begins at what is held.
      return field("reset", { from: frame.from, archive: frame.archive }, Math.max(0, frame.from - 1));
    case "problem":
      return field("problem", frame.problem);
    case "result":
    // Nobody asks for short frames here.
    case "more":
      return "";
  }
}

function liveDeltas(events: readonly SessionEvent[], deltas: readonly Delta[]): string {
  const ended = new Set(events.flatMap((event) => (event.type === "part.ended" ? [event.data.part.id] : [])));
  return deltas.filter((delta) => !ended.has(delta.partId)).map((delta) => field("delta", delta)).join("");
}

/** Ends when the socket closes, after a `reset`, or when the reader leaves or `signal` fires; the socket goes with it. */
export function streamFromSocket(socket: FrameSocket, signal: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let unacknowledged: number | null = null;
  let stop = (): void => {};

  return new ReadableStream<Uint8Array>({
    start(controller) {
      let open = true;
      const write = (text: string): void => {
        if (open && text !== "") controller.enqueue(encoder.encode(text));
      };
      const release = (code: number, reason: string): void => {
        open = false;
        clearInterval(keepAlive);
        signal.removeEventListener("abort", leave);
        socket.close(code, reason);
      };
      const end = (code: number, reason: string): void => {
        if (!open) return;
        release(code, reason);
        controller.close();
      };
      const leave = (): void => end(1000, "the reader left");
      const keepAlive = setInterval(() => write(": keep-alive\n\n"), KEEP_ALIVE_MS);
      stop = () => release(1000, "the reader left");

      socket.addEventListener("message", ({ data }) => {
        if (typeof data !== "string" || data === "pong") return;
        const frame = JSON.parse(data) as ServerFrame;
        if (frame.type === "frame") unacknowledged = frame.frame;
        write(formatFrame(frame));
        if (frame.type === "reset") end(1000, "reset");
      });
      socket.addEventListener("close", ({ code, reason }) => {
        // A reader must be able to tell an end that reconnecting will not change from a broken line.
        if (code >= CLOSE_CODES.badRequest) write(field("closed", { code, reason }));
        end(1000, "");
      });
      socket.addEventListener("error", () => end(1011, "the session's socket failed"));
      signal.addEventListener("abort", leave);
      if (signal.aborted) leave();
      write(": connected\n\n");
    },
    pull() {
      if (unacknowledged === null) return;
      socket.send(JSON.stringify({ type: "ack", frame: unacknowledged }));
      unacknowledged = null;
    },
    cancel() {
      stop();
    },
  });
}
