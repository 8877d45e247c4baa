/** What every coding agent keeps. Prompts are the demo model's directives, so that each implementation can obey them. */
import { describe, expect } from "vitest";
import type { AgentAbility, PermissionPolicy, UpMessage } from "@berth/protocol";
import { verifiesOn, type ContractHarness } from "@berth/testkit";
import { AGENT_FAULTS } from "./agent.faults.ts";
import type { AgentConfig, CodingAgent } from "./agent.port.ts";
import { Recorder } from "./agent.recorder.ts";

export interface AgentHarness extends ContractHarness<CodingAgent> {
  readonly config: (permissions?: PermissionPolicy) => AgentConfig;
  readonly model: string;
  /** Ends the agent as a crash of its machine would: nothing more is said, and its store stays. */
  crash(subject: CodingAgent): Promise<void> | void;
  readonly timeoutMs?: number;
  /** What this agent says that it cannot do. Rules about it are then not asked of it, but that it says so. */
  readonly cannot?: readonly AgentAbility[];
}

interface Stage {
  readonly agent: CodingAgent;
  readonly said: Recorder;
  readonly prompt: (messageId: string, text: string) => Promise<void>;
  /** Submits and waits for the end. */
  readonly turn: (messageId: string, text: string) => Promise<Extract<UpMessage, { type: "turn-ended" }>>;
}

