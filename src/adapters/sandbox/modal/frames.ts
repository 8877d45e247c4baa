/** What is said between the host and a sandbox elsewhere: a header in JSON behind its length, and bytes. Pure. */

const LENGTH_BYTES = 4;

export interface Frame {
  readonly header: unknown;
  readonly bytes: Buffer;
}

export function frame(header: unknown, bytes: Uint8Array = new Uint8Array()): Buffer {
  const text = Buffer.from(JSON.stringify(header), "utf8");
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, bytes]);
}

/** Null while the header is not whole. @throws SyntaxError when it is none */
export function unframe(said: Buffer): Frame | null {
  if (said.length < LENGTH_BYTES) return null;
  const end = LENGTH_BYTES + said.readUInt32BE(0);
  return said.length < end ? null : { header: JSON.parse(said.toString("utf8", LENGTH_BYTES, end)), bytes: said.subarray(end) };
}
