/** Bytes that wait, in one piece: however small the pieces are in which they come, they cost what they are long. */
const ROOM_BYTES_MIN = 1024;

export class ByteRoom {
  #room = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Keeps a copy. */
  add(bytes: Uint8Array): void {
    const length = this.length + bytes.length;
    if (this.#end + bytes.length > this.#room.length) {
      const room = length * 2 > this.#room.length ? new Uint8Array(Math.max(ROOM_BYTES_MIN, 2 * length)) : this.#room;
      room.set(this.#room.subarray(this.#start, this.#end));
      [this.#room, this.#start, this.#end] = [room, 0, this.length];
    }
    this.#room.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** The first of them, which stay. Good until something is added or taken. */
  peek(bytes: number): Uint8Array {
    return this.#room.subarray(this.#start, Math.min(this.#start + bytes, this.#end));
  }

  take(bytes = this.length): Uint8Array<ArrayBuffer> {
    const taken = this.#room.slice(this.#start, this.#start + bytes);
    this.#start += bytes;
    // What was long once is not kept for what is short.
    if (this.length === 0) [this.#room, this.#start, this.#end] = [new Uint8Array(0), 0, 0];
    return taken;
  }
}
