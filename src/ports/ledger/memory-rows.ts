/** A ledger's rows in maps. */
import type { UsageGroup, UsageSum } from "@berth/protocol";
import { add, NOTHING, type Amount } from "../../core/budget/amount.ts";
import { capId, type Cap, type CapName, type Stop } from "../../core/budget/caps.ts";
import { monthOf, sumOf, type LedgerRows, type Reservation, type Share, type UsageEntry } from "../../core/budget/ledger.ts";
import type { UsageQuery } from "./ledger.port.ts";

export class MemoryRows implements LedgerRows {
  readonly #reservations = new Map<string, Reservation>();
  readonly #entries: UsageEntry[] = [];
  readonly #caps = new Map<string, Cap>();
  readonly #waiting = new Set<string>();
  #stop: Stop | null = null;

  reservation = (id: string): Reservation | null => this.#reservations.get(id) ?? null;
  put = (reservation: Reservation): void => void this.#reservations.set(reservation.id, reservation);
  remove = (id: string): void => void this.#reservations.delete(id);
  due = (nowMs: number): readonly Reservation[] => this.#open.filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
  old = (byMs: number): readonly Reservation[] => [...this.#reservations.values()].filter(({ expiresAtMs }) => expiresAtMs <= byMs);
  openSum = (share: Share): Amount => sumOf(this.#open.filter((open) => belongs(open, share)));
  estimatedOpen = (share: Share): number => this.#open.filter((open) => open.estimated && belongs(open, share)).length;
  spent = (share: Share): Amount => sumOf(this.#entries.filter((entry) => belongs(entry, share)));
  count = (entry: UsageEntry): void => void this.#entries.push(entry);
  caps = (): readonly Cap[] => [...this.#caps.values()].toSorted((a, b) => (capId(a) < capId(b) ? -1 : 1));
  capsNamed = (ids: readonly string[]): readonly Cap[] => this.caps().filter((cap) => ids.includes(capId(cap)));
  stop = (): Stop | null => this.#stop;
  setStop = (stop: Stop | null): void => void (this.#stop = stop);
  waiting = (): readonly string[] => [...this.#waiting];
  openSessions = (): readonly string[] => [...new Set(this.#open.map(({ sessionId }) => sessionId))];

  otherSessions(sessionId: string, userId: string | null): number {
    const others = this.#open.filter((open) => open.computeSeconds > 0 && open.sessionId !== sessionId && (userId === null || open.userId === userId));
    return new Set(others.map((open) => open.sessionId)).size;
  }

  setCap(cap: CapName, limit: number | null): void {
    if (limit === null) this.#caps.delete(capId(cap));
    else this.#caps.set(capId(cap), { scope: cap.scope, subject: cap.subject, unit: cap.unit, limit });
  }

  setWaiting(sessionId: string, isWaiting: boolean): void {
    if (isWaiting) this.#waiting.add(sessionId);
    else this.#waiting.delete(sessionId);
  }

  usage({ by, from, to, sessionIds, userId, model, limit }: UsageQuery): readonly UsageSum[] {
    const sums = new Map<string | null, UsageSum>();
    for (const entry of this.#entries) {
      if (entry.day < from || entry.day > to) continue;
      if (sessionIds?.includes(entry.sessionId) === false) continue;
      if (userId !== undefined && entry.userId !== userId) continue;
      if (model !== undefined && entry.model !== model) continue;
      const key = keyOf(entry, by);
      const before = sums.get(key) ?? { key, ...NOTHING, calls: 0, unpricedCalls: 0 };
      sums.set(key, { key, ...add(before, entry), calls: before.calls + entry.calls, unpricedCalls: before.unpricedCalls + entry.unpricedCalls });
    }
    return [...sums.values()].toSorted(by === "day" ? byKey : bySize).slice(0, limit);
  }

  get #open(): readonly Reservation[] {
    return [...this.#reservations.values()].filter(({ state }) => state === "open");
  }
}

function belongs({ day, userId, sessionId }: { readonly day: string; readonly userId: string | null; readonly sessionId: string }, share: Share): boolean {
  if (share.scope === "session") return sessionId === share.sessionId;
  return monthOf(day) === share.month && (share.scope === "org" || userId === share.userId);
}

function keyOf(entry: UsageEntry, by: UsageGroup): string | null {
  return { day: entry.day, session: entry.sessionId, user: entry.userId, model: entry.model }[by];
}

function byKey(a: UsageSum, b: UsageSum): number {
  return (a.key ?? "") < (b.key ?? "") ? -1 : 1;
}

function bySize(a: UsageSum, b: UsageSum): number {
  return b.costMicros - a.costMicros || b.tokens - a.tokens || b.computeSeconds - a.computeSeconds || byKey(a, b);
}
