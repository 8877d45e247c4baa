/** The kit on the program on fakes: what needs no paced text, and what is asked about archived events, of which a running instance holds ten thousand. */
import { describe } from "vitest";
import { runServerCases } from "../src/run-server-cases.ts";
import type { Outcome } from "../src/run.ts";
import { SERVER_CASES } from "../src/server-cases/all.ts";
import { serveMemory } from "./memory.ts";
import { testEach } from "./suite.ts";

const NEEDS_PACE = ["log.whole-text", "log.stopped-part", "page.no-deltas", "sse.delta-no-id", "sse.cut", "sse.keep-alive"];
const CASES = SERVER_CASES.filter(({ id, needs = [] }) => !needs.includes("permissions") && /^(log|page|replay|live|reset|archive|access|error|repeat|sse|action|answer|ping|key|queue|cancel|other|steer|output|card|restart)\./.test(id) && !NEEDS_PACE.includes(id));

describe("the program on fakes", () => {
  let ran: Promise<Outcome[]> | null = null;
  const run = async (): Promise<Outcome[]> => {
    const { server, close } = await serveMemory();
    return await runServerCases(server, { cases: CASES, atATime: 6 }).finally(close);
  };
  testEach(CASES, () => (ran ??= run()));
});
