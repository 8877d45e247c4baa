/**
 * One body, two readers: the caller's, and ours that counts. Ours goes on when the caller's leaves, so that usage is
 * known; a plain pipe would lose it. Web streams only, so that it is the same in workerd and Node.
 */
import type { MeteredUsage, ModelWire } from "./model-gateway.port.ts";
import { UsageMeter } from "./usage-meter.ts";

export interface MeteredBody {
  readonly body: ReadableStream<Uint8Array> | null;
  /** Never rejects. */
  readonly metered: Promise<MeteredUsage>;
}

interface MeterOptions {
  readonly wire: ModelWire;
  readonly contentType: string | null;
  /** Ends the counting: the upstream call is given up. */
  readonly signal: AbortSignal;
  readonly onLeave: () => void;
}

export function meterBody(
  source: ReadableStream<Uint8Array> | null,
  { wire, contentType, signal, onLeave }: MeterOptions,
): MeteredBody {
  const meter = new UsageMeter(wire, contentType);
  if (!source) return { body: null, metered: Promise.resolve(meter.end(true)) };
  const [forReader, forMeter] = source.tee();
  return { body: noticeLeaving(forReader, onLeave), metered: drain(forMeter, meter, signal) };
}

async function drain(stream: ReadableStream<Uint8Array>, meter: UsageMeter, signal: AbortSignal): Promise<MeteredUsage> {
  const reader = stream.getReader();
  signal.addEventListener("abort", () => void reader.cancel(signal.reason).catch(() => undefined), { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return meter.end(!signal.aborted);
      meter.push(value);
    }
  } catch {
    return meter.end(false);
  }
}

/** A branch of a tee does not tell when it is cancelled, so it is wrapped. */
function noticeLeaving(branch: ReadableStream<Uint8Array>, onLeave: () => void): ReadableStream<Uint8Array> {
  const reader = branch.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        onLeave();
        // Settles only once the other branch has ended too, so nobody waits for it.
        void reader.cancel(reason).catch(() => undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
