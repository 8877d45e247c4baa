/** What viewers of one session see, however and whenever they come, over WebSocket and SSE. */
import { randomInt } from "node:crypto";
import { CLOSE_CODES, LIMITS, type ServerFrame, type StreamTicket } from "@berth/protocol";
import { applyEvents, emptyTranscript, type Delta, type SessionClient, type SessionEvent } from "@berth/sdk";
import { SseParser, type ServerSentEvent } from "@berth/sdk/sse";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logOf, startTestStack, turn, type TestStack } from "./support/stack.ts";
import { recordFollowing, recordStreaming } from "./support/viewers.ts";

let stack: TestStack;
let session: SessionClient;

beforeAll(async () => {
  stack = await startTestStack();
  session = await stack.idleSession();
});

afterAll(() => stack?.end());

/** What `!stream` says. */
const counted = (tokens: number): string => Array.from({ length: tokens }, (_, i) => `${i + 1} `).join("");

async function lastSeq(): Promise<number> {
  return (await session.get()).lastSeq;
}

function endedParts(events: readonly SessionEvent[]) {
  return events.flatMap((event) => (event.type === "part.ended" ? [event.data.part] : []));
}

/** Puts the deltas of one part together. @throws Error at a hole */
function joined(deltas: readonly Delta[], partId: string): string {
  let text = "";
  for (const delta of deltas.filter((each) => each.partId === partId)) {
    if (delta.offset > text.length) throw new Error(`a hole at ${text.length}: the next delta begins at ${delta.offset}`);
    text = text.slice(0, delta.offset) + delta.text;
  }
  return text;
}

test("[E2E-5.1] text before and after a tool call both replay, over REST, SSE and WebSocket", async () => {
  const [a, b] = [randomInt(10_000, 99_999), randomInt(10_000, 99_999)];
  const before = await lastSeq();
  await turn(session, `!say before the tool\n!bash echo $((${a}*${b}))\n!say after the tool`);
  const last = await lastSeq();

  const overRest = await logOf(session, before);
  const parts = endedParts(overRest);
  expect(parts.map(({ kind }) => kind)).toEqual(["text", "tool", "text"]);
  const [first, tool, second] = parts.map((part) => JSON.stringify(part));
  expect([first?.includes("before the tool"), tool?.includes(String(a * b)), second?.includes("after the tool")]).toEqual([true, true, true]);
  expect(await recordFollowing(session, before).until(last)).toEqual(overRest);
  expect(await recordStreaming(session, before).until(last)).toEqual(overRest);
});

test("[E2E-5.2] two pages and an SSE reader that watch a turn get the same, and the same as REST", async () => {
  const before = await lastSeq();
  const viewers = [recordStreaming(session, before), recordStreaming(session, before), recordFollowing(session, before)];
  await turn(session, "!think a thought\n!stream 60 60\n!bash echo middle\n!stream 60 60");
  const last = await lastSeq();
  const stored = await logOf(session, before);
  for (const viewer of viewers) {
    expect(await viewer.until(last)).toEqual(stored);
    expect(applyEvents(emptyTranscript(), viewer.events)).toEqual(applyEvents(emptyTranscript(), stored));
    const streamed = endedParts(stored).filter((part) => part.kind === "text");
    for (const part of streamed) expect((part.text ?? "").startsWith(joined(viewer.deltas, part.id)), "deltas are the beginning of the text").toBe(true);
    expect(joined(viewer.deltas, streamed[0]?.id ?? "").length, "it was streamed").toBeGreaterThan(0);
  }
});

test("[E2E-5.3] a viewer that joins in the middle of an answer sees the whole of it", async () => {
  const tokens = 400;
  const before = await lastSeq();
  const early = recordStreaming(session, before);
  const over = turn(session, `!stream ${tokens} 80`);
  await early.text(600);
  // The part is open: none of its text is in the log yet.
  const seen = await lastSeq();
  const known = early.deltas.reduce((sum, { text }) => sum + text.length, 0);
  const late = [recordStreaming(session, before), recordFollowing(session, before), recordStreaming(session, seen), recordFollowing(session, seen)];
  await Promise.all(late.map((viewer) => viewer.text(known + 50)));
  for (const viewer of late) {
    const [first] = viewer.deltas;
    expect(first?.offset, "it begins with the beginning").toBe(0);
    expect(joined(viewer.deltas, first?.partId ?? "")).toBe(counted(tokens).slice(0, joined(viewer.deltas, first?.partId ?? "").length));
  }
  await over;
  const last = await lastSeq();
  const stored = await logOf(session, before);
  expect(await early.until(last)).toEqual(stored);
  for (const [i, viewer] of late.entries()) {
    expect(await viewer.until(last)).toEqual(i < 2 ? stored : stored.filter(({ seq }) => seq > seen));
    const [part] = endedParts(viewer.events);
    expect(part?.kind === "text" && part.text).toBe(counted(tokens));
  }
});

interface Silent {
  frames: number;
  bytes: number;
  closed: Promise<{ readonly code: number; readonly atMs: number }>;
}

