/**
 * Rows of the session's transition table that chance alone seldom takes: where a world is led, how things stand by then,
 * and what happens. A weight says how often in proportion; it is raised for rows that still come too seldom.
 */
import type { Act } from "./goal-acts.ts";

/**
 * `permission`: the running agent has asked a person. `parked`: an agent that was lost had asked. `interrupted`: a person is
 * asked what becomes of a message. `paused`: a turn ended for want of room under a cap. `broken`: failed, while something that was asked waits.
 */
export type Place = "starting" | "idle" | "running" | "permission" | "parked" | "interrupted" | "paused" | "hibernated" | "failed" | "broken" | "ended";

export interface Goal {
  readonly weight: number;
  readonly at: Place;
  readonly act: Act;
  /** What is to follow from an interruption. */
  readonly policy?: "ask" | "fail" | "retry";
  /** Something waits in the queue. */
  readonly queued?: boolean;
  /** The sandbox may not have the provider that was added. */
  readonly unfit?: boolean;
  /** The sandbox cannot be reached, or is gone. */
  readonly sandbox?: "offline" | "gone";
  /** The operator has taken all backends away; `stale`: and brought them back, which the session's store did not take. */
  readonly backends?: "none" | "stale";
}

type With = Omit<Goal, "weight" | "at" | "act">;

function goal(weight: number, at: Place, act: Act, more: With = {}): Goal {
  return { weight, at, act, ...more };
}

/** What a lost sandbox comes to: a person is asked, the message fails, the next one gets a sandbox, or there is none to get. */
function losses(at: "running" | "permission", act: Act, [ask, idle, next, none]: readonly [number, number, number, number]): readonly Goal[] {
  return [
    goal(ask, at, act, { policy: "ask" }),
    goal(idle, at, act, { policy: "fail" }),
    goal(next, at, act, { policy: "fail", queued: true }),
    goal(none, at, act, { policy: "fail", queued: true, backends: act === "die" ? "stale" : "none" }),
  ];
}

/** What a person says where work was cut off, by what is left of its sandbox. */
function words(at: "parked" | "interrupted" | "paused", act: Act, [linked, offline, gone, none]: readonly [number, number, number, number]): readonly Goal[] {
  return [
    goal(linked, at, act, { policy: "ask" }),
    goal(offline, at, act, { policy: "ask", sandbox: "offline" }),
    goal(gone, at, act, { policy: "ask", sandbox: "gone" }),
    goal(none, at, act, { policy: "ask", sandbox: "gone", backends: "none" }),
  ];
}

