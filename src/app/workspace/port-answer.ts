/** A request for what is served in the sandbox, passed there and its answer back as they come. */
import { makeProblem } from "@berth/protocol";
import type { PreviewCall } from "../http/preview-request.ts";
import { headersOutside } from "../../core/preview/preview-headers.ts";
import { refused } from "./file-transfer.ts";
import { PortCall } from "./port-call.ts";
import type { PortGuests } from "./port-guests.ts";
import { TakenBody } from "./taken-body.ts";

/** With these a body is none. */
const BODILESS = [204, 205, 304];

/** @throws NotAdmitted */
export async function answerPort(guests: PortGuests, { pass, origin, ...what }: PreviewCall, body: ReadableStream<Uint8Array> | null, signal: AbortSignal): Promise<Response> {
  const { guest, tunnel } = await guests.enter(pass, what.port);
  const call = new PortCall(tunnel, guest, what);
  const leave = (): void => call.leave("nobody waits for it any more");
  // They may have gone while the sandbox dialed.
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave);
  const taken = new TakenBody({ took: (bytes) => call.stream.took(bytes), left: leave });
  const answer = call.answer({
    data: (bytes) => taken.data(bytes),
    ended: () => taken.end(),
    broken: (_code, reason) => taken.break(reason),
  });
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
  return new Response(BODILESS.includes(status) ? null : taken.stream, init);
}

/** Null where one cannot be. */
function headersOf(pairs: PreviewCall["headers"]): Headers | null {
  const headers = new Headers();
  try {
    for (const [name, value] of pairs) headers.append(name, value);
    return headers;
  } catch {
    return null;
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
