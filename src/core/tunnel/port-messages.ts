/**
 * Messages of a WebSocket on a stream of bytes: a byte of what it is, four of its length, then the message. A tunnel cuts
 * what it carries at sizes of its own, so where a message ends has to be said.
 */
import { PORT_MESSAGE_BYTES_MAX } from "@berth/protocol";
import { ByteRoom } from "./byte-room.ts";

export type PortMessage =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "binary"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The last one. 1005 says that no code was given. */
  | { readonly is: "close"; readonly code: number; readonly reason: string };

const HEAD_BYTES = 5;
const KINDS = { text: 1, binary: 2, close: 3 } as const;

export function encodeMessage(message: PortMessage): Uint8Array<ArrayBuffer> {
  const body = bodyOf(message);
  const framed = new Uint8Array(HEAD_BYTES + body.length);
  framed[0] = KINDS[message.is];
  new DataView(framed.buffer).setUint32(1, body.length);
  framed.set(body, HEAD_BYTES);
  return framed;
}

function bodyOf(message: PortMessage): Uint8Array {
  if (message.is === "binary") return message.bytes;
  return new TextEncoder().encode(message.is === "text" ? message.text : `${message.code} ${message.reason}`);
}

export class PortMessageReader {
  readonly #waiting = new ByteRoom();

  /** Of a message that is not whole yet. */
  get heldBytes(): number {
    return this.#waiting.length;
  }

  /** The messages that are whole now; null when it is none of ours, or too long. Keeps a copy of what is left. */
  read(bytes: Uint8Array): readonly PortMessage[] | null {
    this.#waiting.add(bytes);
    const messages: PortMessage[] = [];
    while (this.#waiting.length >= HEAD_BYTES) {
      const head = this.#waiting.peek(HEAD_BYTES);
      const size = new DataView(head.buffer, head.byteOffset).getUint32(1);
      if (size > PORT_MESSAGE_BYTES_MAX) return null;
      if (this.#waiting.length < HEAD_BYTES + size) break;
      const whole = this.#waiting.take(HEAD_BYTES + size);
      const message = decode(whole[0] ?? 0, whole.subarray(HEAD_BYTES));
      if (message === null) return null;
      messages.push(message);
    }
    return messages;
  }
}

function decode(kind: number, body: Uint8Array<ArrayBuffer>): PortMessage | null {
  if (kind === KINDS.binary) return { is: "binary", bytes: body };
  const text = new TextDecoder().decode(body);
  if (kind === KINDS.text) return { is: "text", text };
  const close = kind === KINDS.close ? /^(\d{4}) ([^]*)$/.exec(text) : null;
  return close && { is: "close", code: Number(close[1]), reason: close[2] ?? "" };
}
