/** After the healing: every promise, checked on what was seen. */
import type { InMemoryCatalog } from "../../src/ports/catalog/catalog.fake.ts";
import type { InMemoryRunHistory } from "../../src/ports/run-history/run-history.fake.ts";
import type { Stage } from "./faults.ts";
import type { LogChecks } from "./log-checks.ts";
import { ORG } from "./people.ts";
import type { World } from "./world.ts";

export interface Seen {
  readonly stage: Stage;
  readonly runHistory: InMemoryRunHistory;
  readonly catalog: InMemoryCatalog;
}

/** After an interrupt the turn's end confirms it, or its sandbox is replaced. */
const STOP_MAX_MS = 15_000;

export async function finalChecks(seen: Seen): Promise<void> {
  accepted(seen);
  executions(seen);
  await copies(seen);
  await history(seen);
  stops(seen);
  await kept(seen);
}

/** Where a sandbox is not kept as declared that is said, and it is let go if the organization wants so; no other one is for that reason. */
async function kept({ stage, catalog }: Seen): Promise<void> {
  const { world, log } = stage;
  const { keptOtherwise } = world.records;
  for (const epoch of log.differing) if (!keptOtherwise.has(epoch)) world.violate("SIM12", `the sandbox of epoch ${epoch} is kept as declared and is said not to be`);
  if (foundAtMs(stage) === null) return;
  if (!log.differing.has(log.epoch)) world.violate("SIM12", `the sandbox of epoch ${log.epoch} is not kept as declared and nobody is told`);
  if ((await catalog.policyRule(ORG)).onMismatch === "stop") world.violate("SIM12", `the sandbox of epoch ${log.epoch} is not kept as declared and goes on`);
}

/** When the session's own sandbox last found that it is not kept as declared, if it did. */
export function foundAtMs({ world, log }: Stage): number | null {
  const { keptOtherwise, undeclared } = world.records;
  return log.isRevoked || !log.isReady || undeclared.has(log.epoch) ? null : (keptOtherwise.get(log.epoch) ?? null);
}

function accepted({ stage: { world, people, machines, log } }: Seen): void {
  const { records } = world;
  const byText = new Map([...log.messages.values()].filter(({ from }) => from === null).map((message) => [message.text, message]));
  for (const { messageId, text } of records.accepted) {
    const message = log.messages.get(messageId);
    if (!message) world.violate("SIM2", `accepted message ${messageId} is nowhere`);
    else if (message.text !== text) world.violate("SIM2", `message ${messageId} says ${message.text} and ${text} was sent`);
  }
  for (const [text, state] of people.sent) {
    if (state === "taken" && !byText.has(text)) world.violate("SIM2", `"${text}" was taken and is nowhere`);
    if (state === "refused" && byText.has(text)) world.violate("SIM3", `"${text}" was refused and is there`);
  }
  const texts = [...log.messages.values()].filter(({ from }) => from === null).map(({ text }) => text);
  if (new Set(texts).size !== texts.length) world.violate("SIM3", `a prompt is there twice: ${texts.join(", ")}`);
  for (const messageId of records.cancelled) {
    if (log.messages.get(messageId)?.status !== "cancelled") world.violate("SIM7", `message ${messageId} was taken back and is ${log.messages.get(messageId)?.status}`);
  }
  // The last answer, and room under a cap, make an agent go on.
  const isAnswered = log.events.some(({ type }) => type === "request.answered" || type === "budget.lifted");
  for (const [from, kind] of log.standIns) {
    if (!people.choices.has(kind) && !(kind === "continue" && isAnswered)) world.violate("SIM3", `${from} was done again (${kind}) and nobody asked`);
  }
  const waiting = machines.backends.size === 0 ? [] : log.unsettled();
  for (const { messageId, status } of waiting) world.violate("SIM2", `message ${messageId} is ${status} for ever`);
}

