import type { SessionEvent } from "@berth/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MemorySocket } from "../../../routes/testing/memory-socket.ts";
import { formatFrame, KEEP_ALIVE_MS, streamFromSocket } from "./sse.ts";

const event = (seq: number, partial: Pick<SessionEvent, "type" | "data">): SessionEvent =>
  ({ seq, id: `evt_${seq}`, at: "2026-01-02T03:04:05.000Z", ...partial }) as SessionEvent;
const status = (seq: number): SessionEvent => event(seq, { type: "session.status", data: { status: "idle" } });
const ended = event(4, { type: "part.ended", data: { part: { id: "p1", kind: "text", text: "whole" } } });

describe("formatFrame", () => {
  test("a committed event carries its seq as id and its type as event", () => {
    const text = formatFrame({ type: "frame", frame: 1, events: [status(3)], deltas: [] });
    expect(text).toBe(`id: 3\nevent: session.status\ndata: ${JSON.stringify(status(3))}\n\n`);
  });

  test("deltas follow the events without an id, except those of a part that ends in the frame", () => {
    const deltas = [
      { partId: "p1", offset: 3, text: "gone" },
      { partId: "p2", offset: 0, text: "a\nb" },
    ];
    expect(formatFrame({ type: "frame", frame: 1, events: [ended], deltas })).toBe(
      `id: 4\nevent: part.ended\ndata: ${JSON.stringify(ended)}\n\nevent: delta\ndata: {"partId":"p2","offset":0,"text":"a\\nb"}\n\n`,
    );
  });

  test("synced has no id; reset moves the reader's position to just before what is held", () => {
    expect(formatFrame({ type: "synced", seq: 9 })).toBe('event: synced\ndata: {"seq":9}\n\n');
    expect(formatFrame({ type: "reset", from: 7 })).toBe('id: 6\nevent: reset\ndata: {"from":7}\n\n');
  });
});

describe("streamFromSocket", () => {
  afterEach(() => vi.useRealTimers());

  async function open() {
    const socket = new MemorySocket();
    const left = new AbortController();
    const reader = streamFromSocket(socket, left.signal).getReader();
    const next = async (): Promise<string | null> => {
      const { done, value } = await reader.read();
      return done ? null : new TextDecoder().decode(value);
    };
    expect(await next()).toBe(": connected\n\n");
    return { socket, left, reader, next };
  }

  test("a frame is acknowledged when the reader took it, and not before", async () => {
    const { socket, next } = await open();
    socket.deliver({ type: "frame", frame: 1, events: [status(1)], deltas: [] });
    socket.deliver({ type: "frame", frame: 2, events: [status(2)], deltas: [] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.sent).toEqual([]);
    await next();
    await next();
    await vi.waitFor(() => expect(socket.sent).toEqual([{ type: "ack", frame: 2 }]));
  });

  test("nothing is acknowledged while the reader does not read", async () => {
    const socket = new MemorySocket();
    streamFromSocket(socket, new AbortController().signal);
    for (let frame = 1; frame <= 5; frame++) socket.deliver({ type: "frame", frame, events: [status(frame)], deltas: [] });
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.sent).toEqual([]);
    socket.closeFromSession(1006, "");
  });

  test("a silent stream carries a comment every 15 s, and none after it ended", async () => {
    vi.useFakeTimers();
    const { socket, next } = await open();
    vi.advanceTimersByTime(KEEP_ALIVE_MS);
    expect(await next()).toBe(": keep-alive\n\n");
    socket.closeFromSession(1006, "");
    expect(await next()).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("the socket is closed when the reader leaves, by cancelling or by the request's signal", async () => {
    const first = await open();
    await first.reader.cancel();
    expect(first.socket.closed?.code).toBe(1000);
    const second = await open();
    second.left.abort();
    expect(await second.next()).toBeNull();
    expect(second.socket.closed?.code).toBe(1000);
    second.socket.deliver({ type: "synced", seq: 1 });
  });

  test("the stream ends after a reset, and says so when the session itself ended it", async () => {
    const reset = await open();
    reset.socket.deliver({ type: "reset", from: 3 });
    expect(await reset.next()).toContain("event: reset");
    expect(await reset.next()).toBeNull();
    const over = await open();
    over.socket.closeFromSession(4410, "the session was deleted");
    expect(await over.next()).toBe('event: closed\ndata: {"code":4410,"reason":"the session was deleted"}\n\n');
    expect(await over.next()).toBeNull();
  });

  test("a failing socket ends the stream", async () => {
    const { socket, next } = await open();
    socket.fail();
    expect(await next()).toBeNull();
  });
});
