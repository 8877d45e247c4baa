/** What a gateway says a call cost: dollars, in a header or beside the usage it answers. Pure. */
import { asObject } from "./usage-found.ts";

const MICROS = 1_000_000;

/** Millionths of a dollar, rounded up. Nothing and 0 are the same: gateways answer 0 for a model whose price they do not know. */
export function costMicros(dollars: unknown): number | null {
  const cost = typeof dollars === "string" ? Number(dollars) : dollars;
  return typeof cost === "number" && Number.isFinite(cost) && cost > 0 ? Math.ceil(cost * MICROS - 1e-6) : null;
}

/** `usage.cost` as a number or with a `total_cost`, wherever a wire keeps its usage. */
export function costInUsage(value: unknown): number | null {
  const body = asObject(value);
  const holder = asObject(body?.["response"]) ?? asObject(body?.["message"]) ?? body;
  const cost = asObject(holder?.["usage"])?.["cost"];
  return costMicros(asObject(cost)?.["total_cost"] ?? cost);
}
