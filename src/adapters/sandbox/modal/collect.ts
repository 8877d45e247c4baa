/** Takes what comes out of a sandbox, as much of it as was asked for: the agent can write there too. */
import { refusal } from "../session-folders/errors.ts";

export interface CollectLimits {
  /** For errors. */
  readonly operation: string;
  readonly bytesMax: number;
  /** Nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** Lets the stream go whichever way it ends. @throws PortError `resource-exhausted` when more comes; the signal's reason */
export async function collect(stream: ReadableStream<Uint8Array>, { operation, bytesMax, signal }: CollectLimits): Promise<Buffer> {
  const reader = stream.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return Buffer.concat(chunks);
      length += value.length;
      if (length > bytesMax) throw refusal(operation, `The sandbox said more than the ${bytesMax} bytes that its answer may have.`, { code: "resource-exhausted", outcome: "unknown" });
      chunks.push(value);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}
