/** What the agent asks a person, and stopping it. */
import { expect, type Check } from "../check.ts";
import { randomSum } from "../nonce.ts";
import { outputOf, partsOf, textOf } from "../parts.ts";
import { SessionLog } from "../session-log.ts";

export const permissionGranted: Check = {
  name: "permission",
  title: "A permission is asked, granted, and only then used",
  timeoutMs: 120_000,
  async run({ world, signal }) {
    const { command, product } = randomSum();
    const session = await world.open({ permissions: { "*": "allow", bash: "ask" }, prompt: `!bash ${command}` });
    using log = SessionLog.follow(session, signal);
    const asked = await log.until("a permission to be asked", () => log.events.find((event) => event.type === "permission.asked"));
    const { status, waitingFor } = await session.get({ signal });
    expect(status === "waiting" && waitingFor === "permission", `meanwhile the session is ${status} for ${waitingFor ?? "nothing"}`);
    const id = asked.messageId ?? "";
    const before = log.turn(id);
    expect(before !== undefined && !outputOf(before).includes(product), "the command ran before it was allowed");
    await session.answer(asked.data.requestId, { kind: "permission", reply: "once" }, { signal });
    const turn = await log.completed(id);
    expect(outputOf(turn).includes(product), `after the grant the command printed "${outputOf(turn)}"`);
    await world.release(session);
    return `${asked.data.tool}: ${asked.data.patterns.join(" ") || asked.data.title} → once`;
  },
};

export const questionAnswered: Check = {
  name: "question",
  title: "A question is asked and its answer reaches the agent",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using log = SessionLog.follow(session, signal);
    const { id } = await session.send("!ask Which colour? | red | blue", { signal });
    const asked = await log.until("a question to be asked", () =>
      log.events.find((event) => event.type === "question.asked" && event.messageId === id),
    );
    expect(asked.type === "question.asked", "something else was asked");
    const labels = asked.data.questions[0]?.options.map(({ label }) => label) ?? [];
    expect(labels.join() === "red,blue", `it offers ${labels.join()}`);
    await session.answer(asked.data.requestId, { kind: "question", answers: [["blue"]] }, { signal });
    const turn = await log.completed(id);
    expect(`${outputOf(turn)} ${textOf(turn)}`.includes("blue"), `the agent went on with "${textOf(turn)}"`);
    return `"${asked.data.questions[0]?.question ?? ""}" → blue`;
  },
};

export const stopped: Check = {
  name: "stop",
  title: "A running turn is stopped and the next prompt works",
  timeoutMs: 60_000,
  async run({ world, signal }) {
    const session = await world.shared(signal);
    using log = SessionLog.follow(session, signal);
    const { id } = await session.send("!bash sleep 60", { signal });
    await log.until("the command to run", () => {
      const turn = log.turn(id);
      return turn && partsOf(turn, "tool").some(({ part }) => part.tool?.status === "running");
    });
    const startedAt = performance.now();
    await session.stop({ signal });
    const turn = await log.over(id);
    const ms = Math.round(performance.now() - startedAt);
    expect(turn.status === "stopped", `the turn ended as ${turn.status}`);
    expect(ms < 10_000, `it took ${ms} ms to stop`);
    const { command, product } = randomSum();
    const next = await log.completed((await session.send(`!bash ${command}`, { signal })).id);
    expect(outputOf(next).includes(product), `the next prompt printed "${outputOf(next)}"`);
    return `stopped after ${ms} ms`;
  },
};
