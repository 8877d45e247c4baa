/** A sandbox that gets ready, and turns in it. */
import { expect, type Check } from "../check.ts";
import { randomSum, randomWord } from "../nonce.ts";
import { outputOf, partsOf, textOf } from "../parts.ts";
import { SessionLog } from "../session-log.ts";

export const sandboxReady: Check = {
  name: "ready",
  title: "A sandbox gets ready",
  timeoutMs: 95_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    const { sandbox } = await session.get({ signal });
    return `${sandbox?.backend ?? "no backend"}, isolation ${sandbox?.isolation ?? "unknown"}`;
  },
};

export const singleReply: Check = {
  name: "reply",
  title: "One prompt gets its reply",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using log = SessionLog.follow(session, signal);
    const word = randomWord();
    const { id } = await session.send(`!say The word is ${word}.`, { signal });
    const turn = await log.completed(id);
    expect(textOf(turn).includes(word), `the reply is "${textOf(turn)}", without ${word}`);
    expect(turn.run?.end?.outcome === "completed", `the run's outcome is ${turn.run?.end?.outcome ?? "missing"}`);
    return `"${textOf(turn)}"`;
  },
};

export const queuedTurn: Check = {
  name: "queue",
  title: "Prompts sent during a turn wait, then run in order",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using log = SessionLog.follow(session, signal);
    const first = await session.send("!say first\n!sleep 1200", { signal });
    await log.until("the first turn to run", () => log.turn(first.id)?.status === "running");
    const second = await session.send("!say second", { signal });
    const third = await session.send("!say third", { signal });
    expect(second.status === "queued", `a prompt sent during a turn is ${second.status}`);
    const { queueLength } = await session.get({ signal });
    expect(queueLength === 2, `two prompts wait and the queue says ${queueLength}`);
    for (const { id } of [first, second, third]) await log.completed(id);
    const ids = [first.id, second.id, third.id];
    const order = log.events.flatMap((event) =>
      (event.type === "run.started" || event.type === "run.ended") && event.messageId && ids.includes(event.messageId)
        ? [`${event.type === "run.started" ? "+" : "-"}${ids.indexOf(event.messageId) + 1}`]
        : [],
    );
    expect(order.join(" ") === "+1 -1 +2 -2 +3 -3", `runs began (+) and ended (-) as ${order.join(" ")}`);
    return order.join(" ");
  },
};

export const toolInSandbox: Check = {
  name: "tool",
  title: "A tool runs in the sandbox, its output is in the stream",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using log = SessionLog.follow(session, signal);
    const { command, product } = randomSum();
    const { id } = await session.send(`!bash ${command}`, { signal });
    const turn = await log.completed(id);
    expect(outputOf(turn).includes(product), `${command} printed "${outputOf(turn)}", not ${product}`);
    const names = partsOf(turn, "tool").map(({ part }) => part.tool?.name);
    return `${names.join(", ")}: ${command} → ${product}`;
  },
};

export const textAroundTool: Check = {
  name: "replay",
  title: "Text before and after a tool call both replay",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using log = SessionLog.follow(session, signal);
    const [before, after] = [randomWord(), randomWord()];
    const { command, product } = randomSum();
    const { id } = await session.send(`!say ${before}\n!bash ${command}\n!say ${after}`, { signal });
    await log.completed(id);
    // Read anew by somebody who saw nothing of it live.
    const replayed = (await session.transcript({ signal })).turns.find((turn) => turn.messageId === id);
    expect(replayed !== undefined, "the replay does not know the turn");
    const order = replayed.items.flatMap((item) => (item.kind === "part" ? [`${item.part.kind}:${item.text}`] : []));
    const place = (kind: string, value: string): number => order.findIndex((entry) => entry.startsWith(kind) && entry.includes(value));
    const [first, tool, last] = [place("text", before), place("tool", product), place("text", after)];
    expect(first >= 0 && first < tool && tool < last, `the replay holds ${JSON.stringify(order)}`);
    return "text, tool, text";
  },
};
