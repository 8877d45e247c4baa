/** Draws the transition table: a mermaid chart of the ways between statuses, and a list of what is taken without leaving. */
import type { InputType } from "./session.inputs.ts";
import { TRANSITIONS, type From } from "./session.transitions.ts";

const NAMES: Partial<Record<From, string>> = { none: "[*]" };

interface Way {
  readonly from: From;
  readonly to: From;
  readonly inputs: readonly InputType[];
}

function ways(): readonly Way[] {
  const found = new Map<string, { from: From; to: From; inputs: InputType[] }>();
  for (const [from, row] of Object.entries(TRANSITIONS) as [From, (typeof TRANSITIONS)[From]][]) {
    for (const [input, targets] of Object.entries(row) as [InputType, readonly From[]][]) {
      for (const to of targets) {
        const way = found.get(`${from} ${to}`) ?? { from, to, inputs: [] };
        way.inputs.push(input);
        found.set(`${from} ${to}`, way);
      }
    }
  }
  return [...found.values()].map((way) => ({ ...way, inputs: way.inputs.sort() }));
}

/** Markdown: the chart, then the table. */
export function sessionChart(): string {
  const moves = ways().filter((way) => way.from !== way.to);
  const lines = moves.map(({ from, to, inputs }) => `    ${NAMES[from] ?? from} --> ${to}: ${inputs.join(", ")}`);
  const stays = ways().filter((way) => way.from === way.to);
  const rows = stays.map(({ from, inputs }) => `| \`${from}\` | ${inputs.join(", ")} |`);
  return [
    "```mermaid",
    "stateDiagram-v2",
    ...lines,
    "    ended --> [*]",
    "```",
    "",
    "| status | inputs that may leave it as it is |",
    "| --- | --- |",
    ...rows,
  ].join("\n");
}
