/** The questions to a server, put to one. */
import { within } from "./check.ts";
import { runAll, type Outcome } from "./run.ts";
import { SERVER_CASES } from "./server-cases/all.ts";
import type { ServerCase } from "./server-case.ts";
import { Stage, Venue, type ServerUnderTest } from "./venue.ts";

/** Longer than any rule takes. */
const CASE_MS = 300_000;

export interface ServerRun {
  readonly cases?: readonly ServerCase[];
  /** Default 6. */
  readonly atATime?: number;
  readonly tell?: (outcome: Outcome) => void;
}

export async function runServerCases(server: ServerUnderTest, { cases = SERVER_CASES, atATime = 6, tell }: ServerRun = {}): Promise<Outcome[]> {
  const venue = new Venue(server);
  const put = async (one: ServerCase): Promise<string | void> => {
    const lack = venue.lacking.find(({ need }) => one.needs?.includes(need));
    if (lack) return `${lack.need}: ${lack.reason}`;
    const stage = new Stage(venue);
    try {
      await within(CASE_MS, "the case", one.run(stage));
      return undefined;
    } finally {
      await stage.end();
    }
  };
  // Whoever watches is cut off by a restart, so that comes when all else is done.
  const isLate = ({ needs = [] }: ServerCase): boolean => needs.includes("restart");
  const outcomes = [...(await runAll(cases.filter((one) => !isLate(one)), atATime, put, tell)), ...(await runAll(cases.filter(isLate), atATime, put, tell))];
  return cases.flatMap(({ id }) => outcomes.find((outcome) => outcome.id === id) ?? []);
}