function executions({ stage: { world, log } }: Seen): void {
  const { records } = world;
  for (const [messageId, runs] of records.executions) {
    const message = log.messages.get(messageId);
    if (runs.length > 1) world.violate("SIM3", `message ${messageId} was executed ${runs.length} times`);
    if (!message) world.violate("SIM3", `message ${messageId} was executed and is not in the log`);
    const executed = runs.at(-1)?.outcome;
    if (message?.status === "completed" && executed !== "completed") world.violate("SIM2", `message ${messageId} is completed and its turn ended ${executed}`);
    if (message?.status === "cancelled") world.violate("SIM3", `message ${messageId} was taken back and executed`);
  }
  for (const [messageId, times] of records.steered) {
    if (times > 1 || records.executions.has(messageId)) world.violate("SIM3", `message ${messageId} was given to a running turn ${times} times and executed ${records.executions.get(messageId)?.length ?? 0} times`);
  }
  for (const { messageId, status } of log.messages.values()) {
    if (records.steered.has(messageId)) continue;
    if (status === "completed" && !records.executions.has(messageId)) world.violate("SIM2", `message ${messageId} is completed and was never executed`);
    const isSpoilt = records.struck.length > 0 || records.isLed || records.removed || status === "cancelled" || status === "queued";
    if (!isSpoilt && !records.executions.has(messageId) && status !== "stopped") world.violate("SIM2", `nothing went wrong and ${messageId} was ${status} without being executed`);
  }
  inOrder(world, log);
  for (const event of log.events) {
    if (event.type !== "part.ended") continue;
    const { id, text, tool } = event.data.part;
    const spoken = records.parts.get(id);
    const shown = tool ? tool.output : text;
    if (!spoken || shown === undefined) continue;
    if (!spoken.text.startsWith(shown)) world.violate("SIM11", `part ${id} shows ${JSON.stringify(shown)} and the agent said ${JSON.stringify(spoken.text)}`);
    const outcome = log.messages.get(spoken.messageId)?.status;
    const isWhole = tool ? tool.status === "completed" : outcome === "completed";
    if (isWhole && shown !== spoken.text) world.violate("SIM11", `part ${id} shows ${JSON.stringify(shown)} of ${JSON.stringify(spoken.text)}`);
  }
}

/** Within a sandbox; one that was given up may still do what it was given before. */
function inOrder(world: World, log: LogChecks): void {
  const { records } = world;
  const epochOf = (messageId: string): number => records.executions.get(messageId)?.[0]?.epoch ?? 0;
  for (const epoch of new Set(records.order.map(epochOf))) {
    const executed = records.order.filter((messageId) => epochOf(messageId) === epoch);
    const dispatched = log.dispatched.filter((messageId) => records.executions.has(messageId) && epochOf(messageId) === epoch);
    if (executed.join() !== dispatched.join()) world.violate("SIM7", `dispatched ${dispatched.join(" ")} and executed ${executed.join(" ")}`);
  }
}

/** Every viewer and REST have the log as it was committed. */
async function copies({ stage: { world, object, viewers, log } }: Seen): Promise<void> {
  const { records } = world;
  for (const { watched } of viewers) {
    for (const [seq, text] of watched.events) {
      if (records.log[seq - 1] !== text) world.violate("SIM4", `${watched.name} has another event ${seq}: ${text} for ${records.log[seq - 1]}`);
    }
  }
  if (log.status === "ended") return;
  let after = 0;
  for (;;) {
    const page = await object.call((service) => service.events(after, 40));
    for (const event of page.events) {
      after += 1;
      if (event.seq !== after || JSON.stringify(event) !== records.log[after - 1]) world.violate("SIM4", `REST gives another event ${after}`);
    }
    if (page.events.length === 0) break;
  }
  if (after !== records.log.length) world.violate("SIM4", `REST gives ${after} of ${records.log.length} events`);
}

/** Postgres has every run once, with the events of it. */
async function history({ stage: { world, object, log }, runHistory, catalog }: Seen): Promise<void> {
  for (const [runId, { outcome }] of log.runsEnded) {
    const run = await runHistory.get(ORG, runId).catch(() => null);
    if (!run) {
      world.violate("SIM4", `run ${runId} is not in the history`);
      continue;
    }
    if (run.outcome !== outcome) world.violate("SIM4", `run ${runId} ended ${outcome} and the history says ${run.outcome}`);
    const { events } = await runHistory.events(ORG, runId, { after: 0, limit: 1_000 });
    const copy = events.map((event) => JSON.stringify(event));
    const own = world.records.log.filter((_, index) => log.events[index]?.runId === runId);
    const other = own.find((text, index) => copy[index] !== text) ?? copy[own.length];
    if (other !== undefined) world.violate("SIM4", `run ${runId} has ${own.length} events and the history has ${copy.length}; the first that differs is ${other}`);
  }
  const { sessions } = await catalog.listSessions(ORG, { after: null, limit: 5 });
  const listed = sessions[0];
  if (log.status === "ended") {
    if (listed) world.violate("SIM4", "a removed session is still listed");
  } else if (listed?.status !== log.status) world.violate("SIM4", `the session is ${log.status} and listed as ${listed?.status}`);
  if (log.status !== "ended" && object.disk.outbox.size > 0) world.violate("SIM4", "something is left in the outbox");
}

function stops({ stage: { world, log } }: Seen): void {
  for (const { runId, atMs, slackMs } of world.records.stops) {
    const end = log.runsEnded.get(runId);
    if (!end) world.violate("SIM10", `run ${runId} was stopped and did not end`);
    else if (end.atMs - atMs - (world.records.slackMs - slackMs) > STOP_MAX_MS) world.violate("SIM10", `run ${runId} ended ${end.atMs - atMs} ms after it was stopped`);
  }
}