export function describeAgentContract(harness: AgentHarness): void {
  const { config, model } = harness;
  const stageOf = (agent: CodingAgent): Stage => {
    const said = new Recorder(agent);
    const prompt = (messageId: string, text: string) => agent.prompt({ messageId, text, model });
    return { agent, said, prompt, turn: async (messageId, text) => prompt(messageId, text).then(() => said.first("turn-ended", messageId)) };
  };
  const opened = async (permissions?: PermissionPolicy): Promise<Stage> => {
    const stage = stageOf(await harness.create());
    await stage.agent.open(config(permissions), AbortSignal.timeout(60_000));
    return stage;
  };
  const rule = (ids: string | readonly string[], sentence: string, body: () => Promise<void>): void =>
    verifiesOn(harness, ids, sentence, async () => body().finally(() => harness.dispose?.()), harness.timeoutMs);
  const able = (ability: AgentAbility): boolean => harness.cannot?.includes(ability) !== true;

  describe(`agent contract on ${harness.name}`, () => {
    rule(["AGT1", "AGT24", "AGT35"], "the agent opens twice with the same answer, says what it cannot do and why, and does nothing yet", async () => {
      const { agent } = await opened();
      const info = await agent.open(config(), AbortSignal.timeout(60_000));
      expect(info.name).not.toBe("");
      expect(info.version).toMatch(/\d/);
      expect(Object.keys(info.cannot ?? {}).toSorted()).toEqual([...(harness.cannot ?? [])].toSorted());
      for (const reason of Object.values(info.cannot ?? {})) expect(reason).toMatch(/^[A-Z].+\.$/);
      expect(agent.activity()).toBeNull();
    });

    rule(["AGT5", "AGT14", "AGT15", "AGT19", "AGT25"], "an answer is streamed whole and in order, without the prompt in it", async () => {
      const { said, turn } = await opened();
      const ended = await turn("msg_1", "!think first a thought\n!say hello dear 🙂 world");
      expect(ended).toMatchObject({ outcome: "completed", usage: { outputTokens: expect.any(Number) } });
      const types = said.events.flatMap((event) => (event.kind === "message" && event.message.type !== "title" ? [event.message.type] : []));
      expect(types[0]).toBe("turn-started");
      expect(types.at(-1)).toBe("turn-ended");
      expect(types.filter((type) => type.startsWith("turn-"))).toHaveLength(2);
      expect(said.parts("msg_1", "reasoning").map(({ text }) => text)).toEqual(["first a thought"]);
      expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["hello dear 🙂 world"]);
      expectWellFormedParts(said);
      expect((await said.first("title")).title).not.toBe("");
    });

    rule(["AGT16", "AGT17", "AGT24"], "a tool runs between two texts and none of them is lost", async () => {
      const { agent, said, prompt } = await opened();
      await prompt("msg_1", "!say before\n!bash echo done; sleep 0.3\n!say after");
      await said.until(() => said.all("part-started").some(({ part }) => part.kind === "tool"));
      expect(said.all("part-started").find(({ part }) => part.kind === "tool")?.part.tool).toMatchObject({
        name: "bash",
        status: "running",
        input: { command: "echo done; sleep 0.3" },
      });
      await said.until(() => agent.activity() !== "model");
      expect(agent.activity()).toBe("bash");
      expect(await said.first("turn-ended")).toMatchObject({ outcome: "completed" });
      expect(agent.activity()).toBeNull();
      const texts = said.parts("msg_1", "text").map(({ text }) => text?.split("\n")[0]);
      expect(texts).toEqual(["before", "after"]);
      expect(said.parts("msg_1", "tool")[0]?.tool).toMatchObject({ status: "completed", output: expect.stringContaining("done") });
      expectWellFormedParts(said);
    });

    rule(["AGT6", "agent:prompt:turn-running"], "a second prompt during a turn is refused and the turn goes on", async () => {
      const { said, prompt } = await opened();
      await prompt("msg_1", "!sleep 300\n!say one");
      await expect(prompt("msg_2", "!say two")).rejects.toMatchObject({ code: "failed-precondition", outcome: "not-applied" });
      expect(await said.first("turn-ended", "msg_1")).toMatchObject({ outcome: "completed" });
      expect(said.all("turn-started", "msg_2")).toEqual([]);
    });

    rule(["AGT7", "AGT8", "agent:prompt:submitted-twice"], "a prompt is submitted once and known from then on", async () => {
      const { agent, said, prompt, turn } = await opened();
      expect(await agent.lookup("msg_1")).toBe("unknown");
      await prompt("msg_1", "!sleep 200\n!say one");
      expect(await agent.lookup("msg_1")).toBe("running");
      await said.first("turn-ended", "msg_1");
      expect(await agent.lookup("msg_1")).toBe("finished");
      await expect(prompt("msg_1", "!say one")).rejects.toMatchObject({ code: "already-exists", outcome: "not-applied", retry: "never" });
      await turn("msg_2", "!say two");
      expect(said.all("turn-started").map(({ messageId }) => messageId)).toEqual(["msg_1", "msg_2"]);
      expect(said.parts("msg_1", "text")).toHaveLength(1);
    });

    rule(["AGT2", "AGT8", "AGT10", "AGT13"], "a restart by another configuration keeps the session and what was submitted", async () => {
      const { agent, said, turn } = await opened();
      await turn("msg_1", "remember the word anchor\n!say noted");
      await agent.open(config({ "*": "allow", webfetch: "deny" }), AbortSignal.timeout(60_000));
      expect(await agent.lookup("msg_1")).toBe("finished");
      await agent.resume("msg_1");
      await said.until(() => said.all("turn-ended", "msg_1").length === 2);
      expect(said.all("turn-ended", "msg_1")[1]).toMatchObject({ outcome: "completed" });
      expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["noted", "noted"]);
      await turn("msg_2", "!recall");
      expect(said.parts("msg_2", "text")[0]?.text).toContain("anchor");
    });

    rule(["AGT8", "AGT9", "AGT10", "AGT13"], "after a crash a finished turn is finished, a cut one is not run again", async () => {
      const first = await opened();
      await first.turn("msg_1", "!say one");
      await first.prompt("msg_2", "!say begun\n!bash sleep 60");
      await first.said.until(() => first.said.all("part-started", "msg_2").some(({ part }) => part.kind === "tool"));
      await harness.crash(first.agent);
      const { agent, said, turn } = await opened();
      expect(await agent.lookup("msg_1")).toBe("finished");
      expect(await agent.lookup("msg_2")).toBe("maybe");
      expect(await agent.lookup("msg_3")).toBe("unknown");
      await agent.resume("msg_2");
      expect(await said.first("turn-ended", "msg_2")).toMatchObject({ outcome: "interrupted" });
      expect(said.parts("msg_2", "text").map(({ text }) => text)).toEqual(["begun"]);
      expect(said.parts("msg_2", "tool")[0]?.tool?.status).toBe("failed");
      await expect(agent.resume("msg_3")).rejects.toMatchObject({ code: "not-found" });
      expect(await turn("msg_4", "!say on")).toMatchObject({ outcome: "completed" });
    });

    rule(["AGT11", "AGT18", "agent:turn:stuck"], "an interrupted turn ends as stopped with its parts, and the next one runs", async () => {
      const { agent, said, prompt, turn } = await opened();
      await agent.interrupt("msg_0");
      await prompt("msg_1", "!say begun\n!bash sleep 60");
      await said.until(() => said.all("part-started", "msg_1").some(({ part }) => part.kind === "tool"));
      await agent.interrupt("msg_1");
      expect(await said.first("turn-ended", "msg_1")).toMatchObject({ outcome: "stopped" });
      expect(said.all("part-ended", "msg_1")).toHaveLength(said.all("part-started", "msg_1").length);
      await agent.interrupt("msg_1");
      expect(await turn("msg_2", "!say again")).toMatchObject({ outcome: "completed" });
      expect(said.all("turn-ended", "msg_1")).toHaveLength(1);
    });

    if (able("ask")) {
      rule(["AGT21", "AGT22"], "a question waits for an answer of its kind and the turn goes on with it", async () => {
        const { agent, said, prompt } = await opened();
        await prompt("msg_1", "!ask Which way? | left | right\n!say thanks");
        const { requestId, questions } = await said.first("question-asked");
        expect(questions[0]).toMatchObject({ question: "Which way?", options: [{ label: "left" }, { label: "right" }] });
        await expect(agent.answer(requestId, { kind: "permission", reply: "once" })).rejects.toMatchObject({ code: "invalid-argument" });
        await agent.answer(requestId, { kind: "question", answers: [["right"]] });
        expect(await said.first("turn-ended")).toMatchObject({ outcome: "completed" });
        expect(said.parts("msg_1", "text").at(-1)?.text).toContain("thanks");
      });

      rule(["AGT23"], "a question is withdrawn with its turn and cannot be answered then", async () => {
        const { agent, said, prompt } = await opened();
        await prompt("msg_1", "!ask Really?");
        const { requestId } = await said.first("question-asked");
        await agent.interrupt("msg_1");
        await said.first("turn-ended");
        expect(said.all("request-gone")).toEqual([{ type: "request-gone", requestId }]);
        const late = agent.answer(requestId, { kind: "question", answers: [["Yes"]] });
        await expect(late).rejects.toMatchObject({ code: "not-found", outcome: "not-applied", retry: "never" });
      });
    }

    rule(["AGT22", "AGT23", "agent:answer:question-gone"], "a permission takes an answer of its kind, is withdrawn with its turn, and cannot be answered then", async () => {
      const { agent, said, prompt, turn } = await opened({ "*": "allow", bash: "ask" });
      await prompt("msg_1", "!bash echo never");
      const { requestId } = await said.first("permission-asked");
      await expect(agent.answer(requestId, { kind: "question", answers: [["Yes"]] })).rejects.toMatchObject({ code: "invalid-argument" });
      await agent.interrupt("msg_1");
      expect(await said.first("turn-ended")).toMatchObject({ outcome: "stopped" });
      expect(said.all("request-gone")).toEqual([{ type: "request-gone", requestId }]);
      const late = agent.answer(requestId, { kind: "permission", reply: "once" });
      await expect(late).rejects.toMatchObject({ code: "not-found", outcome: "not-applied", retry: "never" });
      expect(await turn("msg_2", "!say on")).toMatchObject({ outcome: "completed" });
    });

    rule(["AGT20"], "a tool waits for permission and runs when it is given", async () => {
      const { agent, said, prompt } = await opened({ "*": "allow", bash: "ask" });
      await prompt("msg_1", "!bash echo yes");
      const asked = await said.first("permission-asked", "msg_1");
      expect(asked).toMatchObject({ tool: "bash", title: "echo yes" });
      expect(said.parts("msg_1", "tool")).toEqual([]);
      await agent.answer(asked.requestId, { kind: "permission", reply: "once" });
      await said.first("turn-ended", "msg_1");
      expect(said.parts("msg_1", "tool")[0]?.tool).toMatchObject({ status: "completed", output: expect.stringContaining("yes") });
      await prompt("msg_2", "!bash echo no");
      const second = await said.first("permission-asked", "msg_2");
      await agent.answer(second.requestId, { kind: "reject" });
      await said.first("turn-ended", "msg_2");
      expect(said.parts("msg_2", "tool")[0]?.tool?.status).toBe("failed");
      expect(said.all("request-gone")).toEqual([]);
    });

    if (able("steer")) {
      rule("AGT27", "a message for a running turn is in the next model request, and the turn ends once after it", async () => {
        const { agent, said, prompt } = await opened();
        await prompt("msg_1", "!bash echo one; sleep 0.5\n!say never said");
        await said.until(() => said.all("part-started").some(({ part }) => part.kind === "tool"));
        expect(await agent.steer("msg_1", "msg_2", "!say steered\n!bash echo two")).toBe("taken");
        expect(said.all("turn-ended")).toEqual([]);
        expect(await said.first("turn-ended")).toMatchObject({ messageId: "msg_1", outcome: "completed", usage: { outputTokens: expect.any(Number) } });
        expect(said.parts("msg_1", "text").map(({ text }) => text?.split("\n")[0])).toContain("steered");
        expect(said.parts("msg_1", "text").map(({ text }) => text)).not.toContain("never said");
        expect(said.parts("msg_1", "tool").map(({ tool }) => tool?.output?.trim().split("\n")[0])).toEqual(["one", "two"]);
        expect(said.all("turn-started").map(({ messageId }) => messageId)).toEqual(["msg_1"]);
        expectWellFormedParts(said);
      });

      rule("AGT27", "a message that comes during the last answer is answered in the same turn", async () => {
        const { agent, said, prompt } = await opened();
        await prompt("msg_1", "!say begun\n!sleep 400\n!say last");
        await said.until(() => said.all("part-started").length > 0);
        expect(await agent.steer("msg_1", "msg_2", "!say one more")).toBe("taken");
        await said.first("turn-ended", "msg_1");
        expect(said.parts("msg_1", "text").at(-1)?.text).toBe("one more");
        expect(said.all("turn-ended")).toHaveLength(1);
      });

      rule("AGT29", "a steered id is known as its turn is and is not given again, also after a crash", async () => {
        const first = await opened();
        await first.prompt("msg_1", "!bash sleep 0.5");
        await first.said.until(() => first.said.all("part-started").some(({ part }) => part.kind === "tool"));
        expect(await first.agent.steer("msg_1", "msg_2", "!say steered")).toBe("taken");
        expect(await first.agent.steer("msg_1", "msg_2", "!say steered")).toBe("taken");
        expect(await first.agent.lookup("msg_2")).toBe("running");
        await first.said.first("turn-ended", "msg_1");
        expect(first.said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["steered"]);
        expect(await first.agent.lookup("msg_2")).toBe("finished");
        await first.prompt("msg_3", "!bash sleep 60");
        await first.said.until(() => first.said.all("part-started", "msg_3").length > 0);
        expect(await first.agent.steer("msg_3", "msg_4", "!say never")).toBe("taken");
        await harness.crash(first.agent);
        const { agent, said, prompt, turn } = await opened();
        expect(await agent.lookup("msg_2")).toBe("finished");
        expect(await agent.lookup("msg_4")).toBe("maybe");
        expect(await agent.steer("msg_1", "msg_2", "!say again")).toBe("taken");
        await expect(prompt("msg_4", "!say again")).rejects.toMatchObject({ code: "already-exists", outcome: "not-applied" });
        await agent.resume("msg_1");
        expect(await said.first("turn-ended", "msg_1")).toMatchObject({ outcome: "completed" });
        expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["steered"]);
        await agent.resume("msg_3");
        expect(await said.first("turn-ended", "msg_3")).toMatchObject({ outcome: "interrupted" });
        await turn("msg_5", "!say on");
        expect(said.parts("msg_5", "text").map(({ text }) => text)).toEqual(["on"]);
      });

      rule("AGT30", "what a stopped turn had taken ends with it", async () => {
        const { agent, said, prompt, turn } = await opened();
        await prompt("msg_1", "!bash sleep 60");
        await said.until(() => said.all("part-started", "msg_1").length > 0);
        expect(await agent.steer("msg_1", "msg_2", "!bash echo never")).toBe("taken");
        const stopped = agent.interrupt("msg_1");
        expect(await agent.steer("msg_1", "msg_3", "!bash echo never")).toBe("refused");
        await stopped;
        expect(await said.first("turn-ended", "msg_1")).toMatchObject({ outcome: "stopped" });
        await turn("msg_4", "!bash echo next");
        expect([said.parts("msg_1", "tool"), said.parts("msg_4", "tool")].map((parts) => parts.map(({ tool }) => tool?.input))).toMatchObject([[{ command: "sleep 60" }], [{ command: "echo next" }]]);
        expect(await agent.lookup("msg_3")).toBe("unknown");
      });
    }

    if (!able("steer")) {
      rule(["AGT35", "AGT28"], "an agent that takes no message into its turn refuses it, and goes on as if nothing had been said", async () => {
        const { agent, said, prompt } = await opened();
        await prompt("msg_1", "!bash echo one; sleep 0.3\n!say two");
        await said.until(() => said.all("part-started").some(({ part }) => part.kind === "tool"));
        expect(await agent.steer("msg_1", "msg_2", "!say steered")).toBe("refused");
        expect(await agent.lookup("msg_2")).toBe("unknown");
        expect(await said.first("turn-ended")).toMatchObject({ outcome: "completed" });
        expect(said.parts("msg_1", "text").map(({ text }) => text?.split("\n")[0])).toEqual(["two"]);
      });
    }

    rule(["AGT28", "agent:steer:turn-over"], "a message for a turn that is over is refused, has no effect, and runs as a prompt", async () => {
      const { agent, said, turn } = await opened();
      expect(await agent.steer("msg_1", "msg_2", "!say early")).toBe("refused");
      await turn("msg_1", "!say one");
      expect(await agent.steer("msg_1", "msg_2", "!say late")).toBe("refused");
      expect(await agent.lookup("msg_2")).toBe("unknown");
      expect(await turn("msg_2", "!say late")).toMatchObject({ outcome: "completed" });
      expect(said.parts("msg_2", "text").map(({ text }) => text)).toEqual(["late"]);
      expect(said.all("turn-ended").map(({ messageId }) => messageId)).toEqual(["msg_1", "msg_2"]);
    });

    rule(["AGT12", "agent:turn:model-key-refused"], "a refused key fails the turn with its code, and the next turn is not hurt", async () => {
      const { said, turn } = await opened();
      const ended = await turn("msg_1", "!fail 401");
      expect(ended).toMatchObject({ outcome: "failed", failure: { code: "model-unauthorized", message: expect.stringMatching(/./) } });
      expect(await turn("msg_2", "!say fine")).toMatchObject({ outcome: "completed" });
      expect(said.all("turn-ended")).toHaveLength(2);
    });

    if (able("tell-retries")) {
      rule(["AGT12", "agent:turn:model-rate-limited"], "a model that stays over its limit fails the turn with the reason", async () => {
        const { turn } = await opened();
        const ended = await turn("msg_1", "!fail 429");
        expect(ended).toMatchObject({ outcome: "failed", failure: { code: "model-rate-limited" } });
      });
    }

    rule(["AGT3"], "a closed agent ends its events, once", async () => {
      const { agent, said, turn } = await opened();
      await turn("msg_1", "!say bye");
      await agent.close();
      await agent.close();
      await said.ended();
      expect(said.all("turn-ended")).toHaveLength(1);
    });

    rule(["agent:prompt:not-open"], "a prompt to an agent that is not open is refused and not applied", async () => {
      const { prompt } = stageOf(await harness.create());
      await expect(prompt("msg_1", "!say hm")).rejects.toMatchObject({ code: "failed-precondition", outcome: "not-applied", retry: "never" });
    });

    for (const fault of AGENT_FAULTS.faults) {
      const inject = harness.inject?.[fault.id];
      const proof = inject && FAULT_PROOFS[fault.id];
      if (!inject || !proof) continue;
      verifiesOn(
        harness,
        fault.id,
        proof.sentence,
        async () => {
          const stage = stageOf(await harness.create());
          const open = () => stage.agent.open(config(), AbortSignal.timeout(60_000));
          await proof.body(stage, open, async () => inject(stage.agent)).finally(() => harness.dispose?.());
        },
        harness.timeoutMs,
      );
    }
  });
}

