/** Who changed what, and what was refused to whom; not what a session's own log says of its messages. */
import { z } from "zod";
import { PageQuery, pageResponse, positionOf } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const audit = createSubApp();

route(
  audit,
  {
    method: "get",
    path: "/v1/audit",
    policy: "principal:admin",
    scope: "admin",
    tag: "Account",
    summary: "List what was done",
    description: "Newest first: what was changed, sign-ins included, and what was refused to somebody who is known, of one caller the first 120 in a minute. `OPERATOR_ORIGINS` is a change of the addresses inside the network that the operator lets calls reach. Kept for 400 days. Bodies are not kept. Messages are in their session's log and in the runs; a session's list here has those that were refused.",
    query: PageQuery.extend({ actorId: z.string().max(64).optional().describe("of a person, key or service account") }),
    success: { status: 200, schema: pageOf("AuditEntry", SCHEMAS.AuditEntry) },
  },
  async ({ services, principal, query, url }) => {
    await services.originsNotice?.tell(principal.orgId);
    const filter = query.actorId === undefined ? {} : { actorId: query.actorId };
    const page = await services.catalog.listAudit(principal.orgId, { ...filter, ...positionOf("audit", query) });
    return pageResponse(url, "audit", page.entries, page.next);
  },
);
