/** What was used, from the ledger. A sum tells of what is in it, so whoever does not administer gets sums of the sessions they see. */
import { UsageGroup } from "@berth/protocol";
import { z } from "zod";
import { readUsage } from "../src/app/budgets.ts";
import { refuseField } from "../src/app/http/problem-error.ts";
import type { Services } from "../src/app/services.ts";
import { dayOf } from "../src/core/budget/ledger.ts";
import type { Principal } from "../src/ports/identity/identity.port.ts";
import type { UsageQuery } from "../src/ports/ledger/ledger.port.ts";
import { limit, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { readableBy, visibleSessions } from "./session-access.ts";

export const usage = createSubApp();

const LIMIT_DEFAULT = 50;
/** Of so many sessions it is asked whether somebody sees them, for one sum. */
const SESSIONS_MAX = 10_000;
const SESSIONS_ASKED = 1_000;
/** Each day has a row for every session, person and model in it. A leap year fits. */
const DAYS_MAX = 366;
const DAY_MS = 86_400_000;
const day = z.iso.date().optional();

route(
  usage,
  {
    method: "get",
    path: "/v1/usage",
    policy: "principal",
    scope: "runs:read",
    tag: "Budgets",
    summary: "Sum what was used",
    description: "By day in their order, or by session, user or model with the dearest first. Model calls and the time of sandboxes; what is under way is counted when it is over. An owner or admin gets the sums of the whole organization; everybody else those of the sessions they may see. At most 366 days at once.",
    query: z.object({
      by: UsageGroup.optional().describe("`day` when absent"),
      from: day.describe("first day in UTC; the first of the month when absent"),
      to: day.describe("last day, included; today when absent"),
      sessionId: z.string().max(64).optional(),
      userId: z.string().max(100).optional(),
      model: z.string().max(200).optional(),
      limit,
    }),
    success: { status: 200, schema: pageOf("UsageSum", SCHEMAS.UsageSum) },
  },
  async ({ services, principal, query }) => {
    const today = dayOf(services.now());
    const { by = "day", to = today, from = `${to.slice(0, 7)}-01`, sessionId, userId, model } = query;
    if (from > to) refuseField("/from", "The first day is after the last.", "Give `from` a day that is not after `to`.");
    if (Date.parse(to) - Date.parse(from) >= DAYS_MAX * DAY_MS) refuseField("/from", `At most ${DAYS_MAX} days are summed at once.`, "Give `from` a day nearer to `to`, and ask again for what is before it.");
    const sums: UsageQuery = { by, from, to, limit: query.limit ?? LIMIT_DEFAULT, ...(userId === undefined ? {} : { userId }), ...(model === undefined ? {} : { model }) };
    const sessionIds = await seen(services, principal, sums, sessionId);
    return wholeList(await readUsage(services, principal.orgId, { ...sums, ...(sessionIds === null ? {} : { sessionIds }) }));
  },
);

/** The sessions that count for whoever asks; null where all of the organization do. @throws ProblemError for too many to look at */
async function seen(services: Services, principal: Principal, query: UsageQuery, only: string | undefined): Promise<readonly string[] | null> {
  if (only !== undefined) return [...(await visibleSessions(services, principal, [only]))];
  if (readableBy(principal).readableBy === undefined) return null;
  const used = (await readUsage(services, principal.orgId, { ...query, by: "session", limit: SESSIONS_MAX + 1 })).flatMap(({ key }) => key ?? []);
  if (used.length > SESSIONS_MAX) refuseField("/from", `More than ${SESSIONS_MAX} sessions were at work in these days.`, "Ask for fewer days.");
  const visible: string[] = [];
  for (let from = 0; from < used.length; from += SESSIONS_ASKED) visible.push(...(await visibleSessions(services, principal, used.slice(from, from + SESSIONS_ASKED))));
  return visible;
}
