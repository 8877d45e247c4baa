/** Streams that are cut and joined in the middle of an answer. */
import { Berth, type SessionClient } from "@berth/sdk";
import { expect, type Check, type CheckContext } from "../check.ts";
import { CuttableConnections } from "../cuttable.ts";
import { streamedNumbers } from "../nonce.ts";
import { textOf } from "../parts.ts";
import { SessionLog } from "../session-log.ts";

/** Nine seconds, so that a connection is opened again before the answer is over, also on a busy machine. */
const TOKENS = 900;
const PROMPT = `!stream ${TOKENS} 100`;

/** The same session through connections that can be cut. */
function through({ world }: CheckContext, session: SessionClient, connections: CuttableConnections): SessionClient {
  const { fetch, WebSocket } = connections;
  return new Berth({ baseUrl: world.url, apiKey: world.apiKey, fetch, WebSocket }).session(session.id);
}

/** Cuts twice while the answer is being written, and waits for text beyond what was there. */
async function cutTwice(log: SessionLog, messageId: string, connections: CuttableConnections): Promise<void> {
  for (const share of [0.1, 0.35]) {
    const length = streamedNumbers(TOKENS).length * share;
    await log.until("text to be streamed", () => writtenOf(log, messageId) > length);
    const [cuts, reached] = [log.reconnects, writtenOf(log, messageId)];
    connections.cut();
    await log.until("the connection to be opened again", () => log.reconnects > cuts);
    await log.until("more text after the reconnection", () => writtenOf(log, messageId) > reached);
  }
}

/** Characters of the answer so far. @throws Error when it is over, so that nothing waits for more of it */
function writtenOf(log: SessionLog, messageId: string): number {
  const { run } = log.turn(messageId) ?? {};
  expect(!run?.end, "the answer was over before the connection was there again: this machine is too busy");
  return log.openText(messageId)?.text.length ?? 0;
}

function expectWhole(log: SessionLog, messageId: string): void {
  const turn = log.turn(messageId);
  const text = turn ? textOf(turn).trim() : "";
  expect(text === streamedNumbers(TOKENS), `the answer is not whole: "${text.slice(0, 40)} … ${text.slice(-40)}"`);
}

export const reconnectSse: Check = {
  name: "reconnect-sse",
  title: "A cut event stream goes on at its cursor",
  timeoutMs: 60_000,
  async run(context) {
    const session = await context.world.shared(context.signal);
    const connections = new CuttableConnections();
    using log = SessionLog.follow(through(context, session, connections), context.signal);
    const { id } = await session.send(PROMPT, { signal: context.signal });
    await cutTwice(log, id, connections);
    await log.completed(id);
    expectWhole(log, id);
    expect(connections.cursors.slice(1).every((after) => after > 0), `it asked for ${connections.cursors.join(", ")}`);
    return `cut twice, asked again after ${connections.cursors.slice(1).join(" and ")}; no gap, no repeat`;
  },
};

export const reconnectSocket: Check = {
  name: "reconnect-ws",
  title: "A cut WebSocket goes on at its cursor",
  timeoutMs: 60_000,
  async run(context) {
    const session = await context.world.shared(context.signal);
    const connections = new CuttableConnections();
    const { log, stream } = SessionLog.stream(through(context, session, connections), context.signal);
    using _closing = log;
    const { id } = await stream.prompt(PROMPT);
    await cutTwice(log, id, connections);
    await log.completed(id);
    expectWhole(log, id);
    expect(connections.cursors.slice(1).every((after) => after > 0), `it asked for ${connections.cursors.join(", ")}`);
    return `cut twice, asked again after ${connections.cursors.slice(1).join(" and ")}; no gap, no repeat`;
  },
};

export const lateViewer: Check = {
  name: "late-viewer",
  title: "A viewer that joins mid-answer sees the whole answer",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using first = SessionLog.follow(session, signal);
    const { id } = await session.send(PROMPT, { signal });
    const some = streamedNumbers(TOKENS).length / 10;
    const open = await first.until("a tenth of the answer", () => {
      const found = first.openText(id);
      return found && found.text.length > some && found;
    });
    using bySse = SessionLog.follow(session, signal);
    const { log: bySocket } = SessionLog.stream(session, signal);
    using _closing = bySocket;
    const joinedAt = open.text.length;
    for (const late of [bySse, bySocket]) {
      await late.until("the text so far", () => writtenOf(late, id) >= joinedAt);
      expect(late.firstOffsets.get(open.partId) === 0, `its text began at ${late.firstOffsets.get(open.partId)}`);
    }
    for (const viewer of [first, bySse, bySocket]) {
      await viewer.completed(id);
      expectWhole(viewer, id);
    }
    return `joined at character ${joinedAt} by SSE and WebSocket; three viewers saw the same`;
  },
};
