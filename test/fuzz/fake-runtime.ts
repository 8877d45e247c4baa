/** The runtime's end of the link in the smallest form: it numbers, stores, resends, and executes each prompt once. */
import type { DownFrame, UpFrame, UpMessage } from "@berth/protocol";
import { acked, arrivalOf, createLinkEnd, enqueue, received, toResend, type LinkEnd } from "../../src/core/link/link-end.ts";

export class FakeRuntime {
  /** On its disk: survives restarts. */
  end: LinkEnd<UpMessage> = createLinkEnd();
  #todo: string[] = [];
  readonly executed: string[] = [];
  #welcomed = false;
  readonly outgoing: UpFrame[] = [];

  dialled(epoch: number): void {
    this.#welcomed = false;
    this.outgoing.length = 0;
    this.outgoing.push({ type: "hello", versions: [1, 2], epoch, received: this.end.received });
  }

  hungUp(): void {
    this.#welcomed = false;
    this.outgoing.length = 0;
  }

  restart(): void {
    this.end = JSON.parse(JSON.stringify(this.end)) as LinkEnd<UpMessage>;
  }

  /** Answers false when the wire must be closed. */
  take(frame: DownFrame): boolean {
    if (frame.type === "welcome") {
      this.end = acked(this.end, frame.received);
      this.#welcomed = true;
      const [first] = toResend(this.end);
      if (first) this.outgoing.push({ type: "ups", n: first.n, bodies: toResend(this.end).map(({ body }) => body) });
    } else if (frame.type === "ack") {
      this.end = acked(this.end, frame.n);
    } else if (frame.type === "down") {
      const arrival = arrivalOf(this.end, frame.n);
      if (arrival === "gap") return false;
      if (arrival === "new") {
        this.end = received(this.end, frame.n);
        if (frame.body.type === "configure" && frame.n === 1) this.#say({ type: "ready", agent: "fake", agentVersion: "1" });
        if (frame.body.type === "prompt") {
          this.#todo.push(frame.body.messageId);
          this.#say({ type: "accepted", messageId: frame.body.messageId });
        }
      }
      this.outgoing.push({ type: "ack", n: this.end.received });
    }
    return true;
  }

  /** Works on the next prompt to its end. */
  work(): void {
    const messageId = this.#todo.shift();
    if (messageId === undefined) return;
    this.executed.push(messageId);
    const part = { id: `prt_${messageId}`, kind: "text" } as const;
    this.#say({ type: "part-started", messageId, part });
    this.#say({ type: "part-ended", messageId, part: { ...part, text: "done" } });
    this.#say({ type: "turn-ended", messageId, outcome: "completed" });
  }

  #say(message: UpMessage): void {
    const { end, numbered } = enqueue(this.end, message);
    this.end = end;
    if (this.#welcomed) this.outgoing.push({ type: "up", ...numbered });
  }
}
