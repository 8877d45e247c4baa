/** Caps with the names of the people and sessions that some of them are for. */
import type { Berth } from "@berth/sdk";
import type { Budget } from "@berth/protocol";
import { capTitle } from "../../lib/cap-words.ts";

export interface NamedCap {
  readonly cap: Budget;
  readonly title: string;
}

export async function readCaps(berth: Berth): Promise<readonly NamedCap[]> {
  const [caps, members] = await Promise.all([berth.budgets.list().all(), berth.members.list().all()]);
  const people = new Map(members.map(({ userId, name }) => [userId, name]));
  return Promise.all(caps.map(async (cap) => ({ cap, title: capTitle(cap, await nameOf(berth, cap, people)) })));
}

/** Null for who left, and for a session that is gone: the cap is still there to be removed. */
async function nameOf(berth: Berth, { scope, subject }: Budget, people: ReadonlyMap<string, string>): Promise<string | null> {
  if (subject === undefined) return null;
  if (scope === "user") return people.get(subject) ?? null;
  return berth.session(subject).get().then(
    ({ title }) => title,
    () => null,
  );
}
