/** Looks into workerd while it works: CPU profiles of our Worker, and a collection of garbage in every isolate. */
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";

const TARGETS_WITHIN_MS = 10_000;
const COLLECTED_WITHIN_MS = 5_000;
/** Of an isolate that works. */
const ANSWERED_WITHIN_MS = 60_000;
/** Microseconds between samples. */
const SAMPLE_EVERY = 200;
/** How Miniflare names the isolate that our Worker runs in. */
const OURS = "core:user:";

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

interface Target {
  readonly id: string;
  readonly webSocketDebuggerUrl: string;
}

/** One isolate of workerd. */
class Isolate {
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

  static async connect({ webSocketDebuggerUrl }: Target): Promise<Isolate> {
    const socket = new WebSocket(webSocketDebuggerUrl, { maxPayload: 1024 ** 3 });
    await new Promise<void>((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return new Isolate(socket);
  }

  ask(method: string, params: object = {}): Promise<unknown> {
    const id = (this.#count += 1);
    const answered = Promise.withResolvers<unknown>();
    this.#asked.set(id, answered);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const late = setTimeout(() => answered.reject(new Error(`workerd's inspector did not answer ${method} in ${ANSWERED_WITHIN_MS} ms`)), ANSWERED_WITHIN_MS).unref();
    return answered.promise.finally(() => clearTimeout(late));
  }

  close(): void {
    this.#socket.terminate();
  }
}

export class Inspector {
  readonly #ours: Isolate;
  /** Among them those of the platform's own Workers, as for objects in buckets. */
  readonly #all: readonly Isolate[];

  private constructor(ours: Isolate, all: readonly Isolate[]) {
    this.#ours = ours;
    this.#all = all;
  }

  static async connect(port: number): Promise<Inspector> {
    const answer = await fetch(`http://127.0.0.1:${port}/json`, { signal: AbortSignal.timeout(TARGETS_WITHIN_MS) });
    const targets = (await answer.json()) as Target[];
    const all = await Promise.all(targets.map((target) => Isolate.connect(target)));
    const ours = all[targets.findIndex(({ id }) => id === OURS)];
    if (!ours) throw new Error("workerd does not show the isolate of our Worker");
    return new Inspector(ours, all);
  }

  /** In every isolate: one in which little happens would keep its garbage for long. One in which nothing ever happened does not answer. */
  async collectGarbage(): Promise<void> {
    const collect = async (isolate: Isolate): Promise<void> => {
      // What was logged is kept for whoever looks in.
      await isolate.ask("Runtime.discardConsoleEntries");
      await isolate.ask("HeapProfiler.enable");
      await isolate.ask("HeapProfiler.collectGarbage");
    };
    const waited = delay(COLLECTED_WITHIN_MS);
    const others = this.#all.filter((isolate) => isolate !== this.#ours).map((isolate) => Promise.race([collect(isolate), waited]));
    await Promise.all([collect(this.#ours), ...others]);
  }

  /** What JavaScript of our Worker holds on to, once garbage was collected, in MB. */
  async heapMegabytes(): Promise<number> {
    const { usedSize } = (await this.#ours.ask("Runtime.getHeapUsage")) as { readonly usedSize: number };
    return usedSize / 1024 ** 2;
  }

  /** What V8 of every isolate has from the system and does not use: it comes and goes by megabytes with each collection. */
  async unusedHeapMegabytes(): Promise<number> {
    const unused = async (isolate: Isolate): Promise<number> => {
      const { usedSize, totalSize } = (await isolate.ask("Runtime.getHeapUsage")) as { readonly usedSize: number; readonly totalSize: number };
      return (totalSize - usedSize) / 1e6;
    };
    const none = delay(COLLECTED_WITHIN_MS, 0);
    const all = await Promise.all(this.#all.map((isolate) => (isolate === this.#ours ? unused(isolate) : Promise.race([unused(isolate), none]))));
    return all.reduce((sum, each) => sum + each, 0);
  }

  /** Writes a `.cpuprofile` of the time that `work` took. */
  async record<T>(file: string, work: () => Promise<T>): Promise<T> {
    await this.#ours.ask("Profiler.enable");
    await this.#ours.ask("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY });
    await this.#ours.ask("Profiler.start");
    const result = await work();
    const { profile } = (await this.#ours.ask("Profiler.stop")) as { readonly profile: CpuProfile };
    writeFileSync(file, JSON.stringify(profile));
    return result;
  }

  close(): void {
    for (const isolate of this.#all) isolate.close();
  }
}
