/** A question to a provider. It answers by not throwing. */
import type { Need } from "./needs.contract.ts";
import type { Room } from "./room.contract.ts";
import type { Stage } from "./stage.contract.ts";

interface Asked {
  /** Stable, so that results can be compared. */
  readonly id: string;
  /** Rules and faults. */
  readonly rules: readonly string[];
  readonly title: string;
  readonly needs: readonly Need[];
}

/** `room` cases share their sandboxes, since starting one takes its time; the others begin with an empty backend. */
export type SandboxCase = Asked & ({ readonly kind: "room"; run(room: Room): Promise<void> } | { readonly kind: "alone"; run(stage: Stage): Promise<void> });

type Rules = string | readonly string[];

export function inRoom(id: string, rules: Rules, title: string, run: (room: Room) => Promise<void>, needs: readonly Need[] = []): SandboxCase {
  return { id, rules: [rules].flat(), title, needs, kind: "room", run };
}

export function alone(id: string, rules: Rules, title: string, run: (stage: Stage) => Promise<void>, needs: readonly Need[] = []): SandboxCase {
  return { id, rules: [rules].flat(), title, needs, kind: "alone", run };
}
