/** Files of the work folder over the tunnel, as answers to HTTP requests: nothing is held here beyond a stream's window. */
import { FilesHead, LIMITS, makeProblem, type OpenFiles, type Problem } from "@berth/protocol";
import type { StreamListener, TunnelStream } from "../../core/tunnel/tunnel-stream.ts";
import type { Author } from "../session-handle.ts";
import { TakenBody } from "./taken-body.ts";
import { NotAdmitted, type WorkspaceHub } from "./workspace-hub.ts";

/** Tells the Worker that the body is a problem, which it answers in its own way. */
export const PROBLEM_HEADER = "x-berth-problem";

/** @param body what is written; null otherwise */
export async function transferFile(hub: WorkspaceHub, author: Author, what: Omit<OpenFiles, "kind">, body: ReadableStream<Uint8Array> | null): Promise<Response> {
  try {
    const epoch = await hub.admit(author, what.do === "write");
    const tunnel = await hub.tunnelOf(epoch);
    if (tunnel === null) return refused(makeProblem("unavailable", "The sandbox did not answer."));
    const transfer = new Transfer();
    const stream = tunnel.open({ kind: "files", ...what } satisfies OpenFiles, transfer);
    transfer.began(stream, hub.add({ author, acted: what.do === "write", close: (_code, reason) => transfer.cancel(reason) }));
    return await transfer.answer(body);
  } catch (error) {
    if (error instanceof NotAdmitted) return refused(error.problem);
    throw error;
  }
}

class Transfer implements StreamListener {
  #stream: TunnelStream | null = null;
  #leave: () => void = () => {};
  readonly #head = Promise.withResolvers<FilesHead | Problem>();
  /** Made before the first byte can come. */
  readonly #content = new TakenBody({ took: (bytes) => this.#stream?.took(bytes), left: () => this.cancel("nobody reads it any more") });
  #drained: () => void = () => {};
  #isOver = false;

  began(stream: TunnelStream, leave: () => void): void {
    this.#stream = stream;
    this.#leave = leave;
  }

  head(words: Readonly<Record<string, unknown>>): void {
    const head = FilesHead.safeParse(words);
    this.#head.resolve(head.success ? head.data : makeProblem("upstream-failed", "The sandbox's answer is not understood."));
    if (head.success && head.data.is !== "content") this.#close();
  }

  data(bytes: Uint8Array): void {
    this.#content.data(bytes);
  }

  drained(): void {
    this.#drained();
  }

  ended(): void {
    this.#stream?.end();
    if (!this.#isOver) this.#content.end();
    this.#close();
  }

  reset(reason: string): void {
    this.cancel(reason);
  }

  cancel(reason: string): void {
    if (this.#isOver) return;
    this.#head.resolve(makeProblem("upstream-failed", `The sandbox broke off: ${reason}`));
    this.#content.break(reason);
    this.#close();
    this.#stream?.reset(reason);
    this.#drained();
  }

  async answer(body: ReadableStream<Uint8Array> | null): Promise<Response> {
    if (body === null) this.#stream?.end();
    else await this.#send(body);
    const head = await this.#head.promise;
    if (!("is" in head)) return refused(head);
    switch (head.is) {
      case "refused":
        return refused(makeProblem(head.problem, head.detail));
      case "listing":
        return Response.json(head.listing);
      case "written":
        return Response.json({ size: head.size });
      case "content":
        return new Response(this.#content.stream, { headers: { "last-modified": new Date(head.modifiedAt).toUTCString() } });
    }
  }

  async #send(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    try {
      for (let size = 0; ; ) {
        const { done, value } = await reader.read();
        if (done || this.#isOver) break;
        size += value.length;
        if (size > LIMITS.workFileBytesMax) {
          this.#head.resolve(makeProblem("body-too-large", `The file has more than ${LIMITS.workFileBytesMax} bytes, the limit workFileBytesMax.`));
          this.cancel("it is too large");
          break;
        }
        const drained = new Promise<void>((resolve) => (this.#drained = resolve));
        if (this.#stream?.write(value.slice()) === false) await drained;
      }
      if (this.#isOver) await reader.cancel();
      this.#stream?.end();
    } catch {
      // The client went away in the middle: what came is no file.
      this.cancel("what was to be written broke off");
    }
  }

  #close(): void {
    this.#isOver = true;
    this.#leave();
  }
}

/** For the Worker, which answers it in its own way. */
export function refused(problem: Problem): Response {
  return Response.json(problem, { headers: { [PROBLEM_HEADER]: "1" } });
}
