/** Looks into workerd while it works: CPU profiles, and a collection of garbage when it is asked for. */
import { writeFileSync } from "node:fs";
import { WebSocket } from "ws";

const TARGETS_WITHIN_MS = 10_000;
/** Microseconds between samples. */
const SAMPLE_EVERY = 200;

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
}

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const { id = 0, result, error } = JSON.parse(data.toString("utf8")) as Reply;
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (error) asked?.reject(new Error(error.message));
      else asked?.resolve(result);
    });
    socket.on("close", () => {
      for (const { reject } of this.#asked.values()) reject(new Error("workerd's inspector is gone"));
    });
  }

  static async connect(port: number): Promise<Inspector> {
    const answer = await fetch(`http://127.0.0.1:${port}/json`, { signal: AbortSignal.timeout(TARGETS_WITHIN_MS) });
    const [target] = (await answer.json()) as { readonly webSocketDebuggerUrl: string }[];
    if (!target) throw new Error("workerd shows nothing to look into");
    const socket = new WebSocket(target.webSocketDebuggerUrl, { maxPayload: 1024 ** 3 });
    await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return new Inspector(socket);
  }

  async collectGarbage(): Promise<void> {
    await this.#ask("HeapProfiler.enable");
    await this.#ask("HeapProfiler.collectGarbage");
  }

  /** Writes a `.cpuprofile` of the time that `work` took. */
  async record<T>(file: string, work: () => Promise<T>): Promise<T> {
    await this.#ask("Profiler.enable");
    await this.#ask("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY });
    await this.#ask("Profiler.start");
    const result = await work();
    const { profile } = (await this.#ask("Profiler.stop")) as { readonly profile: CpuProfile };
    writeFileSync(file, JSON.stringify(profile));
    return result;
  }

  close(): void {
    this.#socket.terminate();
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    const id = (this.#count += 1);
    const answered = Promise.withResolvers<unknown>();
    this.#asked.set(id, answered);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answered.promise;
  }
}
