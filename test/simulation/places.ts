/** Where a session is, and the one thing that leads it somewhere else; the rest happens by itself. */
import type { Stage } from "./faults.ts";
import { agentDies, die, happens, reachBudget } from "./goal-acts.ts";
import type { Goal, Place } from "./goals.ts";
import type { LogChecks } from "./log-checks.ts";

export function isAt({ status, requests, running, waitingFor }: LogChecks, at: Place): boolean {
  switch (at) {
    case "permission":
      return status === "waiting" && running !== null;
    case "parked":
      return status === "waiting" && running === null && requests.size > 0;
    case "interrupted":
      return status === "waiting" && waitingFor === "interrupted";
    case "paused":
      return status === "waiting" && running === null && waitingFor === "budget";
    case "broken":
      return status === "failed" && requests.size > 0;
    default:
      return status === at;
  }
}

/** False where there is nothing to do but to wait. */
export function seek(stage: Stage, goal: Goal): boolean {
  const { people } = stage;
  const { status, running, waitingFor } = stage.log;
  if (status === "ended" || status === "starting") return false;
  if (goal.at === "ended") remove(stage);
  else if (status === "failed") fromFailed(stage);
  else if (status === "hibernated") people.prompt();
  else if (status === "idle") fromIdle(stage, goal.at);
  else if (waitingFor === "interrupted" || (waitingFor === "budget" && running === null)) people.resume();
  else if (running === null) fromParked(stage, goal);
  else return fromTurn(stage, goal);
  return true;
}

/** What is left of it is there for a while. */
function remove({ people, outside, world }: Stage): void {
  outside.outboxDownUntilMs = world.time.now() + 60_000;
  people.remove();
}

function fromFailed(stage: Stage): void {
  backendsReturn(stage);
  stage.people.resume();
}

function fromIdle(stage: Stage, at: Place): void {
  if (at === "hibernated") return stage.people.hibernate();
  if (at === "failed") return void happens("agentFails", stage);
  if (at === "starting") die(stage);
  stage.people.prompt();
}

function fromParked(stage: Stage, { at, queued }: Goal): void {
  const { people, log } = stage;
  if (at === "broken" && queued && log.queue.length === 0) people.queue();
  else if (at === "broken") happens("agentFails", stage);
  else if (at === "interrupted") people.resume();
  else people.answerAll();
}

function fromTurn(stage: Stage, goal: Goal): boolean {
  const { machines, people, log } = stage;
  const { at } = goal;
  if (at === "failed") return happens("agentFails", stage);
  if (at === "starting") return die(stage);
  if (at === "paused") return runOutOfRoom(stage);
  const hasAsked = log.requests.size > 0;
  const isCutOff = at === "interrupted" ? !hasAsked : hasAsked && (at === "parked" || at === "broken");
  if (isCutOff && machines.newest?.isInTurn) cutOff(stage, goal);
  else if (hasAsked && at !== "permission") people.answer();
  else return false;
  return true;
}

/** The session hears of it from the broker first, and from the agent a moment later. */
function runOutOfRoom(stage: Stage): boolean {
  if (!stage.machines.newest?.isInTurn) return false;
  reachBudget(stage);
  stage.world.time.after(500, () => stage.machines.newest?.runsOutOfRoom());
  return true;
}

function cutOff(stage: Stage, { at, sandbox }: Goal): void {
  if (stage.people.policy !== "ask") stage.people.choose("ask");
  else if (at === "interrupted" && sandbox === "gone") die(stage);
  else agentDies(stage);
}

/** The operator takes all away and starts the instance anew. */
export function backendsGo({ outside, object, world, log }: Stage): void {
  for (const name of outside.sandboxes.keys()) outside.backendsTaken.add(name);
  // Who is gone does not say how a sandbox is to be kept.
  world.records.undeclared.add(log.epoch);
  world.say("the operator takes all backends away and starts anew");
  object.crash();
  void object.actor;
}

export function backendsReturn({ outside, object }: Stage): void {
  if (outside.backendsTaken.size === 0) return;
  outside.backendsTaken.clear();
  object.crash();
}
