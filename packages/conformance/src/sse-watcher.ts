/** A viewer over server-sent events. Reads the text itself, so that what is wrong with it is seen. */
import { Watcher, type Item } from "./watcher.ts";
import type { WireDelta, WireEvent } from "./wire.ts";

export interface SseOptions {
  readonly after?: number | string;
  readonly lastEventId?: number | string;
}

/** An answer that was no stream. */
export class StreamRefused extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly contentType: string;
  constructor(status: number, contentType: string, body: unknown) {
    super(`the stream was answered ${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.contentType = contentType;
    this.body = body;
  }
}

export class SseWatcher extends Watcher {
  readonly headers: Headers;
  readonly #leaving: AbortController;

  constructor(response: Response, leaving: AbortController, patienceMs: number) {
    super(patienceMs);
    this.headers = response.headers;
    this.#leaving = leaving;
    void this.#read(response.body ?? new ReadableStream());
  }

  close(): void {
    this.#leaving.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
        const blocks = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) this.take(readBlock(block));
      }
    } catch {
      // Leaving ends the body with an error.
    }
    const last = this.items.at(-1);
    this.closed ??= last?.kind === "text" ? closeOf(last.text) : { code: 0, reason: "the answer ended" };
    this.changed();
  }
}

function closeOf(text: string): { readonly code: number; readonly reason: string } {
  const match = /^closed (.*)$/s.exec(text);
  return match ? (JSON.parse(match[1] ?? "") as { code: number; reason: string }) : { code: 0, reason: "the answer ended" };
}

function readBlock(block: string): Item {
  const fields = new Map<string, string>();
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).replace(/^ /, ""));
  }
  if (fields.size === 0) return { kind: "comment" };
  const [sseType = "message", sseId] = [fields.get("event"), fields.get("id")];
  const data = JSON.parse(fields.get("data") ?? "null") as Record<string, unknown>;
  if (sseType === "delta") return { kind: "delta", delta: data as unknown as WireDelta, sseId };
  if (sseType === "synced") return { kind: "synced", seq: data["seq"] as number, sseId };
  if (sseType === "reset") return { kind: "reset", from: data["from"] as number, ...(data["archive"] === undefined ? {} : { archive: data["archive"] as string }), sseId };
  if (sseType === "closed") return { kind: "text", text: `closed ${JSON.stringify(data)}` };
  return { kind: "event", event: data as unknown as WireEvent, sseId, sseType };
}

/** @throws StreamRefused */
export async function openSse(url: string, sessionId: string, headers: Readonly<Record<string, string>>, options: SseOptions, patienceMs: number): Promise<SseWatcher> {
  const address = new URL(`/v1/sessions/${sessionId}/events`, url);
  if (options.after !== undefined) address.searchParams.set("after", String(options.after));
  const leaving = new AbortController();
  const response = await fetch(address, {
    headers: { ...headers, accept: "text/event-stream", ...(options.lastEventId === undefined ? {} : { "last-event-id": String(options.lastEventId) }) },
    signal: leaving.signal,
  });
  const contentType = response.headers.get("content-type") ?? "";
  if (response.status !== 200 || !contentType.includes("text/event-stream")) {
    const body: unknown = contentType.includes("json") ? await response.json().catch(() => null) : null;
    leaving.abort();
    throw new StreamRefused(response.status, contentType, body);
  }
  return new SseWatcher(response, leaving, patienceMs);
}
