/**
 * Following a session over SSE: the transport of every runtime, since it is only `fetch`. Reconnects by cursor, without
 * end unless the server refuses; events come once each and in order, deltas as they come.
 */
import type { Delta, Problem, SessionEvent } from "@berth/protocol";
import { archivePages } from "./archive.ts";
import { backoffMs } from "./clock.ts";
import { LogCursor } from "./cursor.ts";
import { BerthError, clientError, closeCodeError, isRefusal, problemError, SESSION_ENDED } from "./errors.ts";
import type { Http } from "./http.ts";
import { SseParser, type ServerSentEvent } from "./sse.ts";

export type FollowItem =
  | { readonly kind: "event"; readonly event: SessionEvent }
  | { readonly kind: "delta"; readonly delta: Delta }
  /** Everything committed up to `seq` was delivered; what follows is live. Comes again after a reconnect. */
  | { readonly kind: "synced"; readonly seq: number }
  /** Events before `from` are not held any more and were passed over. */
  | { readonly kind: "reset"; readonly from: number }
  /** The connection was lost and is being opened again. */
  | { readonly kind: "reconnecting"; readonly attempt: number; readonly error: BerthError };

export interface FollowOptions {
  /** The last `seq` already known. Default 0: from the beginning. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /** Silence after which the connection is taken for dead, in milliseconds. Default 60 000. */
  readonly silenceMs?: number;
}

/** Ends when the signal aborts or the session has ended. @throws BerthError when the server refuses (no such session, no access) */
export async function* follow(http: Http, path: string, options: FollowOptions = {}): AsyncGenerator<FollowItem> {
  const { signal, silenceMs = 60_000 } = options;
  const cursor = new LogCursor(options.after ?? 0);
  for (let attempt = 0; !signal?.aborted; attempt++) {
    const failure: BerthError | null = yield* connection(http, path, cursor, silenceMs, signal, () => {
      attempt = 0;
    });
    if (signal?.aborted) return;
    if (failure === null) continue;
    // Everything there will ever be was delivered.
    if (failure.code === SESSION_ENDED) return;
    if (isRefusal(failure)) throw failure;
    yield { kind: "reconnecting", attempt: attempt + 1, error: failure };
    await http.clock.sleep(failure.retryAfterMs ?? backoffMs(attempt, http.clock.random()), signal);
  }
}

/** One connection. Returns why it ended; null when the archive was read and it is to be opened again at once. */
async function* connection(
  http: Http,
  path: string,
  cursor: LogCursor,
  silenceMs: number,
  signal: AbortSignal | undefined,
  onProgress: () => void,
): AsyncGenerator<FollowItem, BerthError | null> {
  const own = new AbortController();
  try {
    const both = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
    const response = await http.open(path, "text/event-stream", { after: cursor.seq }, both);
    if (!response.body || !response.headers.get("content-type")?.includes("text/event-stream")) {
      return clientError("bad-answer", "The answer is not an event stream. Is this the address of a Berth server?");
    }
    const parser = new SseParser();
    for await (const text of chunks(response.body, http, silenceMs, both)) {
      for (const sse of parser.push(text)) {
        const from = sse.event === "reset" ? archivedUpTo(sse) : null;
        // Only from an older position: one that never was is not found in the archive either.
        if (from !== null && cursor.seq < from - 1) {
          for await (const page of archivePages(http, path, cursor, from, both)) {
            onProgress();
            for (const event of page) yield { kind: "event", event };
          }
          return null;
        }
        const read = readItem(sse, cursor);
        if (read.end) return read.end;
        if (read.gap) return clientError("network", "The stream skipped an event");
        if (!read.item) continue;
        onProgress();
        yield read.item;
      }
    }
    return clientError("network", "The stream ended");
  } catch (error) {
    return BerthError.is(error) ? error : clientError("network", "The stream was cut", error);
  } finally {
    own.abort();
  }
}

/** Where the stream begins, when what is before it can be read elsewhere. */
function archivedUpTo({ data }: ServerSentEvent): number | null {
  const { from, archive } = JSON.parse(data) as { readonly from: number; readonly archive?: string };
  return archive === undefined ? null : from;
}

interface Read {
  readonly item?: FollowItem;
  readonly gap?: boolean;
  readonly end?: BerthError;
}

function readItem(sse: ServerSentEvent, cursor: LogCursor): Read {
  const data: unknown = JSON.parse(sse.data);
  if (sse.event === "delta") return { item: { kind: "delta", delta: data as Delta } };
  if (sse.event === "synced") return { item: { kind: "synced", seq: (data as { seq: number }).seq } };
  if (sse.event === "problem") return { end: problemError(data as Problem) };
  if (sse.event === "closed") {
    const { code, reason } = data as { code: number; reason: string };
    return { end: closeCodeError(code, reason) };
  }
  if (sse.event === "reset") {
    const { from } = data as { from: number };
    return cursor.reset(from) ? { item: { kind: "reset", from } } : { gap: true };
  }
  if (typeof (data as { seq?: unknown }).seq !== "number") return {};
  const { events, gap } = cursor.accept([data as SessionEvent]);
  const event = events[0];
  return event ? { item: { kind: "event", event } } : { gap };
}

/** A body as text. Fails after `silenceMs` without a byte: a half-open connection says nothing for ever. */
async function* chunks(body: ReadableStream<Uint8Array>, http: Http, silenceMs: number, signal: AbortSignal): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const waited = new AbortController();
      const silence = http.clock.sleep(silenceMs, AbortSignal.any([signal, waited.signal])).then(() => null);
      const read = reader.read();
      const first = await Promise.race([read, silence]);
      waited.abort();
      if (first === null) {
        read.catch(() => undefined);
        throw clientError("timeout", signal.aborted ? "The stream was closed" : `Nothing was heard for ${silenceMs} ms`);
      }
      if (first.done) return;
      yield decoder.decode(first.value, { stream: true });
    }
  } finally {
    // Not awaited: cancelling a body whose connection is gone may never settle.
    reader.cancel().catch(() => undefined);
  }
}
