/** Whether the drawn worlds went everywhere: every fault, every row of the transition table. */
import { TRANSITIONS } from "../../src/core/session/session.transitions.ts";
import { CATALOGS, DRAWS, isNotDrawn, NOT_DRAWN } from "./faults.ts";
import type { Statistics } from "./statistics.ts";

/** How many sessions the minima are for; fewer sessions only have to take each once where that is likely. */
const FULL = 100_000;
const FAULT_WANTED = 100;
const FAULT_MIN = 40;
/** What every row should have, and what it must have. */
const ROW_WANTED = 1_000;
const ROW_MIN = 10;
/** From this share of the full number on nothing may be missing. */
const SEEN_FROM = 0.2;
const STEPS_MIN = 60;
/**
 * Rows that the core knows and the program around it cannot lead to: an operator's backends are read when the object wakes, so
 * whoever can be asked about a sandbox is there to start another.
 */
const NOT_LED_TO = ["idle", "running", "waiting"].map((from) => `${from} sandbox-described failed`);
const TWO_FAULTS_MIN = 0.5;

export interface Coverage {
  readonly lines: readonly string[];
  readonly checks: readonly { readonly isRight: boolean; readonly line: string }[];
}

export function coverage(statistics: Statistics): Coverage {
  const { sessions, steps, withTwoFaults } = statistics;
  const scale = sessions / FULL;
  const faults = DRAWS.map(({ id }) => ({ name: id, count: statistics.faults[id] ?? 0 }));
  const rows = Object.entries(TRANSITIONS).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([input, targets]) => targets.map((to) => `${from} ${input} ${to}`)),
  );
  const taken = rows.filter((name) => !NOT_LED_TO.includes(name)).map((name) => ({ name, count: statistics.transitions[name] ?? 0 }));
  const catalogued = CATALOGS.flatMap(({ faults: listed }) => listed.map(({ id }) => id));
  const idle = Object.keys(NOT_DRAWN).filter((start) => !catalogued.some((id) => id.startsWith(start)));
  return {
    lines: [
      ...table("fault", faults),
      ...table("row of the transition table", taken),
      ...NOT_LED_TO.map((name) => `not led to: ${name}`),
      ...Object.entries(NOT_DRAWN).map(([id, why]) => `not drawn: ${id} (${catalogued.filter((one) => one.startsWith(id)).length}): ${why}`),
    ],
    checks: [
      { isRight: steps / sessions >= STEPS_MIN, line: `[SIM] a session has ${(steps / sessions).toFixed(1)} steps, at least ${STEPS_MIN}` },
      { isRight: withTwoFaults / sessions >= TWO_FAULTS_MIN, line: `[SIM] ${((100 * withTwoFaults) / sessions).toFixed(1)} % of the sessions met two faults or more` },
      least("faults", faults, FAULT_MIN, scale),
      { isRight: true, line: `[SIM] ${faults.filter(({ count }) => count >= FAULT_WANTED * scale).length} of ${faults.length} faults struck ${Math.round(FAULT_WANTED * scale)} times or more` },
      least("rows of the transition table", taken, ROW_MIN, scale),
      { isRight: true, line: `[SIM] ${taken.filter(({ count }) => count >= ROW_WANTED * scale).length} of ${taken.length} rows have ${Math.round(ROW_WANTED * scale)} or more` },
      { isRight: idle.length === 0, line: `[SIM] ${catalogued.filter(isNotDrawn).length} faults are not drawn, each for a reason${idle.length > 0 ? `; no such fault: ${idle.join(", ")}` : ""}` },
    ],
  };
}

function least(what: string, counts: readonly { readonly name: string; readonly count: number }[], minimum: number, scale: number): Coverage["checks"][number] {
  const wanted = scale >= 1 ? minimum : Math.floor(minimum * scale * 0.5);
  const missing = counts.filter(({ count }) => count < wanted || (count === 0 && scale >= SEEN_FROM)).toSorted((a, b) => a.count - b.count);
  const rarest = counts.toSorted((a, b) => a.count - b.count)[0];
  const line = `[SIM] ${counts.length} ${what}, the rarest ${rarest?.name} ${rarest?.count} times, each at least ${scale >= SEEN_FROM ? Math.max(1, wanted) : wanted}`;
  if (missing.length === 0) return { isRight: true, line };
  return { isRight: false, line: `${line}; too rare: ${missing.map(({ name, count }) => `${name} (${count})`).join(", ")}` };
}

function table(what: string, counts: readonly { readonly name: string; readonly count: number }[]): string[] {
  return counts.toSorted((a, b) => b.count - a.count).map(({ name, count }) => `${String(count).padStart(9)}  ${what} ${name}`);
}
