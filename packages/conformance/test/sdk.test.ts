/** The kit on Berth's own SDK. */
import { describe } from "vitest";
import { CLIENT_CASES } from "../src/client-cases/all.ts";
import type { Outcome } from "../src/run.ts";
import { runClientCases } from "../src/run-client-cases.ts";
import { sdkClient } from "../src/sdk-client.ts";
import { testEach } from "./suite.ts";

describe("the SDK", () => {
  let ran: Promise<Outcome[]> | null = null;
  testEach(CLIENT_CASES, () => (ran ??= runClientCases(sdkClient, { atATime: 12 })));
});