interface FaultProof {
  readonly sentence: string;
  body(stage: Stage, open: () => Promise<unknown>, arm: () => Promise<void>): Promise<void>;
}

const FAULT_PROOFS: Readonly<Record<string, FaultProof>> = {
  "agent:prompt:not-listening": {
    sentence: "a prompt that nobody listens for is not applied and may be sent again",
    async body({ prompt, turn }, open, arm) {
      await open();
      await arm();
      await expect(prompt("msg_1", "!say hm")).rejects.toMatchObject({ code: "deadline-exceeded", outcome: "not-applied", retry: "same-request" });
      expect(await turn("msg_1", "!say hm")).toMatchObject({ outcome: "completed" });
    },
  },
  "agent:prompt:answer-lost": {
    sentence: "a prompt whose answer is lost is found by its id, and is not submitted again",
    async body({ agent, said, prompt }, open, arm) {
      await open();
      await arm();
      await expect(prompt("msg_1", "!say once")).rejects.toMatchObject({ code: "deadline-exceeded", outcome: "unknown", retry: "never" });
      expect(await agent.lookup("msg_1")).not.toBe("unknown");
      await agent.resume("msg_1");
      await said.first("turn-ended", "msg_1");
      expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["once"]);
    },
  },
  "agent:steer:answer-lost": {
    sentence: "a steer whose answer is lost is found by its id and not given again",
    async body({ agent, said, prompt }, open, arm) {
      await open();
      await prompt("msg_1", "!bash echo one; sleep 0.3");
      await said.until(() => said.all("part-started").length > 0);
      await arm();
      await expect(agent.steer("msg_1", "msg_2", "!say once")).rejects.toMatchObject({ code: "deadline-exceeded", outcome: "unknown", retry: "never" });
      expect(await agent.lookup("msg_2")).toBe("running");
      await said.first("turn-ended", "msg_1");
      expect(said.parts("msg_1", "text").map(({ text }) => text)).toEqual(["once"]);
    },
  },
  "agent:events:stream-cut": {
    sentence: "a cut event stream loses nothing that ends",
    async body({ said, turn }, open, arm) {
      await open();
      await arm();
      expect(await turn("msg_1", "!say one\n!bash echo two\n!say three")).toMatchObject({ outcome: "completed" });
      expect(said.parts("msg_1", "tool")[0]?.tool?.output).toContain("two");
      expectWellFormedParts(said);
    },
  },
  "agent:open:slow-start": {
    sentence: "a slow start is a start",
    async body({ turn }, open, arm) {
      await arm();
      await open();
      expect(await turn("msg_1", "!say here")).toMatchObject({ outcome: "completed" });
    },
  },
  "agent:open:never-healthy": {
    sentence: "[AGT4] an agent that never becomes healthy fails its start in time and can be started again",
    async body({ turn }, open, arm) {
      await arm();
      await expect(open()).rejects.toMatchObject({ code: "deadline-exceeded", outcome: "not-applied", retry: "same-request" });
      await open();
      expect(await turn("msg_1", "!say here")).toMatchObject({ outcome: "completed" });
    },
  },
  "agent:turn:stuck": {
    sentence: "a turn that is stuck ends when it is interrupted",
    async body({ agent, said, prompt }, open, arm) {
      await open();
      await arm();
      await prompt("msg_1", "!say never");
      await agent.interrupt("msg_1");
      expect(await said.first("turn-ended")).toMatchObject({ outcome: "stopped" });
    },
  },
  "agent:turn:agent-died": {
    sentence: "an agent that dies in a turn ends it as interrupted and says so",
    async body({ said, prompt }, open, arm) {
      await open();
      await prompt("msg_1", "!say begun\n!bash sleep 60");
      await said.until(() => said.all("part-started").some(({ part }) => part.kind === "tool"));
      await arm();
      await said.first("agent-failed");
      expect(said.all("turn-ended")).toMatchObject([{ outcome: "interrupted", messageId: "msg_1" }]);
      expect(said.all("part-ended")).toHaveLength(said.all("part-started").length);
    },
  },
};

/** Every part starts once, before its deltas, and ends once with all that was streamed. */
function expectWellFormedParts(said: Recorder): void {
  const streamed = new Map<string, string>();
  const ended = new Set<string>();
  for (const event of said.events) {
    if (event.kind === "delta") {
      expect(event.offset).toBe(streamed.get(event.partId)?.length);
      streamed.set(event.partId, (streamed.get(event.partId) ?? "") + event.text);
    } else if (event.message.type === "part-started") {
      expect(streamed.has(event.message.part.id)).toBe(false);
      streamed.set(event.message.part.id, "");
    } else if (event.message.type === "part-ended") {
      const { id, kind, text, tool } = event.message.part;
      expect(ended.has(id)).toBe(false);
      ended.add(id);
      const whole = kind === "tool" ? (tool?.output ?? "") : (text ?? "");
      expect(whole.startsWith(streamed.get(id) ?? "missing")).toBe(true);
    }
  }
  expect([...ended].toSorted()).toEqual([...streamed.keys()].toSorted());
}
