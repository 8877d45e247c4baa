import { ROUTE_POLICIES } from "./policies.ts";
import type { App } from "./route.ts";

export const createApp = (): App => ({
  routes: [
    { method: "ALL", path: "/*" },
    { method: "ALL", path: "/back-door" },
    { method: "GET", path: "/health", access: { policy: "principal", scope: null } },
    { method: "GET", path: "/side-door" },
    { method: "POST", path: "/v1/windows", access: ROUTE_POLICIES["POST /v1/doors"] },
  ],
});
