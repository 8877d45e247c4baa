/** The questions to a client, put to one. */
import { within } from "./check.ts";
import { CLIENT_CASES } from "./client-cases/all.ts";
import { ClientStage, type ClientCase } from "./client-case.ts";
import type { ClientUnderTest } from "./client.ts";
import { CLIENT_LACKING } from "./needs.ts";
import { runAll, type Outcome } from "./run.ts";

export interface ClientRun {
  readonly cases?: readonly ClientCase[];
  /** Default 8. */
  readonly atATime?: number;
  /** How long a case waits for something that should come. Default 20 000. */
  readonly patienceMs?: number;
  readonly tell?: (outcome: Outcome) => void;
}

export async function runClientCases(client: ClientUnderTest, { cases = CLIENT_CASES, atATime = 8, patienceMs = 20_000, tell }: ClientRun = {}): Promise<Outcome[]> {
  return await runAll(cases, atATime, async (one) => {
    if (!client.open[one.transport]) return `${client.name} has no such transport`;
    const lacking = client.lacks?.find((need) => one.needs?.includes(need));
    if (lacking) return `${lacking}: ${CLIENT_LACKING[lacking]}`;
    const stage = new ClientStage(client, one.transport, patienceMs);
    try {
      await within(patienceMs * 2 + stage.scaled(120_000), "the case", one.run(stage));
      return undefined;
    } finally {
      await stage.end();
    }
  }, tell);
}
