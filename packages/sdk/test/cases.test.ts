/** The SDK's cases in this Node, against the in-memory server. */
import { afterAll, beforeAll, test } from "vitest";
import { WebSocket } from "ws";
import type { WebSocketConstructor } from "@berth/sdk";
import { sdkCases, type CaseContext } from "./cases.ts";
import { startMemoryServer, type MemoryServer } from "./memory-server/server.ts";
import { TEST_KEY } from "./memory-server/state.ts";

let server: MemoryServer;
let context: CaseContext;

beforeAll(async () => {
  server = await startMemoryServer();
  context = { baseUrl: server.url, apiKey: TEST_KEY, model: "demo/demo", WebSocket: WebSocket as unknown as WebSocketConstructor };
});
afterAll(() => server.close());

for (const { name, run } of sdkCases) test(name, () => run(context));
