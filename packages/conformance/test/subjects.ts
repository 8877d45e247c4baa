/** The reference server and client as subjects, set to times in which a test can wait. */
import { startReferenceServer } from "../reference/server.ts";
import { ReferenceClient, type ClientFlaw } from "../reference/client.ts";
import type { Tamper } from "../reference/tamper.ts";
import type { ClientUnderTest } from "../src/client.ts";
import { scriptDriver } from "../src/driver.ts";
import type { ServerUnderTest } from "../src/venue.ts";

const TIMES = { stalledMs: 8_000, ticketMs: 500, keepAliveMs: 200, tickMs: 2 } as const;
const EVENTS_HELD = 120;

export async function serveReference(tamper: Tamper = {}, patienceMs = 20_000, steering = true): Promise<{ readonly server: ServerUnderTest; close(): Promise<void> }> {
  const { url, apiKey, otherKey, restart, close } = await startReferenceServer({ ...TIMES, keep: EVENTS_HELD, steering, tamper });
  const driver = scriptDriver("reference/script", 8);
  return { server: { url, key: apiKey, otherKey, restart, driver, freshSessions: true, patienceMs, eventsHeld: EVENTS_HELD, timings: TIMES }, close };
}

export function referenceClient(flaw?: ClientFlaw, timeScale = 20): ClientUnderTest {
  return {
    name: flaw ?? "the reference client",
    timeScale,
    open: {
      ws: (options) => new ReferenceClient({ ...options, transport: "ws", timeScale, flaw }),
      sse: (options) => new ReferenceClient({ ...options, transport: "sse", timeScale, flaw }),
    },
  };
}
