/** Usage that is counted after its run ended. */
import { NO_USAGE, type Run, type Usage } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect } from "vitest";
import { ENDED_RUNS_MAX, LATE_USAGE_MS } from "../run/ended-run.ts";
import { Driver } from "./testing.ts";

const USAGE: Usage = { inputTokens: 10, outputTokens: 4, reasoningTokens: 3, cacheReadTokens: 2, cacheWriteTokens: 1 };
const TWICE: Usage = { inputTokens: 20, outputTokens: 8, reasoningTokens: 6, cacheReadTokens: 4, cacheWriteTokens: 2 };

interface Reported {
  readonly run: Run;
  readonly revision?: number;
}

function reported(session: Driver): Reported[] {
  return session.outbox.flatMap(({ target, payload }) => (target === "run-history" ? [JSON.parse(payload) as Reported] : []));
}

function usage(session: Driver, runId: string | null, costMicros: number | null = 5): void {
  session.take("usage-reported", { runId, usage: USAGE, costMicros });
}

function ranOnce(): Driver {
  const session = new Driver();
  session.ready();
  session.run(1);
  return session;
}

verifies(["SES60", "SES23"], "a call that is counted after the end is added to what was counted before it", () => {
  const session = ranOnce();
  usage(session, "run_1");
  session.end(1);
  const events = session.events.length;
  usage(session, "run_1");
  expect(reported(session)).toMatchObject([
    { run: { id: "run_1", usage: USAGE, costMicros: 5 } },
    { run: { id: "run_1", usage: TWICE, costMicros: 10, outcome: "completed" }, revision: 1 },
  ]);
  expect(session.events.length).toBe(events);
  expect(new Set(session.outbox.map(({ id }) => id)).size).toBe(session.outbox.length);
});

verifies(["SES60", "SES23"], "where nothing was counted before, the broker's word takes the place of the agent's", () => {
  const session = ranOnce();
  session.up({ type: "turn-ended", messageId: "msg_1", outcome: "completed", usage: { ...NO_USAGE, inputTokens: 999 } });
  usage(session, "run_1", null);
  usage(session, "run_1");
  expect(reported(session).map(({ run, revision = 0 }) => [run.usage.inputTokens, run.costMicros, revision])).toEqual([
    [999, null, 0],
    [10, null, 1],
    [20, null, 2],
  ]);
});

verifies("SES60", "late usage goes to its own run while the next one is active", () => {
  const session = ranOnce();
  session.send(2);
  session.end(1);
  usage(session, "run_1");
  usage(session, "run_2");
  expect(session.state.run).toMatchObject({ runId: "run_2", metered: { usage: USAGE, costMicros: 5 } });
  expect(reported(session).at(-1)).toMatchObject({ run: { id: "run_1", usage: USAGE }, revision: 1 });
});

verifies("SES60", "usage of no run, of an unknown one, and of one that ended long ago changes nothing", () => {
  const session = ranOnce();
  session.end(1);
  usage(session, null);
  usage(session, "run_9");
  session.wait(LATE_USAGE_MS + 1);
  const { state } = session;
  usage(session, "run_1");
  expect(reported(session)).toHaveLength(1);
  expect(session.state).toBe(state);
});

verifies("SES60", "of many runs in a row only the last few are known", () => {
  const session = ranOnce();
  session.end(1);
  for (let number = 2; number <= ENDED_RUNS_MAX + 2; number += 1) {
    session.run(number);
    session.end(number);
  }
  expect(session.state.endedRuns).toHaveLength(ENDED_RUNS_MAX);
  usage(session, "run_2");
  expect(reported(session)).toHaveLength(ENDED_RUNS_MAX + 2);
  usage(session, "run_3");
  expect(reported(session)).toHaveLength(ENDED_RUNS_MAX + 3);
});
