/**
 * Tool output that is too big for an event: the event keeps its head, its tail and the address of the whole. Pure; where
 * the whole is kept is the caller's matter.
 */
import { LIMITS, type NewEvent, type ToolState } from "@berth/protocol";

export interface BigOutput {
  readonly name: string;
  readonly text: string;
}

const UTF8 = new TextEncoder();
const MARK_BYTES = 80;

/**
 * Cuts what is too big, in `part.ended` and `part.started` alike.
 * @param nameOf a new name for each output
 * @param addressOf where a client reads the output of that name
 */
export function cutBigOutputs(
  events: readonly NewEvent[],
  nameOf: () => string,
  addressOf: (name: string) => string,
): { readonly events: readonly NewEvent[]; readonly outputs: readonly BigOutput[] } {
  const outputs: BigOutput[] = [];
  const cut = events.map((event): NewEvent => {
    if (event.type !== "part.ended" && event.type !== "part.started") return event;
    const { part } = event.data;
    const text = part.tool?.output;
    if (part.tool === undefined || text === undefined || text.length * 3 <= LIMITS.outputInlineBytesMax) return event;
    const bytes = UTF8.encode(text);
    if (bytes.length <= LIMITS.outputInlineBytesMax) return event;
    const output = headAndTail(bytes);
    let tool: ToolState = { ...part.tool, output, truncated: true };
    if (bytes.length <= LIMITS.outputBytesMax) {
      const name = nameOf();
      outputs.push({ name, text: text.toWellFormed() });
      tool = { ...part.tool, output, outputRef: { name, address: addressOf(name), bytes: bytes.length } };
    }
    return { ...event, data: { part: { ...part, tool } } };
  });
  return outputs.length > 0 || cut.some((event, i) => event !== events[i]) ? { events: cut, outputs } : { events, outputs };
}

function headAndTail(bytes: Uint8Array): string {
  const kept = Math.floor((LIMITS.outputInlineBytesMax - MARK_BYTES) / 2);
  const head = boundary(bytes, kept);
  const tail = boundary(bytes, bytes.length - kept, 1);
  const decode = (from: number, to: number): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(from, to));
  return `${decode(0, head)}\n… ${tail - head} bytes are left out here …\n${decode(tail, bytes.length)}`;
}

/** The nearest place in that direction where no character is cut. */
function boundary(bytes: Uint8Array, at: number, step: 1 | -1 = -1): number {
  let place = at;
  while (place > 0 && place < bytes.length && ((bytes[place] ?? 0) & 0xc0) === 0x80) place += step;
  return place;
}