/** A viewer that reads and never acknowledges. */
async function joinSilently(after: number): Promise<Silent> {
  const response = await fetch(`${stack.url}/v1/sessions/${session.id}/stream-ticket`, { method: "POST", headers: { authorization: `Bearer ${stack.apiKey}` } });
  const { url, ticket } = (await response.json()) as StreamTicket;
  const address = new URL(url, stack.url);
  address.protocol = "ws:";
  address.searchParams.set("ticket", ticket);
  address.searchParams.set("after", String(after));
  const socket = new WebSocket(address);
  const closed = Promise.withResolvers<{ code: number; atMs: number }>();
  const silent: Silent = { frames: 0, bytes: 0, closed: closed.promise };
  socket.addEventListener("close", ({ code }) => closed.resolve({ code, atMs: performance.now() }));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("the silent viewer could not join")));
    socket.addEventListener("close", ({ code }) => reject(new Error(`the silent viewer was closed with ${code}`)));
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(String(data)) as ServerFrame;
      if (frame.type === "frame") {
        silent.frames += 1;
        silent.bytes += String(data).length;
      }
      if (frame.type === "synced") resolve();
    });
  });
  return silent;
}

test("[E2E-5.4] a viewer that never acknowledges is stopped, then closed, and slows nobody", async () => {
  // Closed it is about 45 s after it came. A busy machine gathers more into each frame, and it comes to its limit later.
  const perSecond = 60;
  const secondsMax = 150;
  const before = await lastSeq();
  const silent = await joinSilently(before);
  const arrivals: number[] = [];
  let text = "";
  const stream = session.stream({
    after: before,
    onFrame: ({ deltas }) => {
      if (deltas.length > 0) arrivals.push(performance.now());
      for (const delta of deltas) text = text.slice(0, delta.offset) + delta.text;
    },
  });
  const { id: messageId } = await session.send(`!stream ${secondsMax * perSecond} ${perSecond}`);
  const over = session.wait({ messageId, signal: AbortSignal.timeout((secondsMax + 20) * 1000) });
  const first = await Promise.race([silent.closed, over]);
  expect(first, "closed while the answer is on its way").toMatchObject({ code: CLOSE_CODES.slowViewer });
  stream.close();
  await session.stop();
  await over;

  const gaps = arrivals.slice(1).map((at, i) => at - (arrivals[i] ?? at));
  const spanMs = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
  const lines = text.split(" ").length;
  console.log(`reader: ${arrivals.length} frames in ${Math.round(spanMs)} ms, longest gap ${Math.round(Math.max(...gaps))} ms, ${lines} numbers; silent: ${silent.frames} frames, ${silent.bytes} bytes`);
  expect(arrivals.length).toBeGreaterThan(LIMITS.viewerUnackedFramesMax);
  expect(Math.max(...gaps)).toBeLessThan(3_000);
  expect(lines, "at the pace of the model").toBeGreaterThan((spanMs / 1000 - 5) * perSecond);
  expect(text).toBe(counted(secondsMax * perSecond).slice(0, text.length));

  expect(silent.frames).toBeLessThanOrEqual(LIMITS.viewerUnackedFramesMax);
  expect(silent.bytes).toBeLessThan(2 * LIMITS.viewerUnackedBytesMax);
});

/** Reads one SSE answer until `enough`, then leaves. */
async function readSse(lastEventId: string | null, enough: (events: readonly ServerSentEvent[]) => boolean): Promise<ServerSentEvent[]> {
  const leaving = new AbortController();
  const response = await fetch(`${stack.url}/v1/sessions/${session.id}/events`, {
    headers: { authorization: `Bearer ${stack.apiKey}`, accept: "text/event-stream", ...(lastEventId === null ? {} : { "last-event-id": lastEventId }) },
    signal: AbortSignal.any([leaving.signal, AbortSignal.timeout(60_000)]),
  });
  expect(response.status).toBe(200);
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const events: ServerSentEvent[] = [];
  for await (const chunk of response.body ?? []) {
    events.push(...parser.push(decoder.decode(chunk, { stream: true })));
    if (enough(events)) break;
  }
  leaving.abort();
  return events;
}

const isSynced = (events: readonly ServerSentEvent[]): boolean => events.some(({ event }) => event === "synced");
/** The `seq` of the one `synced` there is. */
function syncedAt(events: readonly ServerSentEvent[]): number {
  const synced = events.filter(({ event }) => event === "synced");
  expect(synced).toHaveLength(1);
  return (JSON.parse(synced[0]?.data ?? "{}") as { seq: number }).seq;
}

const seqsOf = (events: readonly ServerSentEvent[]): number[] => events.flatMap(({ data }) => (JSON.parse(data) as { seq?: number; id?: string }).id === undefined ? [] : [(JSON.parse(data) as { seq: number }).seq]);
const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

test("[E2E-5.5] SSE goes on after Last-Event-ID, also in the middle of an answer", async () => {
  const last = await lastSeq();
  for (const known of [null, "0", "1", String(last - 1), String(last)]) {
    const events = await readSse(known, isSynced);
    // The log may have grown: a checkpoint is told of after its turn.
    const synced = syncedAt(events);
    expect(synced).toBeGreaterThanOrEqual(last);
    // What was committed since may come right after it.
    expect(seqsOf(events).filter((seq) => seq <= synced), `after ${known}`).toEqual(range(Number(known ?? 0) + 1, synced));
  }
  const beyond = await readSse(String(last + 1000), (events) => events.some(({ event }) => event === "reset"));
  expect(seqsOf(beyond)).toEqual([]);

  const over = turn(session, "!stream 100 50\n!bash echo between\n!stream 100 50");
  const first = await readSse(String(last), (events) => seqsOf(events).length >= 4 && events.at(-1)?.event === "delta");
  const cut = seqsOf(first).at(-1) ?? 0;
  await over;
  const end = await lastSeq();
  const second = await readSse(String(cut), isSynced);
  expect(syncedAt(second)).toBeGreaterThanOrEqual(end);
  expect([...seqsOf(first), ...seqsOf(second)].filter((seq) => seq <= syncedAt(second))).toEqual(range(last + 1, syncedAt(second)));
});
