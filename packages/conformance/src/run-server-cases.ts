/** The questions to a server, put to one. */
import { within } from "./check.ts";
import { runAll, type Outcome } from "./run.ts";
import { SERVER_CASES } from "./server-cases/all.ts";
import type { ServerCase } from "./server-case.ts";
import { Stage, Venue, type Need, type ServerUnderTest } from "./venue.ts";

const LACKING: Readonly<Record<Need, string>> = {
  archive: "it is not known after how few events this server archives older ones (eventsHeld)",
  "api-keys": "keys are not made and revoked at /v1/api-keys here (apiKeys)",
};

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
  return await runAll(cases, atATime, async (one) => {
    const lacking = one.needs?.find((need) => !venue.meets(need));
    if (lacking) return LACKING[lacking];
    const stage = new Stage(venue);
    try {
      await within(CASE_MS, "the case", one.run(stage));
      return undefined;
    } finally {
      await stage.end();
    }
  }, tell);
}
