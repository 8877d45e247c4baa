/** The conformance kit of the stream contract: questions to servers and to clients. docs/conformance.md says how to use it. */
export type { ClientHandle, ClientObserver, ClientOptions, ClientUnderTest } from "./client.ts";
export type { ClientCase } from "./client-case.ts";
export { CLIENT_CASES } from "./client-cases/all.ts";
export { demoDriver, scriptDriver, type Driver, type Step } from "./driver.ts";
export type { Outcome } from "./run.ts";
export { runClientCases, type ClientRun } from "./run-client-cases.ts";
export { runServerCases, type ServerRun } from "./run-server-cases.ts";
export { sdkClient } from "./sdk-client.ts";
export type { ServerCase } from "./server-case.ts";
export { SERVER_CASES } from "./server-cases/all.ts";
export { CLIENT_LACKING, LACKING, MAY_LACK, type ClientNeed, type Lack, type MayLack, type Need } from "./needs.ts";
export { Venue, type ServerUnderTest, type Timings } from "./venue.ts";
