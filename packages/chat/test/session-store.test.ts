/** The open session's store over a real socket: what is shown while things come, go missing and come back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { answerText, Berth, systemClock, type WebSocketConstructor } from "@berth/sdk";
import { startMemoryServer, type MemoryServer } from "../../sdk/test/memory-server/server.ts";
import { TEST_KEY } from "../../sdk/test/memory-server/state.ts";
import { SessionStore, type SessionView } from "../src/lib/session-store.ts";

let server: MemoryServer;
beforeAll(async () => {
  server = await startMemoryServer();
});
afterAll(() => server.close());

/** Waits before repeats are cut short; everything else takes its time. */
const clock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms < 10_000 ? 0 : ms, signal) };

function connect(options: { fetch?: (url: string, init: RequestInit) => Promise<Response> } = {}): Berth {
  return new Berth({ baseUrl: server.url, apiKey: TEST_KEY, WebSocket: WebSocket as unknown as WebSocketConstructor, clock, maxRetries: 0, ...options });
}

async function openStore(berth = connect()): Promise<SessionStore> {
  const { id } = await connect().sessions.create({ model: "demo/demo", title: "Store" });
  const store = new SessionStore(berth.session(id));
  store.open();
  return store;
}

function until(store: SessionStore, wanted: (view: SessionView) => boolean): Promise<SessionView> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!wanted(store.view())) return;
      stop();
      resolve(store.view());
    };
    const stop = store.subscribe(look);
    look();
  });
}

const completed = (count: number) => (view: SessionView) => view.transcript.turns.filter(({ status }) => status === "completed").length === count;

test("nothing is shown before the log was replayed", async () => {
  const store = await openStore();
  expect(store.view()).toMatchObject({ loaded: false, transcript: { lastSeq: 0 } });
  const { transcript } = await until(store, ({ loaded }) => loaded);
  expect(transcript.title).toBe("Store");
  store.close();
});

test("a message is shown on its way, and once, when its event is there", async () => {
  const store = await openStore();
  await until(store, ({ loaded, transcript }) => loaded && transcript.status === "idle");
  store.send("!say hello");
  expect(store.view().pending).toMatchObject([{ text: "!say hello", error: null }]);
  const { pending, transcript } = await until(store, completed(1));
  expect(pending).toEqual([]);
  expect(transcript.turns.map(answerText)).toEqual(["hello"]);
  store.close();
});

test("a message that did not get there is kept, and trying again sends it once", async () => {
  let down = true;
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (!down || !url.endsWith("/messages")) return globalThis.fetch(url, init);
    down = false;
    throw new TypeError("connection refused");
  };
  const store = await openStore(connect({ fetch }));
  await until(store, ({ loaded, transcript }) => loaded && transcript.status === "idle");
  store.send("!say hello");
  const { pending } = await until(store, (view) => view.pending.some(({ error }) => error !== null));
  store.retry(pending[0]?.key ?? "");
  const view = await until(store, (now) => completed(1)(now) && now.pending.length === 0);
  expect(view.transcript.turns).toHaveLength(1);
  store.close();
});

test("a message whose answer was lost is there all the same, and no error is shown", async () => {
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await globalThis.fetch(url, init);
    if (!url.endsWith("/messages")) return response;
    await until(store, completed(1));
    throw new TypeError("connection reset");
  };
  const store = await openStore(connect({ fetch }));
  await until(store, ({ loaded, transcript }) => loaded && transcript.status === "idle");
  store.send("!say hello");
  const { pending } = await until(store, completed(1));
  expect(pending).toEqual([]);
  store.close();
});

test("the same text sent twice is two messages", async () => {
  const store = await openStore();
  await until(store, ({ loaded, transcript }) => loaded && transcript.status === "idle");
  store.send("!say hello");
  store.send("!say hello");
  expect(store.view().pending).toHaveLength(2);
  const { pending, transcript } = await until(store, completed(2));
  expect([pending.length, transcript.turns.length]).toEqual([0, 2]);
  store.close();
});

test("opened again it goes on where it was", async () => {
  const store = await openStore();
  await until(store, ({ loaded, transcript }) => loaded && transcript.status === "idle");
  store.close();
  await store.session.send("!say while away");
  store.reopen();
  const { transcript } = await until(store, completed(1));
  expect(answerText(transcript.turns[0] as never)).toBe("while away");
  store.close();
});

test("a session that is not there is said so", async () => {
  const store = new SessionStore(connect().session("ses_nobody"));
  store.open();
  const { loaded, error } = await until(store, ({ connection }) => connection === "closed");
  expect([loaded, error?.status]).toEqual([false, 404]);
  store.close();
});
