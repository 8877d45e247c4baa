/** What is particular to the WebSocket: acknowledgements, tickets, pings, actions. */
import { check, equal, range } from "../check.ts";
import { askClient, type ClientCase, type ClientStage } from "../client-case.ts";
import type { ClientNeed } from "../needs.ts";
import { SEQ } from "../sample-log.ts";
import type { ClientHandle } from "../client.ts";
import { giveAll, giveTo, type Connection } from "../stand-in.ts";

const ask = (id: string, rules: string | readonly string[], title: string, run: (stage: ClientStage) => Promise<void>, needs: readonly ClientNeed[] = []): ClientCase => askClient("ws", id, rules, title, run, needs);

interface Said {
  readonly type: string;
  readonly frame?: number;
  readonly requestId?: string;
  readonly idempotencyKey?: string;
  readonly text?: string;
  readonly delivery?: string;
}

const saidBy = ({ heard }: Connection): Said[] => heard.filter((text) => text.startsWith("{")).map((text) => JSON.parse(text) as Said);
const acksOf = (connection: Connection): number[] => saidBy(connection).flatMap(({ type, frame }) => (type === "ack" && frame !== undefined ? [frame] : []));

async function untilAcked(stage: ClientStage, connection: Connection, frame: number): Promise<void> {
  await stage.until(`frame ${frame} to be acknowledged`, () => acksOf(connection).some((acked) => acked >= frame) && true);
}

async function untilSaid(stage: ClientStage, connection: Connection, type: string, times = 1): Promise<Said> {
  return await stage.until(`${type} to be sent`, () => saidBy(connection).filter((said) => said.type === type)[times - 1]);
}

const messageOf = (id: string) => ({ id, text: "hello", status: "queued", model: "demo/demo", author: { kind: "user", id: "usr_1" }, createdAt: "2026-01-02T03:04:05.000Z" });

/** An open client that has everything, with its connection. */
async function settled(stage: ClientStage): Promise<Connection> {
  await stage.open();
  const connection = await stage.untilConnection(1);
  await stage.untilSeq(SEQ.last);
  return connection;
}

function prompting(stage: ClientStage, text = "hello", options: { readonly steers?: boolean } = {}) {
  check(stage.handle.prompt, "the client can prompt");
  const answer = stage.handle.prompt(text, options);
  answer.catch(() => undefined);
  return answer;
}

const ACTIONS = ["actions"] as const;

/** What is no prompt may have been done, so that a second one could do something else. */
function onceOnly(type: string, what: string, act: (handle: ClientHandle) => Promise<unknown> | undefined): ClientCase {
  return ask(`${type}-once`, "PRO63", `does not send ${what} twice`, async (stage) => {
    stage.standIn.scripts = [giveAll, giveTo(SEQ.last)];
    const connection = await settled(stage);
    const doing = act(stage.handle);
    check(doing, `the client can send ${what}`);
    const done = doing.then(() => "done", () => "failed");
    await untilSaid(stage, connection, type);
    connection.cut();
    const second = await stage.untilConnection(2);
    await stage.linger(600);
    equal(saidBy(second).filter((said) => said.type === type), [], "said on the second connection");
    equal(await done, "failed", "what its caller was told");
  }, ACTIONS);
}

