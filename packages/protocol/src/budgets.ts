/** Caps, what was used, and what it means for a session that one of them is reached. */
import { z } from "zod";
import { ModelId } from "./parts.ts";

/** What a cap is for: the whole organization or one user in a calendar month (UTC), or one session in its whole life. */
export const BudgetScope = z.enum(["org", "user", "session"]);
export type BudgetScope = z.infer<typeof BudgetScope>;

/** `cost` in millionths of a US dollar, `tokens`, `compute` in seconds of sandboxes, `sessions` that have a sandbox at the same time. */
export const BudgetUnit = z.enum(["cost", "tokens", "compute", "sessions"]);
export type BudgetUnit = z.infer<typeof BudgetUnit>;

/** The cap that stands in the way, in its own unit. `stop`: the organization was stopped as a whole, which has no figures. */
export const BudgetReached = z.object({
  budget: z.string().describe("the cap's id, or `org.stop`"),
  scope: BudgetScope,
  subject: z.string().optional(),
  unit: z.enum([...BudgetUnit.options, "stop"]),
  limit: z.int().nonnegative(),
  spent: z.int().nonnegative(),
  /** Held for calls that are under way; what they do not use is given back. */
  reserved: z.int().nonnegative(),
  /** What the next step may need at most. */
  needed: z.int().nonnegative(),
});
export type BudgetReached = z.infer<typeof BudgetReached>;

/** Sets a cap or replaces it. Without `subject` it is for the organization, or for each user or each session. */
export const SetBudget = z.strictObject({
  scope: BudgetScope,
  subject: z.string().min(1).max(100).optional(),
  unit: BudgetUnit,
  limit: z.int().nonnegative(),
});
export type SetBudget = z.infer<typeof SetBudget>;

export const Budget = z.object({
  id: z.string(),
  scope: BudgetScope,
  subject: z.string().optional(),
  unit: BudgetUnit,
  limit: z.int().nonnegative(),
  /** Absent for a cap that is for each user or each session. */
  spent: z.int().nonnegative().optional(),
  reserved: z.int().nonnegative().optional(),
});
export type Budget = z.infer<typeof Budget>;

/** Null while the organization may spend. */
export const BudgetStop = z.object({ stopped: z.object({ at: z.iso.datetime(), by: z.string() }).nullable() });
export type BudgetStop = z.infer<typeof BudgetStop>;

export const UsageGroup = z.enum(["day", "session", "user", "model"]);
export type UsageGroup = z.infer<typeof UsageGroup>;

/** What was used, summed over the days asked for. Calls whose price is not known cost nothing here and are counted apart. */
export const UsageSum = z.object({
  /** The day, or the id of the session, user or model; null for what belongs to none, as a sandbox's time to no model. */
  key: z.union([z.string(), ModelId]).nullable(),
  costMicros: z.int(),
  tokens: z.int(),
  computeSeconds: z.int(),
  calls: z.int(),
  unpricedCalls: z.int(),
});
export type UsageSum = z.infer<typeof UsageSum>;
