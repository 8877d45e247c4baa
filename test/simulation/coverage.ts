/** Whether the drawn worlds went everywhere: every fault, every row of the transition table. */
import { TRANSITIONS } from "../../src/core/session/session.transitions.ts";
import { CATALOGS, DRAWS, isNotDrawn, NOT_DRAWN } from "./faults.ts";
import type { Statistics } from "./statistics.ts";

/** The number of sessions that the minima are for; fewer are held to their share of them. */
const FULL = 100_000;
const FAULT_MIN = 100;
const ROW_MIN = 1_000;
/** How many standard deviations a smaller number of sessions may be below its share. */
const DEVIATIONS = 4;
/** Where so many are expected none at all is no accident. */
const SEEN_FROM = 10;
const STEPS_MIN = 60;
const TWO_FAULTS_MIN = 0.5;
const RAREST = 8;

interface Count {
  readonly name: string;
  readonly count: number;
}

export interface Check {
  readonly isRight: boolean;
  readonly line: string;
}

export function coverage(statistics: Statistics): readonly Check[] {
  const { sessions, steps, withTwoFaults } = statistics;
  const idle = Object.keys(NOT_DRAWN).filter((start) => !CATALOGUED.some((id) => id.startsWith(start)));
  return [
    { isRight: steps / sessions >= STEPS_MIN, line: `[SIM] a session has ${(steps / sessions).toFixed(1)} steps, at least ${STEPS_MIN}` },
    { isRight: withTwoFaults / sessions >= TWO_FAULTS_MIN, line: `[SIM] ${((100 * withTwoFaults) / sessions).toFixed(1)} % of the sessions met two faults or more` },
    least("drawn faults struck", faultsOf(statistics), (FAULT_MIN * sessions) / FULL),
    least("rows of the transition table were taken", rowsOf(statistics), (ROW_MIN * sessions) / FULL),
    { isRight: idle.length === 0, line: `[SIM] ${CATALOGUED.filter(isNotDrawn).length} faults are not drawn, each for a reason${idle.length > 0 ? `; no such fault: ${idle.join(", ")}` : ""}` },
  ];
}

/** The rarest of each kind, or all. */
export function histogram(statistics: Statistics, isWhole: boolean): readonly string[] {
  const kinds = [["fault", faultsOf(statistics)], ["row of the transition table", rowsOf(statistics)]] as const;
  const tables = kinds.flatMap(([what, counts]) => {
    const sorted = counts.toSorted((a, b) => b.count - a.count);
    return sorted.slice(isWhole ? 0 : -RAREST).map(({ name, count }) => `${String(count).padStart(9)}  ${what} ${name}`);
  });
  if (!isWhole) return tables;
  return [...tables, ...Object.entries(NOT_DRAWN).map(([id, why]) => `not drawn: ${id} (${CATALOGUED.filter((one) => one.startsWith(id)).length}): ${why}`)];
}

const CATALOGUED = CATALOGS.flatMap(({ faults }) => faults.map(({ id }) => id));

function faultsOf({ faults }: Statistics): readonly Count[] {
  return DRAWS.map(({ id }) => ({ name: id, count: faults[id] ?? 0 }));
}

function rowsOf({ transitions }: Statistics): readonly Count[] {
  const rows = Object.entries(TRANSITIONS).flatMap(([from, row]) => Object.entries(row).flatMap(([input, targets]) => targets.map((to) => `${from} ${input} ${to}`)));
  return rows.map((name) => ({ name, count: transitions[name] ?? 0 }));
}

/** @param share what the sessions that were run should have */
function least(what: string, counts: readonly Count[], share: number): Check {
  const isFull = counts.length > 0 && share >= (what.startsWith("rows") ? ROW_MIN : FAULT_MIN);
  const minimum = Math.max(isFull ? share : share - DEVIATIONS * Math.sqrt(share), share >= SEEN_FROM ? 1 : 0);
  const rare = counts.filter(({ count }) => count < minimum).toSorted((a, b) => a.count - b.count);
  const [rarest] = counts.toSorted((a, b) => a.count - b.count);
  const line = `[SIM] all ${counts.length} ${what} ${Math.ceil(minimum)} times or more, the rarest ${rarest?.count} times: ${rarest?.name}`;
  if (rare.length === 0) return { isRight: true, line };
  return { isRight: false, line: `${line}; too rare: ${rare.map(({ name, count }) => `${name} (${count})`).join(", ")}` };
}
