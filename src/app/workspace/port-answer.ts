/** A request for what is served in the sandbox, passed there and its answer back as they come. */
import { makeProblem } from "@berth/protocol";
import type { PreviewCall } from "../http/preview-request.ts";
import { headersOutside } from "../../core/preview/preview-headers.ts";
import { refused } from "./file-transfer.ts";
import { PortCall } from "./port-call.ts";
import type { PortGuests } from "./port-guests.ts";

/** With these a body is none. */
const BODILESS = [204, 205, 304];

/** @throws NotAdmitted */
export async function answerPort(guests: PortGuests, { pass, origin, ...what }: PreviewCall, body: ReadableStream<Uint8Array> | null, signal: AbortSignal): Promise<Response> {
  const { guest, tunnel } = await guests.enter(pass, what.port);
  const call = new PortCall(tunnel, guest, what);
  signal.addEventListener("abort", () => call.leave("nobody waits for it any more"));
  const bytes = new PortBody(call);
  const answer = call.answer(bytes);
  if (body === null) call.stream.end();
  else void send(body, call);
  const head = await answer;
  if (head.is === "problem") return refused(head.problem);
  const headers = head.is === "answer" ? headersOf(headersOutside(head.headers, { port: what.port, origin })) : null;
  if (head.is !== "answer" || headers === null) {
    call.leave("it is no answer");
    return refused(makeProblem("upstream-failed", "What is served in the sandbox does not answer as HTTP does."));
  }
  const { status } = head;
  // As it was packed inside, it goes on.
  const init = { status, headers, encodeBody: "manual" };
  return new Response(BODILESS.includes(status) ? null : bytes.stream, init);
}

/** Null where one is none. */
function headersOf(pairs: readonly (readonly [string, string])[]): Headers | null {
  const headers = new Headers();
  try {
    for (const [name, value] of pairs) headers.append(name, value);
    return headers;
  } catch {
    return null;
  }
}

class PortBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #call: PortCall;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #untaken = 0;

  constructor(call: PortCall) {
    this.#call = call;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#took(),
      cancel: () => call.leave("nobody reads it any more"),
    });
  }

  data(bytes: Uint8Array): void {
    this.#untaken += bytes.length;
    this.#controller?.enqueue(bytes.slice());
  }

  ended(): void {
    this.#controller?.close();
  }

  broken(_code: number, reason: string): void {
    this.#controller?.error(new Error(reason));
  }

  /** What was given on is read, so as much may come again. */
  #took(): void {
    const taken = this.#untaken;
    this.#untaken = 0;
    this.#call.stream.took(taken);
  }
}

async function send(body: ReadableStream<Uint8Array>, call: PortCall): Promise<void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || call.isOver) break;
      await call.write(value.slice());
    }
    if (call.isOver) await reader.cancel();
    else call.stream.end();
  } catch {
    // The client went away in the middle: what came is no whole request.
    call.leave("the request broke off");
  }
}
