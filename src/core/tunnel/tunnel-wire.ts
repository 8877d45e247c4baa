/** Tunnel messages as they travel: text for words, binary for what a stream carries. */
import { TUNNEL_TEXT_UNITS_MAX, TunnelFrame } from "@berth/protocol";

export interface TunnelData {
  readonly id: number;
  /** What the stream makes of it; 0 for plain bytes. */
  readonly kind: number;
  readonly bytes: Uint8Array;
}

const HEAD_BYTES = 5;

export function encodeData({ id, kind, bytes }: TunnelData): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEAD_BYTES + bytes.length);
  const head = new DataView(message.buffer);
  head.setUint32(0, id);
  head.setUint8(4, kind);
  message.set(bytes, HEAD_BYTES);
  return message;
}

/** Null for what is no frame. */
export function decodeData(message: Uint8Array): TunnelData | null {
  // A frame that carries nothing would be free of the window.
  if (message.length <= HEAD_BYTES) return null;
  const head = new DataView(message.buffer, message.byteOffset, HEAD_BYTES);
  return { id: head.getUint32(0), kind: head.getUint8(4), bytes: message.subarray(HEAD_BYTES) };
}

/** Null for what is no frame. */
export function decodeFrame(text: string): TunnelFrame | null {
  if (text.length > TUNNEL_TEXT_UNITS_MAX) return null;
  try {
    const parsed = TunnelFrame.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
