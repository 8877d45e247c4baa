/** Berth's own SDK as a client under test: `session.follow` over SSE and `session.stream` over WebSocket. */
import { applyDeltas, applyEvents, Berth, BerthError, emptyTranscript, systemClock, type Clock, type Delta, type SessionClient, type SessionEvent, type WebSocketConstructor } from "@berth/sdk";
import { WebSocket } from "ws";
import type { ClientObserver, ClientOptions, ClientUnderTest } from "./client.ts";

const TIME_SCALE = 20;

/** The SDK's own clock, faster; chance is the same each time. */
const hurried: Clock = { ...systemClock, random: () => 0.5, sleep: (ms, signal) => systemClock.sleep(ms / TIME_SCALE, signal) };

function sessionOf({ url, key, sessionId }: ClientOptions): SessionClient {
  return new Berth({ baseUrl: url, apiKey: key, clock: hurried, WebSocket: WebSocket as unknown as WebSocketConstructor }).session(sessionId);
}

/** Tells the observer of what comes, with the text as the SDK's transcript has it. */
function teller(observer: ClientObserver) {
  let transcript = emptyTranscript();
  return (events: readonly SessionEvent[], deltas: readonly Delta[]): void => {
    transcript = applyDeltas(applyEvents(transcript, events), deltas);
    const items = transcript.turns.flatMap((turn) => turn.items);
    for (const item of items) if (item.kind === "part") observer.text(item.id, item.text);
    observer.waiting(transcript.turns.flatMap(({ status, messageId }) => (status === "queued" ? [messageId] : [])));
    observer.cards(items.flatMap((item) => ((item.kind === "question" || item.kind === "permission") && item.answer === null ? [item.id] : [])));
    for (const event of events) observer.event(event as never);
  };
}

const codeOf = (error: unknown): string => (BerthError.is(error) ? error.code : String(error));

export const sdkClient: ClientUnderTest = {
  name: "@berth/sdk",
  timeScale: TIME_SCALE,
  open: {
    sse: (options) => {
      const closing = new AbortController();
      const { after, observer } = options;
      const tell = teller(observer);
      void (async () => {
        for await (const item of sessionOf(options).follow({ after, signal: closing.signal })) {
          if (item.kind === "event") tell([item.event], []);
          if (item.kind === "delta") tell([], [item.delta]);
          if (item.kind === "reset") observer.reset(item.from);
        }
      })().then(() => observer.ended(null), (error: unknown) => observer.ended(codeOf(error)));
      return { close: () => closing.abort(), output: (ref) => sessionOf(options).output(ref) };
    },
    ws: (options) => {
      const { after, observer } = options;
      const tell = teller(observer);
      const stream = sessionOf(options).stream({
        after,
        onFrame: ({ events, deltas }) => tell(events, deltas),
        onReset: (from) => observer.reset(from),
        onState: (state, error) => {
          if (state === "closed") observer.ended(error ? codeOf(error) : null);
        },
      });
      return {
        close: () => stream.close(),
        prompt: (text, { steers = false } = {}) => stream.prompt(text, steers ? { delivery: "steer" } : {}),
        stop: () => stream.stop(),
        cancel: (messageId) => stream.cancel(messageId),
        answer: (requestId, { kind, answers }) => stream.answer(requestId, { kind, answers: answers.map((labels) => [...labels]) }),
        output: (ref) => sessionOf(options).output(ref),
      };
    },
  },
};
