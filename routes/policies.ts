/**
 * Every route and who may use it. The gate compares this table with what is really mounted, in both directions, so that
 * opening something to more people shows in one small diff.
 */
import type { Access } from "../src/app/http/policy.ts";

const OPEN: Access = { policy: "public", scope: null };
const SANDBOX: Access = { policy: "sandbox-token", scope: null };
const READ_SESSIONS: Access = { policy: "principal", scope: "sessions:read" };
const WRITE_SESSIONS: Access = { policy: "principal", scope: "sessions:write" };
const READ_RUNS: Access = { policy: "principal", scope: "runs:read" };
const READ_PROVIDERS: Access = { policy: "principal", scope: "providers:read" };
const ADMIN_PROVIDERS: Access = { policy: "principal:admin", scope: "providers:write" };

export const ROUTE_POLICIES: Readonly<Record<`${"GET" | "POST" | "PUT" | "PATCH" | "DELETE"} /${string}`, Access>> = {
  "GET /health": OPEN,
  "GET /openapi.json": OPEN,
  "GET /docs": OPEN,
  "GET /docs/page.css": OPEN,
  "GET /sign-in": OPEN,
  "POST /sign-out": OPEN,
  "POST /internal/bootstrap": { policy: "operator", scope: null },

  "GET /v1/me": { policy: "principal", scope: "account:read" },
  "POST /v1/api-keys": { policy: "principal:admin", scope: "api-keys:write" },
  "GET /v1/api-keys": { policy: "principal:admin", scope: "api-keys:read" },
  "DELETE /v1/api-keys/:keyId": { policy: "principal:admin", scope: "api-keys:write" },

  "POST /v1/sessions": WRITE_SESSIONS,
  "GET /v1/sessions": READ_SESSIONS,
  "GET /v1/sessions/:sessionId": READ_SESSIONS,
  "PATCH /v1/sessions/:sessionId": WRITE_SESSIONS,
  "DELETE /v1/sessions/:sessionId": WRITE_SESSIONS,
  "POST /v1/sessions/:sessionId/messages": WRITE_SESSIONS,
  "GET /v1/sessions/:sessionId/messages": READ_SESSIONS,
  "DELETE /v1/sessions/:sessionId/messages/:messageId": WRITE_SESSIONS,
  "PATCH /v1/sessions/:sessionId/messages/:messageId": WRITE_SESSIONS,
  "POST /v1/sessions/:sessionId/stop": WRITE_SESSIONS,
  "POST /v1/sessions/:sessionId/resume": WRITE_SESSIONS,
  "POST /v1/sessions/:sessionId/hibernate": WRITE_SESSIONS,
  "POST /v1/sessions/:sessionId/answer": WRITE_SESSIONS,
  "POST /v1/sessions/:sessionId/apply": WRITE_SESSIONS,
  "POST /v1/sessions/:sessionId/stream-ticket": READ_SESSIONS,
  "GET /v1/sessions/:sessionId/events": READ_SESSIONS,
  "GET /v1/sessions/:sessionId/outputs/:name": READ_SESSIONS,
  "GET /v1/sessions/:sessionId/stream": { policy: "ticket-or-principal", scope: "sessions:read" },

  "GET /v1/runs": READ_RUNS,
  "GET /v1/runs/:runId": READ_RUNS,
  "GET /v1/runs/:runId/events": READ_RUNS,

  "GET /v1/models": READ_PROVIDERS,
  "GET /v1/keys": READ_PROVIDERS,
  "POST /v1/keys": ADMIN_PROVIDERS,
  "DELETE /v1/keys/:providerKeyId": ADMIN_PROVIDERS,

  "GET /v1/machine/discoveries": { policy: "principal:admin", scope: "machine:read" },
  "POST /v1/machine/discoveries/:discoveryId/import": ADMIN_PROVIDERS,
  "POST /v1/machine/folders/inspect": { policy: "principal", scope: "machine:read" },

  "GET /v1/sandbox/link": SANDBOX,
  "GET /v1/sandbox/checkpoint-blobs": SANDBOX,
  "GET /v1/sandbox/checkpoint-blobs/:name": SANDBOX,
  "PUT /v1/sandbox/checkpoint-blobs/:name": SANDBOX,
  "DELETE /v1/sandbox/checkpoint-blobs/:name": SANDBOX,
  "GET /v1/broker/model/:provider/*": SANDBOX,
  "POST /v1/broker/model/:provider/*": SANDBOX,
};
