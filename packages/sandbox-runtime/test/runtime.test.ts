import { describe, expect, test } from "vitest";
import { CLOSE_CODES } from "@berth/protocol";
import type { AgentConfig } from "../../../src/ports/agent/agent.port.ts";
import { PortError } from "../../../src/core/kernel/port-error.ts";
import type { SetUp, SetupRequest } from "../src/environment/setup.ts";
import { CONFIGURE, launch, newWorld, prompt, readyWorld, steer, until } from "./runtime-world.ts";

describe("runtime", () => {
  test("says what the work starts from and is ready once the agent is", async () => {
    const { session } = await readyWorld();
    expect(session.ups).toEqual([
      { type: "workspace-ready", branch: "main", base: "abc" },
      { type: "ready", agent: "in-memory", agentVersion: "1.0.0" },
    ]);
  });

  test("[ENV3] the agent is opened with the variables of the session's environment, which are no secrets of it", async () => {
    const world = newWorld();
    const { agent } = launch(world, undefined, undefined, undefined, undefined, { readSecrets: async () => ({ TOKEN: "example" }), readBeginning: async () => ({ variables: { MODE: "test" }, setupScript: "", ports: [] }) });
    const opened: AgentConfig[] = [];
    const open = agent.open.bind(agent);
    agent.open = (config, signal) => open(config, signal).finally(() => opened.push(config));
    world.session.tell({ ...CONFIGURE, environment: { id: "env_1" } });
    await until(world, () => world.session.all("ready").length === 1);
    expect(opened).toMatchObject([{ variables: { MODE: "test" }, environment: { TOKEN: "example" } }]);
    expect(world.session.all("environment-missing")).toEqual([]);
  });

  test("[DKR13] an agent that is there is ready, whether or not that can be marked for the host", async () => {
    const world = newWorld();
    const marks: string[] = [];
    launch(world, undefined, undefined, undefined, undefined, {
      opened: () => {
        marks.push("tried");
        throw new Error("EISDIR: illegal operation on a directory");
      },
    });
    world.session.tell(CONFIGURE);
    await until(world, () => world.session.all("ready").length + world.session.all("agent-failed").length === 1);
    expect([marks, world.session.all("agent-failed")]).toEqual([["tried"], []]);
  });

  test("[ENV4] an environment that is gone is said, and the agent starts without", async () => {
    const world = newWorld();
    launch(world, undefined, undefined, undefined, undefined, { readBeginning: async () => null });
    world.session.tell({ ...CONFIGURE, environment: { id: "env_1" } });
    await until(world, () => world.session.all("ready").length === 1);
    expect(world.session.all("environment-missing")).toEqual([{ type: "environment-missing" }]);
  });

  test("[ENV6] the script runs once the agent is there, prompts wait for its end, and one that waits can be stopped", async () => {
    const world = newWorld();
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked: SetupRequest[] = [];
    const setUp: SetUp = async (request) => {
      asked.push(request);
      request.post({ type: "setup-started" });
      await promise;
      request.post({ type: "setup-ended" });
    };
    const beginning = { variables: { MODE: "test" }, setupScript: "npm ci", ports: [] };
    launch(world, undefined, undefined, undefined, undefined, { readSecrets: async () => ({ TOKEN: "example" }), readBeginning: async () => beginning, setUp });
    world.session.tell({ ...CONFIGURE, environment: { id: "env_1" }, restore: { checkpoint: "cp_1" } });
    await until(world, () => world.session.all("setup-started").length === 1);
    expect(world.session.all("ready")).toHaveLength(1);
    world.session.tell(prompt("msg_1", "!say never"));
    world.session.tell(prompt("msg_2", "!say after it"));
    world.session.tell({ type: "interrupt", messageId: "msg_1" });
    await until(world, () => world.session.all("turn-ended").length === 1);
    world.clock.advance(30_000);
    await until(world, () => world.session.frames.some((frame) => frame.type === "heartbeat" && frame.running === "setup script"));
    expect([world.session.all("turn-ended"), world.session.all("turn-started")]).toMatchObject([[{ messageId: "msg_1", outcome: "stopped" }], []]);
    resolve();
    await until(world, () => world.session.all("turn-ended").length === 2);
    const order = world.session.ups.flatMap(({ type }) => (["setup-ended", "turn-started"].includes(type) ? [type] : []));
    expect([order, asked]).toMatchObject([["setup-ended", "turn-started"], [{ script: "npm ci", isRestored: true, variables: { MODE: "test" }, secrets: { TOKEN: "example" } }]]);
  });

  test("[ENV3] an environment that cannot be read starts no agent, and a session in none asks for none", async () => {
    const world = newWorld();
    launch(world, undefined, undefined, undefined, undefined, { readBeginning: () => Promise.reject(new Error("The session's environment cannot be read: later.")) });
    world.session.tell({ ...CONFIGURE, environment: { id: "env_1" } });
    await until(world, () => world.session.all("agent-failed").length === 1);
    expect([world.session.all("agent-failed")[0]?.failure.message, world.session.all("ready")]).toEqual(["The session's environment cannot be read: later.", []]);
    world.session.tell(CONFIGURE);
    await until(world, () => world.session.all("ready").length === 1);
  });

  test("accepts prompts at once and runs them one after another", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!say one\n!bash echo hi"));
    session.tell(prompt("msg_2", "!say two"));
    await until(world, () => session.all("turn-ended").length === 2);
    const order = session.ups.flatMap((up) => (["accepted", "turn-started", "turn-ended"].includes(up.type) && "messageId" in up ? [`${up.type} ${up.messageId}`] : []));
    expect(order).toEqual([
      "accepted msg_1",
      "accepted msg_2",
      "turn-started msg_1",
      "turn-ended msg_1",
      "turn-started msg_2",
      "turn-ended msg_2",
    ]);
    expect(session.all("part-ended").map(({ part }) => part.kind)).toEqual(["text", "tool", "text"]);
  });

  test("sends what an open part says, and only its end once it has ended", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!say hello there\n!ask Go on?"));
    await until(world, () => session.all("question-asked").length === 1);
    expect(session.all("part-ended")[0]?.part.text).toBe("hello there");
    expect(session.texts).toEqual({});
  });

  test("stops a turn at once although prompts wait in line", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Forever?"));
    session.tell(prompt("msg_2", "!say next"));
    await until(world, () => session.all("question-asked").length === 1);
    session.tell({ type: "interrupt", messageId: "msg_1" });
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-ended").map(({ outcome }) => outcome)).toEqual(["stopped", "completed"]);
  });

  test("a stop that comes before the agent has the prompt ends it without running it", async () => {
    const world = newWorld();
    launch(world);
    world.session.tell(CONFIGURE);
    world.session.tell(prompt("msg_1", "!say never"));
    world.session.tell({ type: "interrupt", messageId: "msg_1" });
    await until(world, () => world.session.all("turn-ended").length === 1);
    expect(world.session.all("turn-ended")[0]?.outcome).toBe("stopped");
    expect(world.session.all("part-started")).toEqual([]);
  });

  test("a stop is confirmed although the agent does not come up", async () => {
    const { world, session, agent } = await readyWorld();
    let up: () => void = () => {};
    agent.open = () => new Promise((resolve) => void (up = () => resolve({ name: "late", version: "1" })));
    session.tell({ ...CONFIGURE, permissions: { "*": "ask" } });
    session.tell(prompt("msg_1", "!say never"));
    await until(world, () => session.all("accepted").length === 1);
    session.tell({ type: "interrupt", messageId: "msg_1" });
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("turn-ended")).toMatchObject([{ messageId: "msg_1", outcome: "stopped" }]);
    up();
    session.tell(prompt("msg_2", "!say next"));
    await until(world, () => session.all("turn-ended").length === 2);
    expect([...world.store.turns.keys()]).toEqual(["msg_2"]);
  });

  test("gives a running turn another message, says so once, and ends the turn after it", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Which?\n!say never said"));
    await until(world, () => session.all("question-asked").length === 1);
    session.tell(steer("msg_1", "msg_2", "!say steered"));
    session.tell(steer("msg_1", "msg_2", "!say steered"));
    await until(world, () => session.all("steered").length > 0);
    const { requestId } = session.all("question-asked")[0] as { requestId: string };
    session.tell({ type: "answer", requestId, answer: { kind: "question", answers: [["Yes"]] } });
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("steered")).toEqual([{ type: "steered", messageId: "msg_1", steerId: "msg_2" }]);
    expect(session.all("part-ended").map(({ messageId, part }) => [messageId, part.text])).toEqual([["msg_1", "steered"]]);
  });

  test("refuses a message for a turn that does not run, and runs it as a prompt later", async () => {
    const { world, session } = await readyWorld();
    session.tell(prompt("msg_1", "!say one"));
    await until(world, () => session.all("turn-ended").length === 1);
    session.tell(steer("msg_1", "msg_2", "!say two"));
    await until(world, () => session.all("steer-refused").length === 1);
    session.tell(prompt("msg_2", "!say two"));
    await until(world, () => session.all("turn-ended").length === 2);
    expect(session.all("turn-started").map(({ messageId }) => messageId)).toEqual(["msg_1", "msg_2"]);
    expect(session.all("steered")).toEqual([]);
  });

  test.each([
    { given: true, answer: "steered" },
    { given: false, answer: "steer-refused" },
  ] as const)("after a restart it answers $answer for a message of which it does not know more", async ({ given, answer }) => {
    const { world, session, agent } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Wait?"));
    await until(world, () => session.all("question-asked").length === 1);
    const steerOfAgent = agent.steer.bind(agent);
    agent.steer = async (...args) => {
      if (given) await steerOfAgent(...args);
      agent.vanish();
      return new Promise(() => {});
    };
    session.tell(steer("msg_1", "msg_2", "!say steered"));
    await until(world, () => world.log.lines.some((line) => line.includes("msg_2")));
    launch(world);
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.ups.map(({ type }) => type).filter((type) => type.startsWith("steer"))).toEqual([answer]);
    expect(session.ups.findIndex(({ type }) => type === answer)).toBeLessThan(session.ups.findIndex(({ type }) => type === "turn-ended"));
    expect(session.all("turn-ended")[0]?.outcome).toBe("interrupted");
  });

  test("what a dead agent may have been given ends with its turn", async () => {
    const { world, session, agent } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Wait?"));
    await until(world, () => session.all("question-asked").length === 1);
    agent.steer = async () => {
      agent.die();
      throw new PortError({ port: "agent", operation: "steer", code: "deadline-exceeded", outcome: "unknown", retry: "never", message: "no answer" });
    };
    agent.lookup = async () => Promise.reject(new Error("not running"));
    session.tell(steer("msg_1", "msg_2", "!say steered"));
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.ups.slice(-3).map(({ type }) => type)).toEqual(["request-gone", "steered", "turn-ended"]);
  });

  test("[AGT28] a message that comes while the end of the turn waits for another one is answered by the agent, and not by that end", async () => {
    const { world, session, agent } = await readyWorld();
    session.tell(prompt("msg_1", "!ask Wait?"));
    await until(world, () => session.all("question-asked").length === 1);
    const answers = { msg_2: Promise.withResolvers<"taken" | "refused">(), msg_3: Promise.withResolvers<"taken" | "refused">() };
    const asked: string[] = [];
    agent.steer = (_turn, steerId) => {
      asked.push(steerId);
      return answers[steerId as keyof typeof answers].promise;
    };
    session.tell(steer("msg_1", "msg_2", "!say one"));
    await until(world, () => asked.length === 1);
    const { requestId } = session.all("question-asked")[0] as { requestId: string };
    session.tell({ type: "answer", requestId, answer: { kind: "question", answers: [["Yes"]] } });
    await until(world, () => world.store.turns.get("msg_1")?.outcome !== null);
    session.tell(steer("msg_1", "msg_3", "!say two"));
    await until(world, () => asked.length === 2);
    answers.msg_2.resolve("taken");
    await until(world, () => session.all("steered").length === 1);
    answers.msg_3.resolve("refused");
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.ups.flatMap((up) => ("steerId" in up ? [[up.type, up.steerId]] : []))).toEqual([
      ["steered", "msg_2"],
      ["steer-refused", "msg_3"],
    ]);
  });

  test("takes up a turn that finished unheard, and says nothing of it twice", async () => {
    const { world, session, agent } = await readyWorld();
    session.tell(prompt("msg_1", "!say one\n!say two\n!ask Then?"));
    await until(world, () => session.all("question-asked").length === 1);
    const heard = session.all("part-ended").length;
    agent.vanish();
    launch(world);
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("turn-ended")[0]).toMatchObject({ messageId: "msg_1", outcome: "interrupted" });
    expect(session.all("turn-started")).toHaveLength(1);
    expect(session.all("part-ended")).toHaveLength(heard);
    expect(world.store.turns.size).toBe(1);
  });

  test("submits after a restart what was accepted and never submitted", async () => {
    const world = newWorld();
    world.session.tell(CONFIGURE);
    world.session.tell(prompt("msg_1", "!say late"));
    world.log.append([JSON.stringify({ down: { n: 1, body: CONFIGURE } }), JSON.stringify({ down: { n: 2, body: prompt("msg_1", "!say late") }, ups: [{ type: "accepted", messageId: "msg_1" }] })]);
    launch(world);
    await until(world, () => world.session.all("turn-ended").length === 1);
    expect(world.session.all("turn-ended")[0]?.outcome).toBe("completed");
  });

  test("reports a work folder that is not there", async () => {
    const world = newWorld();
    launch(world, async () => {
      throw new Error("no such folder");
    });
    world.session.tell(CONFIGURE);
    await until(world, () => world.session.all("workspace-failed").length === 1);
    expect(world.session.all("workspace-failed")[0]?.failure.message).toBe("no such folder");
  });

  test("beats every 10 s while a turn runs and says what runs", async () => {
    const { world, session } = await readyWorld();
    const beats = () => session.frames.filter((frame) => frame.type === "heartbeat");
    world.clock.advance(60_000);
    expect(beats()).toEqual([]);
    session.tell(prompt("msg_1", "!bash sleep 3600"));
    await until(world, () => session.all("part-started").length === 1);
    world.clock.advance(30_000);
    expect(beats()).toEqual(Array.from({ length: 3 }, () => ({ type: "heartbeat", running: "bash" })));
    session.tell({ type: "interrupt", messageId: "msg_1" });
    await until(world, () => session.all("turn-ended").length === 1);
    world.clock.advance(60_000);
    expect(beats()).toHaveLength(3);
  });

  test("closes the agent and ends when a newer epoch took over", async () => {
    const { world, session, agent, over } = await readyWorld();
    session.hangUp(CLOSE_CODES.fenced);
    await until(world, () => over.length === 1);
    await expect(agent.prompt({ messageId: "msg_9", text: "!say no", model: "demo/demo" })).rejects.toMatchObject({ code: "failed-precondition" });
  });

  test("restarts the agent between turns when the configuration changes", async () => {
    const { world, session } = await readyWorld();
    session.tell({ ...CONFIGURE, permissions: { "*": "allow", bash: "deny" } });
    session.tell(prompt("msg_1", "!bash echo hi"));
    await until(world, () => session.all("turn-ended").length === 1);
    expect(session.all("part-ended")[0]?.part.tool?.status).toBe("failed");
    expect(session.all("ready")).toHaveLength(2);
    expect(session.all("workspace-ready")).toHaveLength(1);
  });
});
