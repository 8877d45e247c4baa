/** A question to a server. It answers by not throwing. */
import type { Need } from "./needs.ts";
import type { Stage } from "./venue.ts";
import type { Transport } from "./watcher.ts";

export interface ServerCase {
  /** Stable, so that results can be compared. */
  readonly id: string;
  readonly rules: readonly string[];
  readonly title: string;
  readonly needs?: readonly Need[];
  run(stage: Stage): Promise<void>;
}

type Rules = string | readonly string[];

export function ask(id: string, rules: Rules, title: string, run: (stage: Stage) => Promise<void>, needs: readonly Need[] = []): ServerCase {
  return { id, rules: [rules].flat(), title, run, needs };
}

const NAMES: Readonly<Record<Transport, string>> = { ws: "over WebSocket", sse: "over SSE" };

/** The same question over both kinds of stream. */
export function askBoth(id: string, rules: Rules, title: string, run: (stage: Stage, transport: Transport) => Promise<void>, needs: readonly Need[] = []): ServerCase[] {
  return (["ws", "sse"] as const).map((transport) => ask(`${id}.${transport}`, rules, `${title}, ${NAMES[transport]}`, (stage) => run(stage, transport), needs));
}
