/** The socket as the link client sees it, and the real one. */
import { WebSocket, type RawData } from "ws";
import { DownFrame, type UpFrame } from "@berth/protocol";

export interface Wire {
  send(frame: UpFrame): void;
  /** Answered by the platform without waking the session. */
  ping(): void;
  close(): void;
}

export interface WireListener {
  opened(): void;
  frame(frame: DownFrame): void;
  /** Something came, if only the answer to a ping. */
  alive(): void;
  /** Once, and also when it never opened. */
  closed(code: number): void;
}

export type Dial = (listener: WireListener) => Wire;

const NO_CODE = 1006;
const HANDSHAKE_TIMEOUT_MS = 10_000;
const FRAME_BYTES_MAX = 16 * 1024 * 1024;

export function dialer(url: string, token: string): Dial {
  return (listener) => {
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
    });
    let isClosed = false;
    const closed = (code: number): void => {
      if (isClosed) return;
      isClosed = true;
      listener.closed(code);
    };
    socket.on("open", () => listener.opened());
    socket.on("message", (data, isBinary) => {
      listener.alive();
      const frame = isBinary ? null : parseFrame(textOf(data));
      if (frame) listener.frame(frame);
    });
    // The close that follows says the rest.
    socket.on("error", () => {});
    socket.on("close", (code) => closed(code));
    const send = (text: string): void => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    };
    return {
      send: (frame) => send(JSON.stringify(frame)),
      ping: () => send("ping"),
      close: () => {
        socket.terminate();
        closed(NO_CODE);
      },
    };
  };
}

function textOf(data: RawData): string {
  return (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString("utf8");
}

/** Null for what this version does not know, which a newer session may say. */
export function parseFrame(text: string): DownFrame | null {
  if (text === "pong") return null;
  try {
    const parsed = DownFrame.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
