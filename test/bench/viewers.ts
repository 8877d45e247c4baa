/** Viewers in a process of their own, by group. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Ask, Numbered, Opened, Report } from "./viewer-messages.ts";

export interface ViewerGroup extends AsyncDisposable {
  readonly syncedMs: readonly number[];
  reset(): Promise<void>;
  /** Resolves when each of them saw the run of this message end. */
  ended(messageId: string): Promise<void>;
  reports(): Promise<readonly Report[]>;
}

export class Viewers {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #count = 0;

  /** @param signal ends them, and so every wait for them */
  constructor(signal: AbortSignal) {
    this.#child = fork(fileURLToPath(new URL("viewer-process.ts", import.meta.url)), { serialization: "advanced", execArgv: ["--disable-warning=ExperimentalWarning"] });
    this.#child.on("message", (answer: Answer) => {
      const asked = this.#asked.get(answer.id);
      this.#asked.delete(answer.id);
      if ("error" in answer) asked?.reject(new Error(`a viewer: ${answer.error}`));
      else asked?.resolve(answer.value);
    });
    signal.addEventListener("abort", () => void this.#child.kill());
    this.#child.on("exit", (code) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`the viewers' process ended with ${code}`));
    });
  }

  /** Resolves when all of them are live. */
  async open(stack: { readonly url: string; readonly apiKey: string }, sessionId: string, count: number, after = 0): Promise<ViewerGroup> {
    const group = `${sessionId}#${(this.#count += 1)}`;
    const url = `${stack.url.replace(/^http/, "ws")}/v1/sessions/${sessionId}/stream`;
    const { syncedMs } = (await this.#ask({ ask: "open", group, url, apiKey: stack.apiKey, after, count })) as Opened;
    return {
      syncedMs,
      reset: async () => void (await this.#ask({ ask: "reset", group })),
      ended: async (messageId) => void (await this.#ask({ ask: "ended", group, messageId })),
      reports: async () => (await this.#ask({ ask: "report", group })) as readonly Report[],
      [Symbol.asyncDispose]: async () => {
        if (this.#child.connected) await this.#ask({ ask: "close", group });
      },
    };
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #ask(body: Ask): Promise<unknown> {
    if (!this.#child.connected) return Promise.reject(new Error("the viewers' process has ended"));
    const id = (this.#count += 1);
    const answered = Promise.withResolvers<unknown>();
    this.#asked.set(id, answered);
    this.#child.send({ id, body } satisfies Numbered<Ask>);
    return answered.promise;
  }
}
