/**
 * Rows of the session's transition table that chance alone seldom takes: where a world is led, how things stand by then,
 * and what happens. A weight says how often in proportion; it is raised for rows that still come too seldom.
 */
import type { Act } from "./goal-acts.ts";

/**
 * `permission`: the running agent has asked a person. `parked`: an agent that was lost had asked. `interrupted`: a person is
 * asked what becomes of a message. `broken`: failed, while something that was asked waits.
 */
export type Place = "starting" | "idle" | "running" | "permission" | "parked" | "interrupted" | "hibernated" | "failed" | "broken" | "ended";

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
function words(at: "parked" | "interrupted", act: Act, [linked, offline, gone, none]: readonly [number, number, number, number]): readonly Goal[] {
  return [
    goal(linked, at, act, { policy: "ask" }),
    goal(offline, at, act, { policy: "ask", sandbox: "offline" }),
    goal(gone, at, act, { policy: "ask", sandbox: "gone" }),
    goal(none, at, act, { policy: "ask", sandbox: "gone", backends: "none" }),
  ];
}

export const GOALS: readonly Goal[] = [
  goal(1.5, "idle", "remove"),
  goal(1.2, "running", "remove"),
  goal(2, "permission", "remove"),
  goal(3, "hibernated", "remove"),
  goal(1.5, "failed", "remove"),
  goal(4, "idle", "removeMeanwhile"),
  goal(1, "idle", "removeUnanswered"),
  goal(1.5, "failed", "removeTwice"),
  goal(1, "ended", "crash"),
  goal(1.5, "ended", "crashUnstored"),

  goal(1, "starting", "crash"),
  goal(1, "starting", "chatter"),
  goal(3.4, "starting", "sleep"),
  goal(3, "starting", "ringEarly"),
  goal(1.8, "starting", "forgetAlways"),
  goal(1.6, "starting", "dieAlways"),

  ...losses("running", "die", [1, 2, 1.6, 3.1]),
  ...losses("running", "forget", [2.4, 2.5, 2.1, 2.4]),
  ...losses("running", "silence", [2.6, 2.7, 1, 1.6]),
  ...losses("permission", "die", [1, 3, 2.4, 3.3]),
  ...losses("permission", "forget", [2, 2.8, 2.6, 3.2]),
  ...losses("permission", "silence", [1, 2.8, 2.6, 3.3]),
  goal(3, "running", "reorder"),
  goal(2, "running", "agentFails"),
  goal(2.4, "running", "none", { queued: true, unfit: true }),
  goal(1, "running", "ignoreStop"),
  goal(1.5, "running", "ignoreStop", { queued: true, backends: "none" }),
  goal(2.4, "running", "replaced"),
  goal(2.8, "running", "steerAtEnd", { policy: "fail" }),
  goal(5.8, "running", "steerAtEnd", { policy: "fail", unfit: true }),
  goal(2, "permission", "agentFails"),
  goal(2.8, "permission", "agentDies", { policy: "fail" }),
  goal(2, "permission", "agentDies", { policy: "retry", unfit: true }),
  goal(2, "permission", "agentDies", { policy: "fail", queued: true, unfit: true }),

  ...words("parked", "answer", [1.5, 2, 2, 2.7]),
  ...words("parked", "stop", [0.8, 0.8, 0.8, 0.8]),
  goal(3.2, "parked", "stop", { policy: "ask", queued: true }),
  goal(2.7, "parked", "stop", { policy: "ask", queued: true, sandbox: "gone" }),
  goal(2.9, "parked", "stop", { policy: "ask", queued: true, sandbox: "gone", backends: "none" }),
  ...words("parked", "resume", [1, 1, 2, 3.2]),
  ...words("interrupted", "prompt", [2.8, 2.6, 2, 2.7]),
  goal(2, "interrupted", "hibernate", { policy: "ask" }),

  goal(2, "idle", "hibernate", { sandbox: "gone" }),
  goal(1.4, "idle", "prompt", { sandbox: "offline" }),
  goal(2, "idle", "prompt", { sandbox: "gone" }),
  goal(1.5, "idle", "prompt", { sandbox: "gone", backends: "none" }),
  goal(2, "idle", "prompt", { unfit: true }),
  goal(1.4, "idle", "resume"),
  goal(2.4, "idle", "resume", { sandbox: "gone" }),
  goal(3, "idle", "resume", { sandbox: "gone", backends: "none" }),
  goal(2, "idle", "promptAndDie", { sandbox: "offline" }),
  goal(3.5, "idle", "promptAndDie", { sandbox: "offline", backends: "stale" }),
  goal(3.1, "idle", "promptAndForget", { sandbox: "offline" }),
  goal(3.2, "idle", "promptAndForget", { sandbox: "offline", backends: "none" }),
  goal(2.8, "idle", "promptInSilence", { sandbox: "offline" }),
  goal(2.5, "idle", "promptInSilence", { sandbox: "offline", backends: "none" }),
  goal(1.5, "idle", "agentFails"),
  goal(3.8, "idle", "createFails"),

  goal(2.8, "hibernated", "resume"),
  goal(3, "hibernated", "resume", { backends: "none" }),
  goal(2, "hibernated", "prompt"),
  goal(2.8, "hibernated", "prompt", { backends: "none" }),
  goal(0.8, "failed", "prompt"),
  goal(2.7, "broken", "answer", { policy: "ask" }),
  goal(2.5, "broken", "answerOne", { policy: "ask" }),
  goal(3.2, "broken", "stop", { policy: "ask" }),
  goal(3, "broken", "stop", { policy: "ask", queued: true }),
];
