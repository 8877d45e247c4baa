/**
 * The agent's seam broken in turn: what the runtime makes of each fault, and what the session hears of it. The session's
 * own part is in its machine's tests.
 */
import { describe, expect, test } from "vitest";
import { CONFIGURE, launch, newWorld, prompt, readyWorld, steer, until } from "../../packages/sandbox-runtime/test/runtime-world.ts";

describe("the agent's faults", () => {
  test("[agent:answer:question-gone] answers a question, and withdraws one that is gone", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Really?"));
    await until(world, () => session.all("question-asked").length === 1);
    const { requestId } = session.all("question-asked")[0] as { requestId: string };
    session.tell({ type: "answer", requestId, answer: { kind: "question", answers: [["Yes"]] } });
    await until(world, () => session.all("turn-ended").length === 1);
    session.tell({ type: "answer", requestId, answer: { kind: "question", answers: [["No"]] } });
    await until(world, () => session.all("request-gone").length === 1);
    expect(session.all("turn-ended")[0]?.outcome).toBe("completed");
  });

  test("[agent:prompt:submitted-twice] runs a prompt that comes down twice once", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!say once"));
    await until(world, () => session.all("turn-ended").length === 1);
    session.tell(prompt("msg_1", "!say once"));
    await until(world, () => session.all("accepted").length === 2);
    session.tell(prompt("msg_2", "!say other"));
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-started").map(({ messageId }) => messageId)).toEqual(["msg_1", "msg_2"]);
  });

  test("[agent:prompt:answer-lost] follows a prompt whose answer was lost instead of submitting it again", async () => {
    const { world, session } = await readyWorld();
    world.faults.arm("agent:prompt:answer-lost");
    session.tell(prompt("msg_1", "!say once"));
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("turn-ended")[0]?.outcome).toBe("completed");
    expect(world.store.turns.size).toBe(1);
  });

  test("[agent:prompt:not-listening] asks once more where a prompt surely did not arrive, and runs it once", async () => {
    const { world, session } = await readyWorld();
    world.faults.arm("agent:prompt:not-listening");
    session.tell(prompt("msg_1", "!say after all"));
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("turn-ended").map(({ outcome }) => outcome)).toEqual(["completed"]);
    expect(world.store.turns.size).toBe(1);
  });

  test("[agent:prompt:not-listening] fails a prompt that did not arrive the second time either, and runs the next", async () => {
    const { world, session } = await readyWorld();
    world.faults.arm("agent:prompt:not-listening", { times: 2 });
    session.tell(prompt("msg_1", "!say lost"));
    session.tell(prompt("msg_2", "!say next"));
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-ended").map(({ outcome }) => outcome)).toEqual(["failed", "completed"]);
  });

  test("[agent:steer:turn-over] gives back a message that came too late for its turn", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Wait?"));
    await until(world, () => session.all("question-asked").length === 1);
    world.faults.arm("agent:steer:turn-over");
    session.tell(steer("msg_1", "msg_2", "!say late"));
    await until(world, () => session.all("steer-refused").length === 1);
    session.tell({ type: "interrupt", messageId: "msg_1" });
    session.tell(prompt("msg_2", "!say late"));
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-ended").map(({ messageId, outcome }) => [messageId, outcome])).toEqual([["msg_1", "stopped"], ["msg_2", "completed"]]);
  });

  test("[agent:steer:answer-lost] looks a message up whose answer was lost, and gives it once", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Wait?"));
    await until(world, () => session.all("question-asked").length === 1);
    const { requestId } = session.all("question-asked")[0] as { requestId: string };
    world.faults.arm("agent:steer:answer-lost");
    session.tell(steer("msg_1", "msg_2", "!say once"));
    await until(world, () => session.all("steered").length === 1);
    session.tell({ type: "answer", requestId, answer: { kind: "question", answers: [["Yes"]] } });
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("steered")).toHaveLength(1);
    expect(session.all("part-ended").flatMap(({ part }) => part.text ?? [])).toEqual(["once"]);
  });

  test("[agent:turn:agent-died] starts an agent that died again and goes on with the next prompt", async () => {
    const { world, session, agent } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Wait?"));
    session.tell(prompt("msg_2", "!say next"));
    await until(world, () => session.all("question-asked").length === 1);
    agent.die();
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-ended").map(({ outcome }) => outcome)).toEqual(["interrupted", "completed"]);
    expect(session.all("agent-failed")).toEqual([]);
  });

  test("[agent:open:never-healthy] says that the agent does not start, and why", async () => {
    const world = newWorld();
    world.faults.arm("agent:open:never-healthy");
    launch(world);
    world.session.tell(CONFIGURE);
    await until(world, () => world.session.all("agent-failed").length === 1);
    expect(world.session.all("agent-failed")[0]?.failure.code).toBe("agent-failed");
    expect(world.session.all("ready")).toEqual([]);
  });

  test("[agent:open:slow-start] keeps prompts that come before the agent is ready", async () => {
    const world = newWorld();
    world.faults.arm("agent:open:slow-start");
    launch(world);
    world.session.tell(CONFIGURE);
    world.session.tell(prompt("msg_1", "!say soon"));
    await until(world, () => world.session.all("turn-ended").length === 1);
    expect(world.session.all("accepted")).toHaveLength(1);
  });

  test("[agent:prompt:turn-running] keeps a prompt that comes during a turn until its turn comes", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Wait?"));
    session.tell(prompt("msg_2", "!say next"));
    await until(world, () => session.all("question-asked").length === 1);
    expect(session.all("accepted")).toHaveLength(2);
    expect(session.all("turn-started")).toHaveLength(1);
    session.tell({ type: "interrupt", messageId: "msg_1" });
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-ended")[1]).toMatchObject({ messageId: "msg_2", outcome: "completed" });
  });

  test.each([
    ["[agent:turn:model-key-refused]", "agent:turn:model-key-refused", "model-unauthorized"],
    ["[agent:turn:model-rate-limited]", "agent:turn:model-rate-limited", "model-rate-limited"],
  ])("%s says why the turn failed, and runs the next prompt", async (_title, fault, code) => {
    const { world, session } = await readyWorld();
    world.faults.arm(fault);
    session.tell(prompt("msg_1", "!say hm"));
    session.tell(prompt("msg_2", "!say next"));
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-ended")).toMatchObject([{ outcome: "failed", failure: { code } }, { outcome: "completed" }]);
    expect(world.store.turns.size).toBe(2);
  });

  test("[agent:turn:stuck] stops a turn that would never end, and runs the next prompt", async () => {
    const { world, session } = await readyWorld();
    world.faults.arm("agent:turn:stuck");
    session.tell(prompt("msg_1", "!say never"));
    session.tell(prompt("msg_2", "!say next"));
    await until(world, () => session.all("turn-started").length === 1);
    world.clock.advance(30_000);
    expect(session.frames.filter((frame) => frame.type === "heartbeat")).toHaveLength(3);
    session.tell({ type: "interrupt", messageId: "msg_1" });
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-ended").map(({ outcome }) => outcome)).toEqual(["stopped", "completed"]);
  });

  test("[agent:events:stream-cut] still sends every part's whole text", async () => {
    const { world, session } = await readyWorld();
    world.faults.arm("agent:events:stream-cut");
    session.tell(prompt("msg_1", "!say one\n!bash echo two"));
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("part-ended").map(({ part }) => part.text ?? part.tool?.output)).toEqual(["one", "two\n"]);
  });

  test("[agent:prompt:not-open] opens an agent that is not open before it gives it a prompt", async () => {
    const world = newWorld();
    world.faults.arm("agent:open:never-healthy");
    launch(world);
    world.session.tell(CONFIGURE);
    await until(world, () => world.session.all("agent-failed").length === 1);
    world.session.tell(prompt("msg_1", "!say here"));
    await until(world, () => world.session.all("turn-ended").length === 1);
    expect(world.session.all("turn-ended")[0]?.outcome).toBe("completed");
  });
});
