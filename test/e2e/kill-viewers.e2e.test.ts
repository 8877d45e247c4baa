/** Viewers of one long stream are cut at random, 200 times in all, and resume by their cursors. `SEED` repeats a run. */
import { setTimeout as delay } from "node:timers/promises";
import { Berth, type SessionClient, type SessionEvent } from "@berth/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPrng } from "../../src/core/kernel/prng.ts";
import { CuttableConnections } from "../journeys/cuttable.ts";
import { RawViewer } from "./kill/raw-viewer.ts";
import { SEED } from "./kill/run-kind.ts";
import { asSeen, LogReader } from "./kill/witnesses.ts";
import { logOf, startTestStack, turn, type TestStack } from "./support/stack.ts";
import { recordFollowing, recordStreaming } from "./support/viewers.ts";
import { eventually } from "./support/waiting.ts";

const DISCONNECTS = 200;
const PAUSE_MS_MAX = 400;
const SDK_SOCKETS = 4;
const SDK_SSE = 3;
const RAW_SOCKETS = 3;
const RAW_SSE = 2;

let stack: TestStack;
let session: SessionClient;

beforeAll(async () => {
  stack = await startTestStack();
  session = await stack.idleSession();
});

afterAll(() => stack?.end());

interface Viewer {
  readonly name: string;
  events(): readonly unknown[];
  cut(): void;
  close(): void;
  readonly holes?: readonly string[];
}

function withSdk(name: string, record: typeof recordFollowing): Viewer {
  const connections = new CuttableConnections();
  const berth = new Berth({ baseUrl: stack.url, apiKey: stack.apiKey, fetch: connections.fetch, WebSocket: connections.WebSocket });
  const recording = record(berth.session(session.id));
  return { name, events: () => recording.events, cut: () => connections.cut(), close: () => recording.close() };
}

function raw(): Viewer {
  const viewer = new RawViewer(`${stack.url.replace("http", "ws")}/v1/sessions/${session.id}/stream`, stack.apiKey);
  return { name: "socket", events: () => viewer.events, cut: () => viewer.cut(), close: () => viewer.close(), holes: viewer.holes };
}

function rawSse(): Viewer {
  const reader = new LogReader(`${stack.url}/v1/sessions/${session.id}/events`, stack.apiKey);
  return { name: "SSE", events: () => asSeen(reader.events), cut: () => reader.cut(), close: () => reader.close() };
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

test(`[KIL8] ${DISCONNECTS} random disconnects of viewers during a long stream: every log is the same and without a gap (SEED=${SEED})`, async () => {
  const prng = createPrng(SEED);
  const viewers = [
    ...times(SDK_SOCKETS, () => withSdk("SDK socket", recordStreaming)),
    ...times(SDK_SSE, () => withSdk("SDK SSE", recordFollowing)),
    ...times(RAW_SOCKETS, raw),
    ...times(RAW_SSE, rawSse),
  ];
  let cuts = 0;
  const streaming = (async () => {
    while (cuts < DISCONNECTS) await turn(session, "!stream 60 60\n!bash echo one\n!think of it\n!stream 40 80\n!bash echo two\n!stream 60 60");
  })();
  for (; cuts < DISCONNECTS; cuts++) {
    // The random moment itself.
    await delay(prng.int(PAUSE_MS_MAX));
    viewers[prng.int(viewers.length)]?.cut();
  }
  await streaming;

  const stored: readonly SessionEvent[] = await logOf(session);
  const last = stored.length;
  console.log(`KILL ${JSON.stringify({ kind: "viewers", points: cuts, viewers: viewers.length, events: last, seed: SEED })}`);
  expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, at) => at + 1));
  for (const viewer of viewers) {
    await eventually(`the whole log at a viewer by ${viewer.name}`, () => (viewer.events().length >= last ? true : `${viewer.events().length} of ${last}`), 30_000);
    // The work of the last turn may be saved meanwhile, which is an event of its own.
    expect(viewer.events().slice(0, last), viewer.name).toEqual(stored);
    expect(viewer.holes ?? [], viewer.name).toEqual([]);
    viewer.close();
  }
}, 300_000);
