/** Sessions: create, list, read, change and delete. */
import { noSuchSession } from "../src/app/http/problem-error.ts";
import { makeSessionId, sessionIdOfKey } from "../src/app/http/session-id.ts";
import { environmentOfNewSession } from "../src/app/session-environment.ts";
import { machineOf } from "../src/app/own-machine.ts";
import { modelUserOf } from "../src/app/providers.ts";
import { authorOf } from "./auth.ts";
import { limitPrompt } from "./errors.ts";
import { json, noContent, pageResponse, positionOf } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";
import { handleOf, openHandle, readableBy, unwrap } from "./session-access.ts";
import { modelsOfNewSession, providersOfModel } from "./session-models.ts";
import { metadataOf, SessionQuery } from "./session-query.ts";
import { withCheckedWorkspace } from "./checked-workspace.ts";

export const sessions = createSubApp();

route(
  sessions,
  {
    method: "post",
    path: "/v1/sessions",
    policy: "principal",
    scope: "sessions:write",
    tag: "Sessions",
    summary: "Create a session",
    description: "Its sandbox starts at once. The answer does not wait for it; `prompt` is the first message.",
    body: SCHEMAS.CreateSession,
    idempotency: "stored",
    success: { status: 201, schema: SCHEMAS.Session },
  },
  async ({ services, principal, body, idempotency, request }) => {
    limitPrompt(body.prompt, "/prompt");
    const { orgId } = principal;
    const models = await modelsOfNewSession(services, modelUserOf(principal), body.model);
    const input = await withCheckedWorkspace(services, principal, body, request.signal);
    const environment = await environmentOfNewSession(services, orgId, input);
    // Under a key the id follows from it, so that a repeat reaches the same object even while the first is under way.
    const sessionId = idempotency === null ? makeSessionId(orgId, services.now(), services.randomBytes(16)) : await sessionIdOfKey(orgId, idempotency.key, services.now());
    const session = unwrap(
      await services.sessions.of(orgId, sessionId).open({
        orgId,
        sessionId,
        input,
        author: authorOf(principal),
        ...(environment && { environment }),
        ...models,
        gitIdentity: (await (await machineOf(services, orgId))?.gitIdentity()) ?? null,
      }),
    );
    return json(session, 201, { location: `/v1/sessions/${sessionId}` });
  },
);

route(
  sessions,
  {
    method: "get",
    path: "/v1/sessions",
    policy: "principal",
    scope: "sessions:read",
    tag: "Sessions",
    summary: "List sessions",
    description: "Newest first. `metadata[key]=value` keeps those that have that pair; several must all match.",
    query: SessionQuery,
    success: { status: 200, schema: pageOf("Session", SCHEMAS.SessionSummary) },
  },
  async ({ services, principal, query, url }) => {
    const metadata = metadataOf(url);
    const page = await services.catalog.listSessions(principal.orgId, {
      ...positionOf("sessions", query),
      ...readableBy(principal),
      ...(metadata === null ? {} : { metadata }),
      ...(query.externalUserId === undefined ? {} : { externalUserId: query.externalUserId }),
    });
    return pageResponse(url, "sessions", page.sessions, page.next);
  },
);

const one = { path: "/v1/sessions/:sessionId", policy: "principal", tag: "Sessions" } as const;

route(
  sessions,
  { ...one, method: "get", scope: "sessions:read", summary: "Read a session", success: { status: 200, schema: SCHEMAS.Session } },
  async ({ services, principal, param }) => json((await handleOf(services, principal, param("sessionId")).read(authorOf(principal))) ?? noSuchSession()),
);

route(
  sessions,
  {
    ...one,
    method: "patch",
    scope: "sessions:write",
    summary: "Change a session's title, model, metadata or visibility",
    description: "A new model is used from the next message on.",
    body: SCHEMAS.UpdateSession,
    success: { status: 200, schema: SCHEMAS.Session },
  },
  async ({ services, principal, param, body }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    const providers = await providersOfModel(services, modelUserOf(principal), body.model);
    return json(unwrap(await handle.update(body, authorOf(principal), providers)));
  },
);

route(
  sessions,
  {
    ...one,
    method: "delete",
    scope: "sessions:write",
    summary: "Delete a session",
    description: "Ends it and destroys its sandbox and its log. Its run history stays. For its owner and for who administers. The list forgets it a moment later.",
    success: { status: 204 },
  },
  async ({ services, principal, param }) => {
    const handle = await openHandle(services, principal, param("sessionId"));
    unwrap(await handle.remove(authorOf(principal)));
    return noContent();
  },
);
