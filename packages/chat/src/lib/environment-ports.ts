/** Named ports of an environment, as a form has them. */
import type { NamedPort } from "@berth/sdk";

export interface PortDraft {
  /** Of the row, which may have no port yet. */
  readonly key: number;
  readonly port: string;
  readonly name: string;
}

export function portDraftsOf(ports: readonly NamedPort[]): readonly PortDraft[] {
  return ports.map(({ port, name }, key) => ({ key, port: `${port}`, name }));
}

export function portsOf(drafts: readonly PortDraft[]): NamedPort[] {
  return drafts.map(({ port, name }) => ({ port: Number(port), name }));
}

/** Numbers, and names, that stand more than once. */
export function portsTwice(drafts: readonly PortDraft[]): ReadonlySet<string> {
  const twice = (all: readonly string[]): readonly string[] => all.filter((each, at) => each !== "" && all.indexOf(each) !== at);
  return new Set([...twice(drafts.map(({ port }) => port)), ...twice(drafts.map(({ name }) => name))]);
}

/** Of databases, queues, mail and debuggers: nothing that a browser can show. */
const NOT_SHOWN = new Set([22, 25, 1025, 1433, 1521, 3306, 4222, 5432, 5672, 6379, 9092, 9229, 11_211, 26_257, 27_017, 33_060]);
/** Of one environment, as the API has it. */
export const PORTS_MAX = 20;

/** What is there, and what a look at the repository found of what can be shown. */
export function withPorts(drafts: readonly PortDraft[], found: readonly number[]): readonly PortDraft[] {
  let next = drafts;
  for (const port of found) {
    if (NOT_SHOWN.has(port) || next.length >= PORTS_MAX || next.some((each) => each.port === `${port}`)) continue;
    const names = next.map(({ name }) => name);
    next = [...next, { key: Math.max(0, ...next.map(({ key }) => key)) + 1, port: `${port}`, name: names.includes("web") ? `web ${port}` : "web" }];
  }
  return next;
}
