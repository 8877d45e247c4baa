/**
 * All processes that belong together, and ending them for certain. A process may start another and be gone before it is
 * looked at, and for a moment, while it becomes another program, it has no environment. So whoever is met stands still from
 * then on, nobody is killed while somebody new is met, and only a look that can have missed nobody says that all are gone.
 */
import { readFileSync } from "node:fs";
import { allPids, isAlive, LINUX, listedRows, rowOf, signal, until, type ProcessIdentity, type ProcessRow } from "./process-table.ts";

export interface FamilyOptions {
  /** Everything below it belongs, and what is in its group or session; also once it is gone, where it was alive when this was made. */
  readonly leader: ProcessIdentity | null;
  /** `NAME=value`: whoever has it in its environment belongs, whoever started it. Linux only. */
  readonly marker: string;
}

interface Look {
  /** How many were met for the first time. */
  readonly met: number;
  /** Nobody was missed: each one that was there when the look began was seen. */
  readonly isWhole: boolean;
}

/** Where processes come and go all the time no look may be whole, so this many in a row that met nobody count as one. */
const LOOKS_IN_A_ROW = 20;
const PAUSE_MS = 2;

export class Family {
  readonly #leader: ProcessIdentity | null;
  readonly #marker: string;
  /** The number of one that was gone before may be another's by now, and so may its group's. */
  readonly #knewLeader: boolean;
  readonly #members = new Map<number, ProcessIdentity>();
  /** Who does not belong, nor will: pid → when it started. */
  #strangers = new Map<number, string>();

  constructor({ leader, marker }: FamilyOptions) {
    this.#leader = leader;
    this.#marker = marker;
    this.#knewLeader = leader !== null && isAlive(leader);
  }

  /** Notes who belongs now: who started whom is forgotten when the one in between ends. */
  note(): void {
    this.#look(() => {});
  }

  /** @returns false when something may have survived, also where the system does not say who there is */
  async end(withinMs: number): Promise<boolean> {
    try {
      return await this.#end(Date.now() + withinMs);
    } catch {
      // Nobody is left standing still.
      this.#kill();
      return false;
    }
  }

  async #end(deadlineMs: number): Promise<boolean> {
    let isQuiet = false;
    for (let quiet = 0; Date.now() < deadlineMs; await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))) {
      // At once, not after the look: the next moment it may have started another and be gone.
      const { met, isWhole } = this.#look((pid) => void signal(pid, "SIGSTOP"));
      quiet = met === 0 ? quiet + 1 : 0;
      isQuiet = quiet > 0;
      if (quiet === 0 || (!isWhole && quiet < LOOKS_IN_A_ROW)) continue;
      if (this.#kill() === 0) return true;
      await until(() => this.#alive().length === 0, deadlineMs - Date.now());
      quiet = 0;
    }
    // Many looks take their time on a machine with many processes: the last one has to do.
    return this.#kill() === 0 && isQuiet;
  }

  #kill(): number {
    const alive = this.#alive();
    for (const { pid } of alive) signal(pid, "SIGKILL");
    return alive.length;
  }

  #alive(): readonly ProcessIdentity[] {
    return [...this.#members.values()].filter(isAlive);
  }

  #look(onMember: (pid: number) => void): Look {
    const rows = new Map<number, ProcessRow>();
    const strangers = new Map<number, string>();
    let met = 0;
    let isWhole = true;
    const meet = ({ pid, startedAt }: ProcessRow): void => {
      if (this.#members.get(pid)?.startedAt !== startedAt) met++;
      this.#members.set(pid, { pid, startedAt });
      onMember(pid);
    };
    for (const [pid, row] of this.#table()) {
      const known = this.#judge(pid, row);
      if (row && known === "member") meet(row);
      if (known === "missed") isWhole = false;
      if (row && (known === "stranger" || row.isRemains)) strangers.set(pid, row.startedAt);
      if (row && !row.isRemains) rows.set(pid, row);
    }
    this.#strangers = strangers;
    for (const relative of this.#relatives(rows)) meet(relative);
    return { met, isWhole };
  }

  /** Those that were not there before come first, the newest before the others: they may be gone soon. */
  *#table(): Iterable<readonly [pid: number, row: ProcessRow | null]> {
    if (!LINUX) return yield* listedRows().map((row) => [row.pid, row] as const);
    const isNew = (pid: number): number => (this.#strangers.has(pid) ? 0 : 1);
    for (const pid of allPids().toSorted((a, b) => isNew(b) - isNew(a) || b - a)) yield [pid, rowOf(pid)];
  }

  /** `missed`: it ended unseen and may have left another behind, which the look then does not show. */
  #judge(pid: number, row: ProcessRow | null): "member" | "stranger" | "missed" {
    if (pid === process.pid) return "stranger";
    const strangerSince = this.#strangers.get(pid);
    if (row === null) return strangerSince === undefined ? "missed" : "stranger";
    if (!row.isRemains && this.#members.get(pid)?.startedAt === row.startedAt) return "member";
    if (strangerSince === row.startedAt) return "stranger";
    if (row.isRemains) return "missed";
    return LINUX ? this.#judgeByEnvironment(row) : "stranger";
  }

  #judgeByEnvironment({ pid, isKernel }: ProcessRow): "member" | "stranger" | "missed" {
    if (isKernel) return "stranger";
    const environment = readOf(pid, "environ");
    if (environment === null) return "missed";
    if (environment.split("\0").includes(this.#marker)) return "member";
    // Neither arguments nor an environment: it is just becoming another program, or is ending.
    return environment === "" && readOf(pid, "cmdline") === "" ? "missed" : "stranger";
  }

  /** Whom a member started, and who is in the leader's group or session, also when the leader is gone. */
  #relatives(rows: ReadonlyMap<number, ProcessRow>): readonly ProcessRow[] {
    const found = new Map<number, ProcessRow>();
    const isIn = ({ pid, startedAt }: ProcessRow): boolean => this.#members.get(pid)?.startedAt === startedAt;
    const leader = this.#leader;
    const inPlace = leader && rows.get(leader.pid);
    // While a group or session has anybody in it, its number is given to nobody else.
    const leads = leader !== null && (inPlace ? inPlace.startedAt === leader.startedAt : this.#knewLeader);
    for (let before = -1; before !== found.size; ) {
      before = found.size;
      for (const row of rows.values()) {
        const parent = rows.get(row.parent);
        const isBelow = parent !== undefined && (isIn(parent) || found.has(parent.pid));
        const isWithLeader = leads && [row.pid, row.group, row.session].includes(leader.pid);
        if (row.pid !== process.pid && !isIn(row) && (isBelow || isWithLeader)) found.set(row.pid, row);
      }
    }
    return [...found.values()];
  }
}

/** Null when it is gone. What may not be read is another user's. */
function readOf(pid: number, name: "environ" | "cmdline"): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ESRCH" ? null : "?";
  }
}
