/** Caps on what the organization, its users and its sessions may use, and the one stop for all. */
import { goOnSpending, liftBudget, listBudgets, readStop, setBudget, stopSpending } from "../src/app/budgets.ts";
import { json, noContent, wholeList } from "./paging.ts";
import { createSubApp, route } from "./route.ts";
import { pageOf, SCHEMAS } from "./schemas.ts";

export const budgets = createSubApp();

const common = { policy: "principal:admin", scope: "admin", tag: "Budgets" } as const;

route(
  budgets,
  {
    ...common,
    method: "get",
    path: "/v1/budgets",
    summary: "List caps",
    description: "With what counts against each: spent, and reserved for what is under way.",
    success: { status: 200, schema: pageOf("Budget", SCHEMAS.Budget) },
  },
  async ({ services, principal }) => wholeList(await listBudgets(services, principal.orgId)),
);

route(
  budgets,
  {
    ...common,
    method: "put",
    path: "/v1/budgets",
    summary: "Set a cap",
    description:
      "Or replace it. Caps of the organization and of users count the calendar month in UTC, a session's its whole life; `sessions` counts those that have a sandbox now. Sessions that wait for room go on by themselves when there is some.",
    body: SCHEMAS.SetBudget,
    success: { status: 200, schema: SCHEMAS.Budget },
  },
  async ({ services, principal, body }) => json(await setBudget(services, principal.orgId, body)),
);

route(
  budgets,
  { ...common, method: "get", path: "/v1/budgets/stop", summary: "Read whether the organization is stopped", success: { status: 200, schema: SCHEMAS.BudgetStop } },
  async ({ services, principal }) => json(await readStop(services, principal.orgId)),
);

route(
  budgets,
  {
    ...common,
    method: "post",
    path: "/v1/budgets/stop",
    summary: "Stop all spending",
    description: "Every session at work waits before its next model call, no sandbox is started, and those at rest are given back. Nothing is lost, and nothing runs again when it is lifted.",
    idempotency: "natural",
    success: { status: 200, schema: SCHEMAS.BudgetStop },
  },
  async ({ services, principal }) => json(await stopSpending(services, principal.orgId, principal.userId)),
);

route(
  budgets,
  { ...common, method: "post", path: "/v1/budgets/resume", summary: "Lift the stop", description: "What waits goes on by itself.", idempotency: "natural", success: { status: 200, schema: SCHEMAS.BudgetStop } },
  async ({ services, principal }) => json(await goOnSpending(services, principal.orgId)),
);

route(
  budgets,
  { ...common, method: "delete", path: "/v1/budgets/:budgetId", summary: "Lift a cap", success: { status: 204 } },
  async ({ services, principal, param }) => {
    await liftBudget(services, principal.orgId, param("budgetId"));
    return noContent();
  },
);
