/**
 * Caps and what stands in the way. A session's cap counts its whole life, a user's and the organization's the calendar
 * month. A cap without a subject is for each user or each session; one that names its subject takes its place for that one.
 */
import { BudgetUnit, type BudgetReached, type BudgetScope } from "@berth/protocol";
import { isCount, refuseLedger, type Amount } from "./amount.ts";

export interface CapName {
  readonly scope: BudgetScope;
  /** Id of the one user or session; null for the organization, and for each of them. */
  readonly subject: string | null;
  readonly unit: BudgetUnit;
}

export interface Cap extends CapName {
  readonly limit: number;
}

/** Someone stopped the organization's spending as a whole. */
export interface Stop {
  readonly atMs: number;
  readonly by: string;
}

/** `org.cost`, `user.tokens`, `session.cost.ses_1`: names a cap in an address and an event. */
export function capId({ scope, subject, unit }: CapName): string {
  return [scope, unit, ...(subject === null ? [] : [subject])].join(".");
}

const UNITS: { readonly [U in Exclude<BudgetUnit, "sessions">]: keyof Amount } = { cost: "costMicros", tokens: "tokens", compute: "computeSeconds" };

/** @throws PortError `invalid-argument` */
export function checkCap({ scope, subject, unit }: CapName, limit: number | null): void {
  if (limit !== null && !isCount(limit)) throw refuseLedger("setCap", "invalid-argument", "a cap is a whole number, not below zero");
  if (scope === "org" && subject !== null) throw refuseLedger("setCap", "invalid-argument", "the organization's cap names no subject");
  if (scope === "session" && unit === "sessions") throw refuseLedger("setCap", "invalid-argument", "one session is one session");
}

/** Who asks, and for how much: what it is likely to take. */
export interface Demand extends Amount {
  /** What it takes at most. */
  readonly atMost: Amount;
  readonly sessionId: string;
  readonly userId: string | null;
  /** What it may cost has no end that is known, so no cap on money has room for it. */
  readonly openEnded: boolean;
}

/** What counts against a cap: settled, and reserved by calls that are under way. */
export interface Counted {
  readonly spent: Amount;
  readonly reserved: Amount;
}

export interface CapView {
  readonly stop: Stop | null;
  readonly caps: readonly Cap[];
  counted(scope: BudgetScope): Counted;
  /** How many calls are under way whose reservation is an estimate. */
  estimated(scope: BudgetScope): number;
  /** Other sessions that hold a sandbox now. */
  otherSessions(scope: "org" | "user"): number;
}

const STOPPED: BudgetReached = { budget: "org.stop", scope: "org", unit: "stop", limit: 0, spent: 0, reserved: 0, needed: 0 };

/**
 * The first cap in the way of the demand, or null. Where only the estimate has room left, one such call at a time goes
 * through, so that a cap that is nearly used up is passed by no more than one call is off.
 */
export function findReached(view: CapView, demand: Demand): BudgetReached | null {
  if (view.stop !== null) return STOPPED;
  for (const cap of applying(view.caps, demand)) {
    const { limit, scope, subject, unit } = cap;
    const { spent, reserved, needed, atMost } = unit === "sessions" ? sessionsOf(view, scope, demand) : amountsOf(view.counted(scope), unit, demand);
    const held = spent + reserved;
    const fits = needed === 0 || held + atMost <= limit || (held + needed <= limit && view.estimated(scope) === 0);
    if (fits && !(unit === "cost" && demand.openEnded)) continue;
    return { budget: capId(cap), scope, ...(subject === null ? {} : { subject }), unit, limit, spent, reserved, needed };
  }
  return null;
}

interface Weighed {
  readonly spent: number;
  readonly reserved: number;
  readonly needed: number;
  readonly atMost: number;
}

function amountsOf({ spent, reserved }: Counted, unit: keyof typeof UNITS, demand: Demand): Weighed {
  const part = UNITS[unit];
  return { spent: spent[part], reserved: reserved[part], needed: demand[part], atMost: demand.atMost[part] };
}

/** Only a sandbox makes a session count as one that runs. */
function sessionsOf(view: CapView, scope: BudgetScope, { computeSeconds }: Demand): Weighed {
  if (computeSeconds === 0 || scope === "session") return { spent: 0, reserved: 0, needed: 0, atMost: 0 };
  return { spent: view.otherSessions(scope), reserved: 0, needed: 1, atMost: 1 };
}

/** Ids of all caps that may apply to it, whether or not there are any: so few that the others need not be read. */
export function capIdsFor({ sessionId, userId }: Pick<Demand, "sessionId" | "userId">): readonly string[] {
  const subjects: readonly Pick<CapName, "scope" | "subject">[] = [
    { scope: "org", subject: null },
    ...(userId === null ? [] : [{ scope: "user", subject: null } as const, { scope: "user", subject: userId } as const]),
    { scope: "session", subject: null },
    { scope: "session", subject: sessionId },
  ];
  return subjects.flatMap((of) => BudgetUnit.options.map((unit) => capId({ ...of, unit })));
}

/** Those of the caps that this session's demand for this user is held against. */
export function applying<C extends Cap>(caps: readonly C[], { sessionId, userId }: Pick<Demand, "sessionId" | "userId">): readonly C[] {
  const own = { org: null, user: userId, session: sessionId } as const;
  return caps.filter(({ scope, subject, unit }) => {
    const id = own[scope];
    if (scope === "org") return true;
    if (id === null) return false;
    if (subject !== null) return subject === id;
    return !caps.some((other) => other.scope === scope && other.unit === unit && other.subject === id);
  });
}

