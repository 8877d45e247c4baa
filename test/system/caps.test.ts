/** Fifty sessions at a cap: what is billed, who pauses, and that nothing is done twice when there is room again. */
import type { Budget, Run, Session, UsageSum } from "@berth/protocol";
import { expect, test } from "vitest";
import { MemoryApi } from "../disruption/support/memory-api.ts";
import { CallingAgent, type CallingMemory } from "./support/calling-agent.ts";

const SESSIONS = 50;
const STEPS = 4;
const MINUTES = 60_000;
/** One output token is two cents: the gateway's answers have one, and a call asks for three at most. */
const CENTS = 20_000;
const MODEL = { provider: "acme", kind: "openai-compatible", baseUrl: "https://models.example.com/v1", key: "sk-example-key", models: ["memory"], details: { memory: { price: { input: 0, output: CENTS } } } };

interface Crowd {
  readonly api: MemoryApi;
  readonly ids: readonly string[];
  /** `session step`, in the order in which the provider saw them. */
  seen(): readonly string[];
  states(): readonly string[];
  done(): number;
}

async function crowd(): Promise<Crowd> {
  const memories = new Map<string, CallingMemory>();
  const api: MemoryApi = await MemoryApi.start({
    agentOf: ({ sessionId, link }) => {
      const memory = memories.get(sessionId) ?? { stepsDone: 0, prompts: new Map() };
      memories.set(sessionId, memory);
      const call = async (step: number, signal: AbortSignal): Promise<Response> => {
        const body = JSON.stringify({ model: "memory", max_tokens: 3, messages: [{ role: "user", content: `${sessionId} ${step}` }] });
        const headers = { authorization: `Bearer ${link.token}`, "content-type": "application/json" };
        return api.fetch(new Request("http://berth.memory/v1/broker/model/acme/chat/completions", { method: "POST", headers, body, signal }));
      };
      return new CallingAgent({ memory, steps: STEPS, call, pause: () => new Promise((resolve) => void api.berth.time.after(20_000, () => resolve())) });
    },
  });
  await api.json("POST /v1/keys", { body: MODEL });
  const sessions: Session[] = [];
  for (let i = 0; i < SESSIONS; i += 1) sessions.push(await api.json<Session>("POST /v1/sessions", { body: { model: "acme/memory" } }));
  return {
    api,
    ids: sessions.map(({ id }) => id),
    seen: () => api.instance.modelGateway.calls.map(({ body }) => /ses_\w+ \d+/.exec(new TextDecoder().decode(body ?? new Uint8Array()))?.[0] ?? "?"),
    states: () => sessions.map(({ id }) => {
      const { status, waitingFor } = api.berth.session(id, api.owner.orgId).actor.state ?? { status: "none", waitingFor: null };
      return waitingFor === null ? status : `${status} for ${waitingFor}`;
    }),
    done: () => [...memories.values()].filter(({ stepsDone }) => stepsDone === STEPS).length,
  };
}

async function promptAll({ api, ids }: Crowd): Promise<void> {
  await Promise.all(ids.map((id) => api.json(`POST /v1/sessions/${id}/messages`, { body: { text: "Do all steps." } })));
}

const all = (state: string): string[] => Array.from({ length: SESSIONS }, () => state);
const orgBudget = async (api: MemoryApi): Promise<Budget | undefined> => (await api.json<{ data: Budget[] }>("GET /v1/budgets")).data[0];