export const socketCases: readonly ClientCase[] = [
  ask("acks", "PRO57", "acknowledges what it was given", async (stage) => {
    stage.standIn.scripts = [(connection, standIn) => {
      for (const event of standIn.log) connection.frame([event]);
      connection.tell("synced", { seq: SEQ.last });
    }];
    const connection = await settled(stage);
    await untilAcked(stage, connection, SEQ.last);
    const acks = acksOf(connection);
    equal(acks, acks.toSorted((a, b) => a - b), "acknowledged in order");
    check(acks.every((frame) => frame >= 1 && frame <= SEQ.last), `acknowledged: ${acks.join()}`);
  }),
  ask("acks-in-time", "PRO57", "acknowledges before a server has to wait for it", async (stage) => {
    stage.standIn.scripts = [async (connection, standIn) => {
      for (const event of standIn.log) {
        connection.frame([event]);
        await untilAcked(stage, connection, event.seq);
      }
      connection.tell("synced", { seq: SEQ.last });
    }];
    await settled(stage);
    equal(stage.seqs, range(1, SEQ.last), "seq");
  }),
  ask("acks-after-handling", "PRO57", "acknowledges a frame after it gave its events", async (stage) => {
    const given: number[] = [];
    stage.standIn.scripts = [async (connection, standIn) => {
      for (const event of standIn.log) {
        connection.frame([event]);
        await untilAcked(stage, connection, event.seq);
        given.push(stage.seqs.length);
      }
    }];
    await settled(stage);
    await stage.until("all frames", () => given.length === SEQ.last && true);
    check(given.every((count, at) => count >= at + 1), `given when acknowledged: ${given.join()}`);
  }),
  ask("acks-empty", "PRO57", "acknowledges frames that have nothing new too", async (stage) => {
    const connection = await settled(stage);
    connection.frame([], []);
    connection.frame(stage.standIn.after(3, 6));
    await untilAcked(stage, connection, 3);
  }),
  ask("acks-deltas", "PRO57", "acknowledges frames of deltas", async (stage) => {
    const connection = await settled(stage);
    for (let offset = 0; offset < 20; offset++) connection.frame([], [{ partId: "prt_9", offset, text: "x" }]);
    await untilAcked(stage, connection, 21);
  }),
  ask("acks-frames-only", "PRO57", "acknowledges nothing but frames", async (stage) => {
    const connection = await settled(stage);
    for (const [type, fields] of [["result", { requestId: "nobody", value: null }], ["weather", {}], ["synced", { seq: SEQ.last }]] as const) connection.tell(type, fields);
    connection.frame([], []);
    await untilAcked(stage, connection, 2);
    await stage.linger(300);
    check(acksOf(connection).every((frame) => frame === 1 || frame === 2), `acknowledged: ${acksOf(connection).join()}`);
    equal(saidBy(connection).filter(({ type }) => type !== "ack"), [], "what else it said");
  }),
  ask("acks-per-connection", "PRO57", "counts frames anew on each connection", async (stage) => {
    stage.standIn.scripts = [async (connection, standIn) => {
      for (const event of standIn.after(0, 8)) connection.frame([event]);
      await untilAcked(stage, connection, 8);
      connection.cut();
    }, giveAll];
    await stage.open();
    const second = await stage.untilConnection(2);
    await stage.untilSeq(SEQ.last);
    await untilAcked(stage, second, 1);
    await stage.linger(300);
    check(acksOf(second).every((frame) => frame === 1), `acknowledged on the second: ${acksOf(second).join()}`);
  }),
  ask("ticket-each", "PRO58", "gets a ticket for each connection", async (stage) => {
    stage.standIn.scripts = [(connection) => connection.cut(), (connection) => connection.cut(), giveAll];
    await stage.open();
    await stage.untilSeq(SEQ.last);
    const tickets = stage.standIn.connections.map(({ request }) => new URL(request.url ?? "/", "http://stand-in").searchParams.get("ticket"));
    check(tickets.every((ticket) => ticket?.startsWith("tkt_")), `tickets: ${tickets.join()}`);
    equal(new Set(tickets).size, 3, "different tickets");
  }),
  ask("ticket-refused", "PRO59", "whose ticket is refused ends", async (stage) => {
    stage.standIn.scripts = [(connection) => connection.close(4401, "the ticket is unknown, used or expired")];
    await stage.open();
    equal(await stage.untilEnded(), "unauthenticated", "the code it ended with");
    await stage.linger();
    equal(stage.standIn.connections.length, 1, "connections");
  }),
  ask("pong", "PRO54", "passes over pong", async (stage) => {
    const connection = await settled(stage);
    connection.raw("pong");
    connection.frame([{ ...(stage.standIn.log[14] as NonNullable<(typeof stage.standIn.log)[14]>), seq: 16, id: "evt_16" }]);
    await stage.untilSeq(16);
    equal(stage.standIn.connections.length, 1, "connections");
  }),
  ask("pings", "PRO62", "asks a silent connection whether it is there", async (stage) => {
    const connection = await settled(stage);
    await stage.until("a ping", () => connection.heard.includes("ping") && true, stage.patienceMs + stage.scaled(60_000));
  }),
  ask("action-result", "PRO63", "gives an action its result", async (stage) => {
    const connection = await settled(stage);
    const answer = prompting(stage);
    const { requestId, text } = await untilSaid(stage, connection, "prompt");
    equal(text, "hello", "the text it sent");
    connection.tell("result", { requestId, value: messageOf("msg_7") });
    equal((await answer).id, "msg_7", "the message");
  }, ACTIONS),
  ask("action-problem", "PRO63", "gives an action its problem", async (stage) => {
    const connection = await settled(stage);
    const answer = prompting(stage);
    const { requestId } = await untilSaid(stage, connection, "prompt");
    connection.tell("problem", { requestId, problem: { type: "https://berth.dev/problems/queue-full", title: "full", status: 429, detail: "The queue is full." } });
    const error: unknown = await answer.catch((each: unknown) => each);
    equal((error as { code?: string }).code, "queue-full", "the code");
    equal(stage.ended, null, "it goes on");
  }, ACTIONS),
  ask("action-order", "PRO63", "gives each action its own answer when they come in another order", async (stage) => {
    const connection = await settled(stage);
    const answers = [prompting(stage, "first"), prompting(stage, "second")];
    const said = [await untilSaid(stage, connection, "prompt", 1), await untilSaid(stage, connection, "prompt", 2)];
    for (const { requestId, text } of said.toReversed()) connection.tell("result", { requestId, value: messageOf(`msg_${text}`) });
    equal((await Promise.all(answers)).map(({ id }) => id), ["msg_first", "msg_second"], "messages");
  }, ACTIONS),
  ask("action-unknown-answer", "PRO63", "passes over an answer to what it did not ask", async (stage) => {
    const connection = await settled(stage);
    const answer = prompting(stage);
    const { requestId } = await untilSaid(stage, connection, "prompt");
    connection.tell("result", { requestId: "nobody", value: messageOf("msg_wrong") });
    connection.tell("problem", { requestId: "nobody", problem: { type: "https://berth.dev/problems/conflict", title: "", status: 409, detail: "" } });
    connection.tell("result", { requestId, value: messageOf("msg_right") });
    equal((await answer).id, "msg_right", "the message");
  }, ACTIONS),
  ask("prompt-key", "PRO63", "prompts under a key of its own each time", async (stage) => {
    const connection = await settled(stage);
    void prompting(stage, "first");
    void prompting(stage, "second");
    const said = [await untilSaid(stage, connection, "prompt", 1), await untilSaid(stage, connection, "prompt", 2)];
    check(said.every(({ idempotencyKey }) => idempotencyKey), "keys");
    equal(new Set(said.map(({ idempotencyKey }) => idempotencyKey)).size, 2, "different keys");
  }, ACTIONS),
  ask("prompt-again", "PRO63", "sends a prompt that was not answered again, under the same key", async (stage) => {
    stage.standIn.scripts = [giveAll, giveTo(SEQ.last)];
    const connection = await settled(stage);
    const answer = prompting(stage);
    const first = await untilSaid(stage, connection, "prompt");
    connection.cut();
    const second = await stage.untilConnection(2);
    const again = await untilSaid(stage, second, "prompt");
    equal([again.text, again.idempotencyKey], [first.text, first.idempotencyKey], "text and key");
    second.tell("result", { requestId: again.requestId, value: messageOf("msg_7") });
    equal((await answer).id, "msg_7", "the message");
  }, ACTIONS),
  ask("prompt-answered", "PRO63", "does not send a prompt again that was answered", async (stage) => {
    stage.standIn.scripts = [giveAll, giveTo(SEQ.last)];
    const connection = await settled(stage);
    const answer = prompting(stage);
    const { requestId } = await untilSaid(stage, connection, "prompt");
    connection.tell("result", { requestId, value: messageOf("msg_7") });
    await answer;
    connection.cut();
    const second = await stage.untilConnection(2);
    await stage.linger(600);
    equal(saidBy(second).filter(({ type }) => type === "prompt"), [], "prompts on the second connection");
  }, ACTIONS),
  onceOnly("stop", "a stop", (handle) => handle.stop?.()),
  onceOnly("cancel", "a cancel", (handle) => handle.cancel?.("msg_1")),
  onceOnly("answer", "an answer", (handle) => handle.answer?.("req_1", { kind: "question", answers: [["left"]] })),
  ask("steer-sent", "PRO63", "says of a message that steers that it does, and of no other", async (stage) => {
    const connection = await settled(stage);
    void prompting(stage, "waits");
    void prompting(stage, "steers", { steers: true });
    const said = [await untilSaid(stage, connection, "prompt", 1), await untilSaid(stage, connection, "prompt", 2)];
    equal(said.map(({ text, delivery = "queue" }) => [text, delivery]), [["waits", "queue"], ["steers", "steer"]], "what it said");
  }, ["actions", "steering"]),
  ask("steer-again", "PRO63", "sends a message that steers again as one that steers", async (stage) => {
    stage.standIn.scripts = [giveAll, giveTo(SEQ.last)];
    const connection = await settled(stage);
    const answer = prompting(stage, "steers", { steers: true });
    const first = await untilSaid(stage, connection, "prompt");
    connection.cut();
    const second = await stage.untilConnection(2);
    const again = await untilSaid(stage, second, "prompt");
    equal([again.text, again.delivery, again.idempotencyKey], [first.text, "steer", first.idempotencyKey], "text, delivery and key");
    second.tell("result", { requestId: again.requestId, value: messageOf("msg_7") });
    equal((await answer).id, "msg_7", "the message");
  }, ["actions", "steering"]),
];
