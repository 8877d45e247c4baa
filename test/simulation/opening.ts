/** The session is opened, as the first goal needs it or as the draw has it. */
import type { Clockwork } from "./clockwork.ts";
import type { Stage } from "./faults.ts";
import type { Goal } from "./goals.ts";
import { ADA, MODEL, ORG, POLICIES, PROVIDERS } from "./people.ts";

const SESSION = `ses_${"0".repeat(25)}1`;

/** A client asks again when it gets no answer. */
const TRIES_MAX = 8;
/** As many sandboxes as one start can ask for. */
const NEVER_LINKED = 8;

export async function openSession(stage: Stage, goal: Goal | undefined, clockwork: Clockwork): Promise<void> {
  const { world, object, people } = stage;
  const prompt = world.chance(promptShare(goal)) ? people.nextText() : undefined;
  const onInterruption = goal?.policy ?? world.pick(POLICIES);
  people.policy = onInterruption;
  people.choices.add(onInterruption);
  const permissions = world.asks || world.chance(0.4) ? ({ "*": "ask" } as const) : ({ "*": "allow" } as const);
  const demoOnly = goal?.unfit ?? world.chance(0.5);
  armStart(stage, goal);
  const input = { model: MODEL, permissions, onInterruption, ...(prompt === undefined ? {} : { prompt }) };
  for (let tries = 0; tries < TRIES_MAX && world.records.log.length === 0; tries += 1) {
    object
      .call((service) => service.open({ orgId: ORG, sessionId: SESSION, input, author: ADA, providers: PROVIDERS, demoOnly, gitIdentity: null }))
      .catch(() => undefined);
    await clockwork.settle();
  }
  if (prompt !== undefined) {
    people.sent.set(prompt, "taken");
    people.promptsLeft -= 1;
  }
}

/** Who watches comes when there is something to see. */
export function joinViewers({ world, viewers }: Stage): void {
  for (const viewer of viewers) {
    if (world.chance(0.6)) viewer.join();
    viewer.isStalled = world.chance(0.15);
  }
}

function promptShare(goal: Goal | undefined): number {
  if (!goal) return 0.6;
  return goal.at === "idle" || goal.at === "hibernated" ? 0.1 : 0.95;
}

/** What must be so by the time the first sandbox is asked for. */
function armStart({ world, scripts }: Stage, goal: Goal | undefined): void {
  if (goal?.act === "sleep") world.arm("sandbox:create:arrives-late");
  else if (goal?.at === "starting") scripts["agent"]?.arm("agent:open:slow-start");
  if (goal?.act === "keptOtherwise" && goal.at === "starting") world.arm("sandbox:kept-otherwise");
  if (goal?.act === "ringEarly") scripts["sandbox"]?.arm("sandbox:create:never-linked", { times: NEVER_LINKED });
  if (world.chance(0.15)) world.arm("sandbox:create:answered-late", 2);
  if (world.chance(0.2)) world.arm("sandbox:stop:answered-late", 2);
}