export const GOALS: readonly Goal[] = [
  goal(1.5, "idle", "remove"),
  goal(1.9, "running", "remove"),
  goal(1.8, "permission", "remove"),
  goal(3.2, "hibernated", "remove"),
  goal(3.4, "failed", "remove"),
  goal(3, "idle", "removeMeanwhile"),
  goal(0.2, "idle", "removeUnanswered"),
  goal(0.2, "failed", "removeTwice"),
  goal(1.5, "ended", "crash"),
  goal(1, "ended", "crashUnstored"),

  goal(0.2, "starting", "crash"),
  goal(7.5, "starting", "chatter"),
  goal(4.5, "starting", "sleep"),
  goal(0.5, "starting", "ringEarly"),
  goal(1.9, "starting", "forgetAlways"),
  goal(1.8, "starting", "dieAlways"),

  goal(4.4, "starting", "keptOtherwise"),
  goal(4.6, "idle", "keptOtherwise"),
  goal(1.1, "running", "keptOtherwise"),
  goal(6.7, "permission", "keptOtherwise"),
  goal(0.4, "running", "measure"),
  goal(0.6, "permission", "measure"),

  ...losses("running", "die", [0.2, 0.3, 0.2, 4.3]),
  ...losses("running", "forget", [3.5, 2.6, 2.5, 3.2]),
  ...losses("running", "silence", [2.8, 2.8, 3.7, 2.7]),
  ...losses("permission", "die", [0.2, 0.5, 1.5, 3.6]),
  ...losses("permission", "forget", [0.3, 2.9, 3.2, 3.4]),
  ...losses("permission", "silence", [0.2, 3.5, 3.6, 3.5]),
  goal(2, "running", "reorder"),
  goal(4.4, "running", "agentFails"),
  goal(1.8, "running", "none", { queued: true, unfit: true }),
  goal(0.2, "running", "ignoreStop"),
  goal(0.2, "running", "ignoreStop", { queued: true, backends: "none" }),
  goal(0.5, "running", "replaced"),
  goal(5.2, "running", "steerAtEnd", { policy: "fail" }),
  goal(8.8, "running", "steerAtEnd", { policy: "fail", unfit: true }),
  goal(3.6, "permission", "agentFails"),
  goal(2.9, "permission", "agentDies", { policy: "fail" }),
  goal(4.5, "permission", "agentDies", { policy: "retry", unfit: true }),
  goal(0.3, "permission", "agentDies", { policy: "fail", queued: true, unfit: true }),

  ...words("parked", "answer", [0.2, 3.3, 0.3, 2.4]),
  ...words("parked", "stop", [0.1, 0.1, 0.1, 2.9]),
  goal(4.5, "parked", "stop", { policy: "ask", queued: true }),
  goal(2.8, "parked", "stop", { policy: "ask", queued: true, sandbox: "gone" }),
  goal(3.2, "parked", "stop", { policy: "ask", queued: true, sandbox: "gone", backends: "none" }),
  ...words("parked", "resume", [0.2, 0.2, 0.3, 3.3]),
  ...words("interrupted", "prompt", [2.9, 3.6, 2.4, 3.4]),
  goal(2.9, "interrupted", "hibernate", { policy: "ask" }),

  ...words("paused", "lift", [0.3, 1, 2, 3.5]),
  goal(4.2, "permission", "reachAndLift"),
  goal(3.3, "running", "noTimeForAWhile"),
  goal(4, "permission", "noTimeForAWhile"),
  goal(3.4, "idle", "noTimeForAWhile"),
  goal(5.2, "starting", "noTimeForAWhile"),

  goal(2.9, "idle", "hibernate", { sandbox: "gone" }),
  goal(0.2, "idle", "prompt", { sandbox: "offline" }),
  goal(0.3, "idle", "prompt", { sandbox: "gone" }),
  goal(1.2, "idle", "prompt", { sandbox: "gone", backends: "none" }),
  goal(0.3, "idle", "prompt", { unfit: true }),
  goal(2, "idle", "resume"),
  goal(3, "idle", "resume", { sandbox: "gone" }),
  goal(3.2, "idle", "resume", { sandbox: "gone", backends: "none" }),
  goal(0.3, "idle", "promptAndDie", { sandbox: "offline" }),
  goal(4.1, "idle", "promptAndDie", { sandbox: "offline", backends: "stale" }),
  goal(3.3, "idle", "promptAndForget", { sandbox: "offline" }),
  goal(3.9, "idle", "promptAndForget", { sandbox: "offline", backends: "none" }),
  goal(3.4, "idle", "promptInSilence", { sandbox: "offline" }),
  goal(2.8, "idle", "promptInSilence", { sandbox: "offline", backends: "none" }),
  goal(0.6, "idle", "agentFails"),
  goal(7.4, "idle", "createFails"),

  goal(3.3, "hibernated", "resume"),
  goal(3.3, "hibernated", "resume", { backends: "none" }),
  goal(1.2, "hibernated", "prompt"),
  goal(2.9, "hibernated", "prompt", { backends: "none" }),
  goal(0.1, "failed", "prompt"),
  goal(3.6, "broken", "answer", { policy: "ask" }),
  goal(3.1, "broken", "answerOne", { policy: "ask" }),
  goal(3.2, "broken", "stop", { policy: "ask" }),
  goal(3.7, "broken", "stop", { policy: "ask", queued: true }),
];
