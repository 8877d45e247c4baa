import { ROUTE_POLICIES } from "./policies.ts";
import type { App } from "./route.ts";

const SANDBOX = { policy: "sandbox-token", scope: null };

export const createApp = (): App => ({
  routes: [
    { method: "GET", path: "/health", access: ROUTE_POLICIES["GET /health"] },
    { method: "POST", path: "/v1/doors", access: ROUTE_POLICIES["POST /v1/doors"] },
    { method: "PUT", path: "/v1/locks", access: SANDBOX, audit: "all" },
    { method: "PUT", path: "/v1/keys", access: SANDBOX, audit: { exempt: "no need" } },
  ],
});