test("under a cap of one dollar fifty sessions at two cents a call bill no more than it, all pause, and a raised cap lets all finish with no call made twice", async () => {
  const people = await crowd();
  const { api } = people;
  await api.json("PUT /v1/budgets", { body: { scope: "org", unit: "cost", limit: 1_000_000 } });
  await promptAll(people);
  await api.berth.until(() => people.states().every((state) => state === "waiting for budget"), 10 * MINUTES);
  await api.pass(3 * MINUTES);

  expect(people.states()).toEqual(all("waiting for budget"));
  const atCap = await orgBudget(api);
  expect(atCap?.spent).toBeLessThanOrEqual(1_020_000);
  expect(atCap?.spent).toBeGreaterThan(900_000);
  expect(atCap?.reserved).toBe(0);
  expect(people.seen().length * CENTS).toBe(atCap?.spent);
  const waiting = await api.json<Session>(`GET /v1/sessions/${people.ids[0]}`);
  expect(waiting).toMatchObject({ status: "waiting", waitingFor: "budget", budget: { budget: "org.cost", unit: "cost", limit: 1_000_000, needed: 3 * CENTS } });

  await api.json("PUT /v1/budgets", { body: { scope: "org", unit: "cost", limit: 10_000_000 } });
  await api.berth.until(() => people.done() === SESSIONS && people.states().every((state) => state === "idle"), 20 * MINUTES);
  const calls = people.seen();
  expect(calls.length).toBe(SESSIONS * STEPS);
  expect(new Set(calls).size).toBe(calls.length);
  expect((await orgBudget(api))?.spent).toBe(SESSIONS * STEPS * CENTS);
  const [sum] = (await api.json<{ data: UsageSum[] }>("GET /v1/usage?by=model")).data;
  expect(sum).toMatchObject({ key: "acme/memory", costMicros: SESSIONS * STEPS * CENTS, calls: SESSIONS * STEPS, unpricedCalls: 0 });
  const runs = (await api.json<{ data: Run[] }>("GET /v1/runs?limit=200")).data;
  expect(runs.reduce((total, { costMicros }) => total + (costMicros ?? 0), 0)).toBe(SESSIONS * STEPS * CENTS);
}, 120_000);

test("the same with the time of sandboxes: all pause with the time given back, and a raised cap lets all finish with no call made twice", async () => {
  const people = await crowd();
  const { api } = people;
  await api.berth.until(() => people.states().every((state) => state === "idle"), MINUTES);
  // Every sandbox has its first two minutes; there is no room for the next two of all, and a turn takes longer than that.
  await api.json("PUT /v1/budgets", { body: { scope: "org", unit: "compute", limit: SESSIONS * 120 + 10 * 120 } });
  await api.pass(60_000);
  await promptAll(people);
  await api.berth.until(() => people.states().filter((state) => state === "waiting for budget").length >= SESSIONS - 10, 10 * MINUTES);
  await api.pass(4 * MINUTES);
  const atCap = await orgBudget(api);
  expect(people.states().every((state) => state === "waiting for budget" || state === "idle" || state === "hibernated")).toBe(true);
  expect(people.done()).toBeLessThan(SESSIONS);
  // A turn is not cut: what its sandbox took until its next model call is told as it was.
  expect(atCap?.spent).toBeLessThanOrEqual(1.02 * (atCap?.limit ?? 0));
  expect(atCap?.reserved).toBe(0);
  const leases = people.ids.map((id) => api.berth.session(id, api.owner.orgId).actor.state?.lease?.phase);
  expect(leases.filter((phase) => phase === "stopped").length).toBe(SESSIONS);

  await api.json("PUT /v1/budgets", { body: { scope: "org", unit: "compute", limit: 10_000_000 } });
  await api.berth.until(() => people.done() === SESSIONS, 20 * MINUTES);
  const calls = people.seen();
  expect(calls.length).toBe(SESSIONS * STEPS);
  expect(new Set(calls).size).toBe(calls.length);
}, 120_000);

test("a stop for the whole organization pauses every session before its next call, and lifted it lets all go on", async () => {
  const people = await crowd();
  const { api } = people;
  await promptAll(people);
  await api.berth.until(() => people.seen().length >= SESSIONS, 5 * MINUTES);
  await api.ask("POST /v1/budgets/stop");
  await api.pass(2_000);
  expect(people.states()).toEqual(all("waiting for budget"));
  const before = people.seen().length;
  await api.pass(5 * MINUTES);
  expect(people.seen().length).toBe(before);
  expect(await api.json<Session>(`GET /v1/sessions/${people.ids[0]}`)).toMatchObject({ budget: { budget: "org.stop", unit: "stop" } });
  await api.ask("POST /v1/budgets/resume");
  await api.berth.until(() => people.done() === SESSIONS, 20 * MINUTES);
  expect(new Set(people.seen()).size).toBe(SESSIONS * STEPS);
  expect(people.seen().length).toBe(SESSIONS * STEPS);
}, 120_000);
