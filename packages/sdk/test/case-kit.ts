/** What the cases share: a client per need, sessions, faults on the way, plain assertions. Runs in every runtime. */
import { Berth, systemClock, type BerthError, type BerthOptions, type Clock, type Session, type SessionClient, type WebSocketConstructor } from "@berth/sdk";

export interface CaseContext {
  readonly baseUrl: string;
  /** Absent in a page that is signed in by cookie. */
  readonly apiKey?: string;
  /** Where there is no global one. */
  readonly WebSocket?: WebSocketConstructor;
  /** A model that obeys the demo model's directives. */
  readonly model: string;
  /** Shared by the cases, since a real sandbox takes seconds. They run one after the other. */
  shared?: Promise<Session>;
}

export interface SdkCase {
  readonly name: string;
  run(context: CaseContext): Promise<void>;
}

type Fetch = NonNullable<BerthOptions["fetch"]>;

export function client(context: CaseContext, options: BerthOptions = {}): Berth {
  const { baseUrl, apiKey, WebSocket } = context;
  return new Berth({ baseUrl, ...(apiKey ? { apiKey } : {}), ...(WebSocket ? { WebSocket } : {}), ...options });
}

export async function sharedSession(context: CaseContext, options: BerthOptions = {}): Promise<SessionClient> {
  context.shared ??= client(context).sessions.create({ model: context.model, title: "SDK cases", metadata: { suite: "sdk" } });
  return client(context, options).session((await context.shared).id);
}

/** Real time, without the wait; keeps what it was asked to wait. */
export function hastyClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => Date.now(),
    random: () => 0.5,
    sleep: (ms, signal) => {
      // Time-outs, silence and pings are long and stay as they are; only waits before a repeat are cut short.
      if (ms >= 10_000) return systemClock.sleep(ms, signal);
      slept.push(ms);
      return new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

export const realFetch: Fetch = (url, init) => globalThis.fetch(url, init);

/** Cuts every event stream after so many blocks, in the middle of the next, as a bad network does. */
export function cuttingFetch(blocks: number): Fetch & { readonly cuts: () => number } {
  let cuts = 0;
  const fetch: Fetch = async (url, init) => {
    const response = await realFetch(url, init);
    if (!response.body || !response.headers.get("content-type")?.includes("event-stream")) return response;
    const reader = response.body.getReader();
    const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
    let [left, text] = [blocks, ""];
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        for (let end = text.indexOf("\n\n"); end < 0; end = text.indexOf("\n\n")) {
          const { value, done } = await reader.read();
          if (done) return controller.close();
          text += decoder.decode(value, { stream: true });
        }
        const end = text.indexOf("\n\n") + 2;
        if (left-- > 0) {
          controller.enqueue(encoder.encode(text.slice(0, end)));
          text = text.slice(end);
          return;
        }
        cuts++;
        controller.enqueue(encoder.encode(text.slice(0, end / 2)));
        controller.error(new Error("cut"));
        await reader.cancel();
      },
      cancel: (reason) => reader.cancel(reason),
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
  return Object.assign(fetch, { cuts: () => cuts });
}

export function check(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(left === right, `${what}: expected ${right}, got ${left}`);
}

export async function refusal(promise: Promise<unknown>): Promise<BerthError> {
  const outcome = await promise.then(() => null, (error: unknown) => error);
  check(outcome instanceof Error && outcome.name === "BerthError", `expected a BerthError, got ${String(outcome)}`);
  return outcome as BerthError;
}

/** Asks until there is an answer, for ten seconds. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("there was no answer in ten seconds");
}
