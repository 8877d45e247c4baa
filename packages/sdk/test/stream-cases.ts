/** Cases about turns and the ways to watch them. */
import { answerText, applyDelta, applyDeltas, applyEvent, applyEvents, emptyTranscript, type SessionEvent, type Transcript, type WebSocketConstructor } from "@berth/sdk";
import type { CaseContext, SdkCase } from "./case-kit.ts";
import { check, client, cuttingFetch, equal, eventually, hastyClock, refusal, sharedSession } from "./case-kit.ts";

export const streamCases: readonly SdkCase[] = [
  {
    name: "a message is sent, waited for, and its answer stands in the transcript",
    async run(context) {
      const session = await sharedSession(context);
      const { id } = await session.send("!say the quick brown fox");
      equal((await session.wait({ messageId: id })).status, "completed", "status");
      const turn = (await session.transcript()).turns.find(({ messageId }) => messageId === id);
      check(turn && answerText(turn).includes("the quick brown fox"), "the answer's text");
    },
  },
  {
    name: "a tool call shows its command and its output",
    async run(context) {
      const session = await sharedSession(context);
      const { id } = await session.send("!bash echo from-the-tool");
      await session.wait({ messageId: id });
      const turn = (await session.transcript()).turns.find(({ messageId }) => messageId === id);
      const tool = turn?.items.find((item) => item.kind === "part" && item.part.kind === "tool");
      check(tool?.kind === "part" && tool.part.tool?.status === "completed" && tool.text.includes("from-the-tool"), "a completed tool call");
    },
  },
  {
    name: "the log counts 1, 2, 3, and after gives only what is newer",
    async run(context) {
      const session = await sharedSession(context);
      const events = await read(session.events({ live: false }));
      equal(events.map(({ seq }) => seq), events.map((_, at) => at + 1), "seq");
      const after = events.length - 2;
      const newer = (await read(session.events({ after, live: false }))).map(({ seq }) => seq);
      // What was saved of the last turn may come in between, as one event more.
      check(newer.length >= 2, "two events or more");
      equal(newer, newer.map((_, at) => after + 1 + at), "seq after");
    },
  },
  {
    name: "a stream that is cut again and again gives every event once and in order",
    async run(context) {
      const fetch = cuttingFetch(3);
      const session = await sharedSession(context, { fetch, clock: hastyClock() });
      const { id } = await session.send("!say one\n!say two\n!say three");
      const seen = await untilOver(session.events(), id);
      equal(seen.map(({ seq }) => seq), seen.map((_, at) => at + 1), "seq");
      check(fetch.cuts() > 0, "the stream was cut");
    },
  },
  {
    name: "who joins in the middle of an answer has its text from the start",
    async run(context) {
      const session = await sharedSession(context);
      // Longer than anybody needs: it ends when enough of it was seen.
      const { id } = await session.send("!stream 2000 50");
      await follow(session, (transcript) => textOf(transcript, id).length > 60);
      let joined = "";
      const later = await follow(session, (transcript) => {
        const text = textOf(transcript, id);
        joined ||= text;
        return text.length > joined.length;
      });
      await session.stop();
      await session.wait({ messageId: id });
      const whole = textOf(await session.transcript(), id);
      check(joined.length > 60 && textOf(later, id).startsWith(joined) && whole.startsWith(joined), `what was seen first, "${joined}", is the beginning of the whole`);
    },
  },
  {
    name: "stop ends the running turn as stopped, and a queued message is cancelled",
    async run(context) {
      const session = await sharedSession(context);
      const running = await session.send("!stream 2000 50");
      await untilStatus(session.events(), running.id, "running");
      const queued = await session.send("!say never");
      await session.cancel(queued.id);
      equal((await session.wait({ messageId: queued.id })).status, "cancelled", "the queued message");
      await session.stop();
      equal((await session.wait({ messageId: running.id })).status, "stopped", "the running message");
    },
  },
  {
    name: "waiting for a message that is not there is refused, and an aborted wait ends",
    async run(context) {
      const session = await sharedSession(context);
      equal((await refusal(session.wait({ messageId: "msg_nobody" }))).code, "not-found", "unknown message");
      const { id } = await session.send("!stream 2000 50");
      const abort = new AbortController();
      const waiting = refusal(session.wait({ messageId: id, signal: abort.signal }));
      abort.abort();
      equal((await waiting).code, "aborted", "aborted wait");
      await session.stop();
      await session.wait({ messageId: id });
    },
  },
  {
    name: "over a WebSocket: the same log, a prompt and its answer",
    async run(context) {
      const session = await sharedSession(context);
      const { events, transcript, message } = await overSocket(context, {}, "!say over the socket");
      equal(events, (await read(session.events({ live: false }))).slice(0, events.length), "events, compared with those read by pages");
      const turn = transcript.turns.find(({ messageId }) => messageId === message);
      check(turn && answerText(turn).includes("over the socket"), `the answer's text is missing from ${JSON.stringify(turn)}`);
    },
  },
  {
    name: "a WebSocket that is dropped is opened again, and nothing is missed or sent twice",
    async run(context) {
      const before = (await (await sharedSession(context)).messages().all()).length;
      let opened = 0;
      const Real = context.WebSocket ?? (globalThis as unknown as { WebSocket: WebSocketConstructor }).WebSocket;
      const Dropping = function (url: string) {
        const socket = new Real(url);
        // The second is dropped with the prompt on its way.
        if (++opened <= 2) {
          const left = opened;
          const send = socket.send.bind(socket);
          socket.send = (data: string) => {
            send(data);
            if (left === 1 || data.includes('"prompt"')) socket.close();
          };
        }
        return socket;
      } as unknown as WebSocketConstructor;
      await overSocket(context, { WebSocket: Dropping }, "!say after the drop");
      check(opened >= 2, `opened again: ${opened}`);
      equal((await (await sharedSession(context)).messages().all()).length, before + 1, "messages");
    },
  },
  {
    name: "a finished turn is a run in the history",
    async run(context) {
      const session = await sharedSession(context);
      const message = await session.send("!say for the history");
      await session.wait({ messageId: message.id });
      // The history is written behind the session.
      const run = await eventually(async () => {
        const runs = await client(context).runs.list({ sessionId: session.id }).all();
        return runs.find(({ messageId }) => messageId === message.id);
      });
      equal([run.outcome, run.sessionId], ["completed", session.id], "the run");
    },
  },
];

