import { ROUTE_POLICIES } from "./policies.ts";
import type { App } from "./route.ts";
import { listRoutes } from "./route.ts";

export const mounted = (app: App) => listRoutes(app).length;

export const createApp = (): App => ({
  routes: [
    { method: "ALL", path: "/*" },
    { method: "GET", path: "/health", access: ROUTE_POLICIES["GET /health"] },
    { method: "POST", path: "/v1/doors", access: { scope: "doors:write", policy: "principal" }, audit: "all" },
  ],
});
