/** The same stream over the platform's own sockets. */
import type { ServerFrame } from "@berth/protocol";
import { expect, test } from "vitest";
import { streamFromSocket, type FrameSocket } from "./sse.ts";

interface PlatformSocket extends FrameSocket {
  accept(): void;
}
declare const WebSocketPair: new () => { 0: PlatformSocket; 1: PlatformSocket };

function open() {
  const { 0: viewer, 1: session } = new WebSocketPair();
  const heard: unknown[] = [];
  const closed = new Promise<number>((resolve) => session.addEventListener("close", ({ code }) => resolve(code)));
  session.addEventListener("message", ({ data }) => void heard.push(JSON.parse(String(data))));
  session.accept();
  const send = (frame: ServerFrame): void => session.send(JSON.stringify(frame));
  // Sent before anyone listens: the platform keeps it until the socket is accepted.
  send({ type: "frame", frame: 1, events: [], deltas: [{ partId: "p1", offset: 0, text: "hi" }] });
  send({ type: "synced", seq: 0 });
  const left = new AbortController();
  const reader = streamFromSocket(viewer, left.signal).getReader();
  viewer.accept();
  const readUntil = async (needle: string): Promise<void> => {
    for (let text = ""; !text.includes(needle); ) text += new TextDecoder().decode((await reader.read()).value);
  };
  return { session, heard, closed, left, reader, readUntil };
}

test("frames arrive, are acknowledged, and the session hears that the reader left", async () => {
  const { heard, closed, reader, readUntil } = open();
  await readUntil("event: synced");
  await expect.poll(() => heard).toEqual([{ type: "ack", frame: 1 }]);
  await reader.cancel();
  expect(await closed).toBe(1000);
});

test("the session hears that the request was given up", async () => {
  const { closed, left, readUntil } = open();
  await readUntil("event: synced");
  left.abort();
  expect(await closed).toBe(1000);
});

test("the stream ends with the session's close", async () => {
  const { session, reader, readUntil } = open();
  await readUntil("event: synced");
  session.close(4410, "the session was deleted");
  await readUntil("event: closed");
  expect((await reader.read()).done).toBe(true);
});