async function read(events: AsyncIterable<SessionEvent>): Promise<SessionEvent[]> {
  const all: SessionEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function untilStatus(events: AsyncIterable<SessionEvent>, messageId: string, status: string): Promise<SessionEvent[]> {
  const seen: SessionEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (event.type === "message.status" && event.messageId === messageId && event.data.status === status) break;
  }
  return seen;
}

const untilOver = (events: AsyncIterable<SessionEvent>, messageId: string): Promise<SessionEvent[]> => untilStatus(events, messageId, "completed");

type Session = Awaited<ReturnType<typeof sharedSession>>;

/** Follows from the beginning until the transcript is as wanted. */
async function follow(session: Session, done: (transcript: Transcript) => boolean): Promise<Transcript> {
  let transcript = emptyTranscript();
  for await (const item of session.follow()) {
    if (item.kind === "event") transcript = applyEvent(transcript, item.event);
    if (item.kind === "delta") transcript = applyDelta(transcript, item.delta);
    if (done(transcript)) break;
  }
  return transcript;
}

function textOf(transcript: Transcript, messageId: string): string {
  const turn = transcript.turns.find((candidate) => candidate.messageId === messageId);
  return turn ? answerText(turn) : "";
}

/** Prompts over a socket and watches it to the end of the turn. */
async function overSocket(context: CaseContext, options: Parameters<typeof client>[1], text: string): Promise<{ events: SessionEvent[]; transcript: Transcript; message: string }> {
  const session = await sharedSession(context, { clock: hastyClock(), ...options });
  const seen: SessionEvent[] = [];
  let transcript = emptyTranscript();
  let changed: () => void = () => undefined;
  const stream = session.stream({
    onFrame: ({ events, deltas }) => {
      seen.push(...events);
      transcript = applyDeltas(applyEvents(transcript, events), deltas);
      changed();
    },
  });
  const { id } = await stream.prompt(text);
  const isOver = (): boolean =>
    transcript.status === "idle" && transcript.turns.some(({ messageId, status }) => messageId === id && status === "completed");
  while (!isOver()) await new Promise<void>((resolve) => (changed = resolve));
  stream.close();
  return { events: seen, transcript, message: id };
}
