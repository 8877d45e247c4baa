/** The durable history of runs. It outlives sessions. */
import { z } from "zod";
import { isPortError } from "../src/core/kernel/port-error.ts";
import { refuse } from "../src/app/http/problem-error.ts";
import { parseSeq } from "../src/app/http/cursor.ts";
import { json, PageQuery, pageResponse, positionOf } from "./paging.ts";
import type { Run } from "@berth/protocol";
import type { Services } from "../src/app/services.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { visibleSessions } from "./session-access.ts";

export const runs = createSubApp();

const common = { method: "get", policy: "principal", scope: "runs:read", tag: "Runs" } as const;

route(
  runs,
  {
    ...common,
    path: "/v1/runs",
    summary: "List runs",
    description: "Newest first. A run is one execution of one message. Those of sessions you may not see are left out, so a page may hold fewer than asked for.",
    query: PageQuery.extend({ sessionId: z.string().max(64).optional() }),
    success: { status: 200, schema: pageOf("Run", SCHEMAS.Run) },
  },
  async ({ services, principal, query, url }) => {
    const filter = query.sessionId === undefined ? {} : { sessionId: query.sessionId };
    const page = await services.runHistory.list(principal.orgId, { ...filter, ...positionOf("runs", query) });
    return pageResponse(url, "runs", await readable(services, principal, page.runs), page.next);
  },
);

route(
  runs,
  { ...common, path: "/v1/runs/:runId", summary: "Read a run", success: { status: 200, schema: SCHEMAS.Run } },
  async ({ services, principal, param }) => json(await readableRun(services, principal, param("runId"))),
);

route(
  runs,
  {
    ...common,
    path: "/v1/runs/:runId/events",
    summary: "List a run's events",
    description: "Oldest first, as the session committed them.",
    query: PageQuery,
    success: { status: 200, schema: pageOf("RunEvent", SCHEMAS.SessionEvent) },
  },
  async ({ services, principal, param, query, url }) => {
    const { after, limit } = positionOf("run-events", query);
    const position = { after: parseSeq(after ?? "0"), limit };
    await readableRun(services, principal, param("runId"));
    const page = await services.runHistory.events(principal.orgId, param("runId"), position).catch(oneWording);
    return pageResponse(url, "run-events", page.events, page.next === null ? null : String(page.next));
  },
);

/** Of a private session only those see runs who see the session. */
async function readable(services: Services, principal: Principal, runs: readonly Run[]): Promise<readonly Run[]> {
  const visible = await visibleSessions(services, principal, runs.map(({ sessionId }) => sessionId));
  return runs.filter(({ sessionId }) => visible.has(sessionId));
}

async function readableRun(services: Services, principal: Principal, runId: string): Promise<Run> {
  const run = await services.runHistory.get(principal.orgId, runId).catch(oneWording);
  const [seen] = await readable(services, principal, [run]);
  return seen ?? noSuchRun();
}

function noSuchRun(): never {
  return refuse("not-found", "There is no such run in this organization.");
}

/** The same answer for a run that never was and for another organization's. */
function oneWording(error: unknown): never {
  if (isPortError(error) && error.code === "not-found") return noSuchRun();
  throw error;
}
