/** Caps as people set and lift them, and the one stop; what changed is told to the sessions that it concerns. */
import type { Budget, BudgetStop, SetBudget, UsageSum } from "@berth/protocol";
import { capId, type Cap } from "../core/budget/caps.ts";
import type { CapName, CapStanding, Stop, UsageQuery } from "../ports/ledger/ledger.port.ts";
import { refuse, refuseField } from "./http/problem-error.ts";
import type { Services } from "./services.ts";

export type BudgetServices = Pick<Services, "ledgerOf" | "sessions" | "now" | "waitUntil">;

export async function listBudgets({ ledgerOf, now }: BudgetServices, orgId: string): Promise<readonly Budget[]> {
  const { caps } = await ledgerOf(orgId).standing({ nowMs: now() });
  return caps.map(shown);
}

export async function setBudget(services: BudgetServices, orgId: string, { scope, subject: given, unit, limit }: SetBudget): Promise<Budget> {
  const { ledgerOf, now } = services;
  const subject = given ?? null;
  if (scope === "org" && subject !== null) refuseField("/subject", "The organization's cap names no subject.", "Leave `subject` out.");
  if (scope === "session" && unit === "sessions") refuseField("/unit", "One session is one session.", "Use the scope org or user.");
  const ledger = ledgerOf(orgId);
  const name: CapName = { scope, subject, unit };
  tell(services, orgId, await ledger.setCap(name, limit));
  const { caps } = await ledger.standing({ nowMs: now() });
  return shown(caps.find((cap) => capId(cap) === capId(name)) ?? { ...name, limit, spent: null, reserved: null });
}

/** @throws ProblemError `not-found` */
export async function liftBudget(services: BudgetServices, orgId: string, id: string): Promise<void> {
  const ledger = services.ledgerOf(orgId);
  const { caps } = await ledger.standing({ nowMs: services.now() });
  const cap: Cap | undefined = caps.find((known) => capId(known) === id);
  if (!cap) refuse("not-found", "There is no such cap in this organization.");
  tell(services, orgId, await ledger.setCap(cap, null));
}

export async function readStop({ ledgerOf, now }: BudgetServices, orgId: string): Promise<BudgetStop> {
  return shownStop((await ledgerOf(orgId).standing({ nowMs: now() })).stop);
}

/** A second stop leaves the first as it is. */
export async function stopSpending(services: BudgetServices, orgId: string, by: string): Promise<BudgetStop> {
  const ledger = services.ledgerOf(orgId);
  const { stop: known } = await ledger.standing({ nowMs: services.now() });
  const stop = known ?? { atMs: services.now(), by };
  tell(services, orgId, await ledger.setStop(stop));
  return shownStop(stop);
}

export async function goOnSpending(services: BudgetServices, orgId: string): Promise<BudgetStop> {
  tell(services, orgId, await services.ledgerOf(orgId).setStop(null));
  return shownStop(null);
}

export function readUsage({ ledgerOf }: BudgetServices, orgId: string, query: UsageQuery): Promise<readonly UsageSum[]> {
  return ledgerOf(orgId).usage(query);
}

/** So many sessions are told at the same time. */
const AT_ONCE = 20;

/** One that is not reached asks by itself within a minute. */
function tell({ sessions, waitUntil }: BudgetServices, orgId: string, sessionIds: readonly string[]): void {
  const left = [...sessionIds];
  const teller = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      await sessions.of(orgId, id).hearOfBudget({ type: "changed" }).catch(() => undefined);
    }
  };
  for (let i = 0; i < Math.min(AT_ONCE, left.length); i += 1) waitUntil(teller());
}

function shown(cap: CapStanding): Budget {
  const { scope, subject, unit, limit, spent, reserved } = cap;
  return {
    id: capId(cap),
    scope,
    ...(subject === null ? {} : { subject }),
    unit,
    limit,
    ...(spent === null || reserved === null ? {} : { spent, reserved }),
  };
}

function shownStop(stop: Stop | null): BudgetStop {
  return { stopped: stop === null ? null : { at: new Date(stop.atMs).toISOString(), by: stop.by } };
}
