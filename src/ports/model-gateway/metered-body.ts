/**
 * One body, read once: each piece is counted and handed on. When the caller leaves, the rest is
 * read for the count alone, so that usage is known; a plain pipe would lose it. A tee would read each piece three times
 * over, and keep for a slow caller what the other branch has read. Web streams only, the same in workerd and Node.
 */
import type { MeteredUsage, ModelWire } from "./model-gateway.port.ts";
import { UsageMeter } from "./usage-meter.ts";

/** So much is read before the caller asks for it, so that a short answer is counted also where nobody reads it. */
const AHEAD_BYTES = 64 * 1024;

export interface MeteredBody {
  readonly body: ReadableStream<Uint8Array> | null;
  /** Never rejects. */
  readonly metered: Promise<MeteredUsage>;
  /** Reads what is left, for a caller that asks for no more. */
  drain(): void;
}

interface MeterOptions {
  readonly wire: ModelWire;
  readonly contentType: string | null;
  /** As `UsageMeter` takes it. */
  readonly statedCost?: number | null | undefined;
  /** Ends the counting: the upstream call is given up. */
  readonly signal: AbortSignal;
  readonly onLeave: () => void;
}

export function meterBody(
  source: ReadableStream<Uint8Array> | null,
  { wire, contentType, statedCost, signal, onLeave }: MeterOptions,
): MeteredBody {
  const meter = new UsageMeter(wire, contentType, statedCost);
  if (!source) return { body: null, metered: Promise.resolve(meter.end(true)), drain: () => undefined };
  const upstream = source.getReader();
  const metered = Promise.withResolvers<MeteredUsage>();
  let isOver = false;
  const over = (whole: boolean): void => {
    if (!isOver) metered.resolve(meter.end(whole));
    isOver = true;
  };
  const giveUp = (): void => {
    over(false);
    void upstream.cancel(signal.reason).catch(() => undefined);
  };
  signal.addEventListener("abort", giveUp, { once: true });

  /** Null at the end. */
  async function next(): Promise<Uint8Array | null> {
    try {
      const { done, value } = await upstream.read();
      if (done) over(!signal.aborted);
      else if (!isOver) meter.push(value);
      return done ? null : value;
    } catch (error) {
      over(false);
      throw error;
    }
  }

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await next();
        if (piece === null) controller.close();
        else controller.enqueue(piece);
      },
      cancel: onLeave,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: AHEAD_BYTES }),
  );
  return { body, metered: metered.promise, drain: () => void readAll(next) };
}

async function readAll(next: () => Promise<Uint8Array | null>): Promise<void> {
  try {
    while ((await next()) !== null);
  } catch {
    // The count has heard of it.
  }
}
