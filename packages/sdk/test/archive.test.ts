/** What a stream does not hold any more is read as pages, and the follower notices nothing; short frames become deltas. */
import { Berth, type FollowItem, type SessionEvent, type WebSocketConstructor } from "@berth/sdk";
import { expect, test } from "vitest";

const event = (seq: number): SessionEvent => ({ seq, id: `evt_${seq}`, at: "2026-01-02T03:04:05.000Z", type: "session.status", data: { status: "idle" } });
const sse = (type: string, data: unknown, id?: number): string => `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const LAST = 12;
const HELD_FROM = 9;

/** A server whose streams hold only the newest events; its pages are of three and end at the archive's pages of four. */
function makeServer() {
  const asked: string[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, searchParams } = new URL(url);
    const after = Number(searchParams.get("after") ?? 0);
    asked.push(`${new Headers(init.headers).get("accept") === "text/event-stream" ? "stream" : pathname.split("/").at(-1)} ${after}`);
    if (pathname.endsWith("/stream-ticket")) return Response.json({ ticket: "t", url: "/v1/sessions/ses_1/stream", expiresAt: "2026-01-02T03:04:05.000Z" });
    if (asked.at(-1)?.startsWith("stream")) return new Response(streamAfter(after), { headers: { "content-type": "text/event-stream" } });
    const to = Math.min(after + 3, after < HELD_FROM - 1 ? Math.ceil((after + 1) / 4) * 4 : LAST);
    const data = Array.from({ length: to - after }, (_, i) => event(after + 1 + i));
    return Response.json({ data, next: to < LAST ? String(to) : null });
  };
  return { asked, fetch };
}

function streamAfter(after: number): string {
  if (after + 1 < HELD_FROM) return sse("reset", { from: HELD_FROM, archive: `/v1/sessions/ses_1/events?after=${after}` }, HELD_FROM - 1);
  const events = Array.from({ length: LAST - after }, (_, i) => event(after + 1 + i));
  return events.map((each) => sse(each.type, each, each.seq)).join("") + sse("synced", { seq: LAST });
}

test("server-sent events: what is archived comes first, and nothing twice", async () => {
  const { asked, fetch } = makeServer();
  const leaving = new AbortController();
  const items: FollowItem[] = [];
  for await (const item of new Berth({ baseUrl: "http://berth.invalid", fetch, maxRetries: 0 }).session("ses_1").follow({ after: 2, signal: leaving.signal })) {
    items.push(item);
    if (item.kind === "synced") leaving.abort();
  }
  expect(items.map((item) => (item.kind === "event" ? item.event.seq : item.kind))).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "synced"]);
  expect(asked).toEqual(["stream 2", "events 2", "events 4", "events 7", "stream 8"]);
});

/** Says what it is told to say once it is opened; remembers what it was told. */
function makeSocket(frames: readonly object[]) {
  const sent: { readonly type: string; readonly frame?: number }[] = [];
  const urls: string[] = [];
  class ScriptedSocket {
    readyState = 1;
    readonly #listeners = new Map<string, ((event: never) => void)[]>();
    constructor(url: string) {
      urls.push(url);
      setTimeout(() => {
        this.#emit("open", {});
        for (const frame of frames) this.#emit("message", { data: JSON.stringify(frame) });
      });
    }
    addEventListener(type: string, listener: (event: never) => void): void {
      this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    }
    send(text: string): void {
      if (text !== "ping") sent.push(JSON.parse(text) as { type: string });
    }
    close(): void {
      this.#emit("close", { code: 1000, reason: "" });
    }
    #emit(type: string, event: object): void {
      for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
    }
  }
  return { sent, urls, WebSocket: ScriptedSocket as WebSocketConstructor };
}

test("WebSocket: the archive is read before the socket goes on, and text that goes on is given its place", async () => {
  const { fetch } = makeServer();
  const { sent, urls, WebSocket } = makeSocket([
    { type: "reset", from: HELD_FROM, archive: "/v1/sessions/ses_1/events?after=0" },
    { type: "frame", frame: 1, events: [9, 10, 11, 12].map(event), deltas: [] },
    { type: "frame", frame: 2, events: [], deltas: [{ partId: "p", offset: 0, text: "one " }] },
    { type: "synced", seq: LAST },
    { type: "more", frame: 3, text: "two " },
    { type: "more", frame: 4, text: "three" },
  ]);
  const seqs: number[] = [];
  let text = "";
  const done = Promise.withResolvers<void>();
  const stream = new Berth({ baseUrl: "http://berth.invalid", fetch, WebSocket, maxRetries: 0 }).session("ses_1").stream({
    onFrame: ({ events, deltas }) => {
      seqs.push(...events.map(({ seq }) => seq));
      for (const delta of deltas) {
        expect([delta.partId, delta.offset]).toEqual(["p", text.length]);
        text += delta.text;
      }
      if (text.endsWith("three")) done.resolve();
    },
    onReset: () => expect.unreachable("nothing was passed over"),
  });
  await done.promise;
  await new Promise((resolve) => setTimeout(resolve));
  stream.close();
  expect(seqs).toEqual(Array.from({ length: LAST }, (_, i) => i + 1));
  expect(sent).toEqual([1, 2, 3, 4].map((frame) => ({ type: "ack", frame })));
  expect(new URL(urls[0] ?? "").searchParams.get("frames")).toBe("short");
});
