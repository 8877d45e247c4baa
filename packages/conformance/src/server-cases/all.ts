/** Every question to a server. */
import type { ServerCase } from "../server-case.ts";
import { accessCases } from "./access.ts";
import { ackCases } from "./acks.ts";
import { actionCases } from "./actions.ts";
import { cardCases } from "./cards.ts";
import { deltaCases } from "./deltas.ts";
import { errorCases } from "./errors.ts";
import { logCases } from "./log.ts";
import { organizationCases } from "./organizations.ts";
import { outputCases } from "./outputs.ts";
import { pageCases } from "./pages.ts";
import { queueCases } from "./queue.ts";
import { replayCases } from "./replay.ts";
import { resetCases } from "./resets.ts";
import { restartCases } from "./restarts.ts";
import { steeringCases } from "./steering.ts";
import { sseCases } from "./sse.ts";

export const SERVER_CASES: readonly ServerCase[] = [...logCases, ...pageCases, ...replayCases, ...deltaCases, ...resetCases, ...ackCases, ...actionCases, ...queueCases, ...steeringCases, ...outputCases, ...cardCases, ...accessCases, ...organizationCases, ...sseCases, ...errorCases, ...restartCases];
