export const ROUTE_POLICIES = { "GET /health": { policy: "public", scope: null }, "POST /v1/doors": { policy: "principal", scope: "doors:write" } };
