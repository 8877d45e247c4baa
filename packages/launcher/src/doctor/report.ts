/** The doctor's findings as a person reads them. Colours only on a terminal. */
import { styleText } from "node:util";
import type { Finding } from "./finding.ts";
import type { ComposedPort } from "./ports.ts";

const MARKS = { ok: ["green", "✓"], bad: ["red", "✗"], info: ["dim", "–"] } as const;
const NAME_WIDTH = 13;
const PORT_WIDTH = 15;
const PLANE_WIDTH = 9;

export function renderGroup(title: string, findings: readonly Finding[]): string {
  return [`  ${styleText("bold", title)}`, ...findings.map(renderFinding), ""].join("\n");
}

/** What is wrong ends in its command, alone after the arrow, so that it can be copied. */
function renderFinding(finding: Finding): string {
  const [colour, mark] = MARKS[finding.status];
  const start = `    ${styleText(colour, mark)} ${finding.name.padEnd(NAME_WIDTH)} `;
  if (finding.status === "bad") return `${start}${finding.text} ${styleText("dim", "→")} ${styleText("bold", finding.fix)}`;
  return `${start}${finding.status === "info" ? styleText("dim", finding.text) : finding.text}`;
}

export function renderPorts(ports: readonly ComposedPort[]): string {
  const complete = ports.filter(({ state }) => state === "complete").length;
  const rows = ports.map(({ plane, port, state, adapters }) => {
    const composed = adapters.map(({ name, where, verifiedLive }) => `${name} ${styleText("dim", `(${where}${verifiedLive ? "" : ", not yet verified live"})`)}`).join(", ");
    const [colour, mark] = MARKS[adapters.length > 0 ? "ok" : "info"];
    const cell = adapters.length > 0 ? composed : styleText("dim", state === "planned" ? "planned" : "in no program of this checkout");
    return `    ${styleText(colour, mark)} ${port.padEnd(PORT_WIDTH)} ${styleText("dim", plane.padEnd(PLANE_WIDTH))} ${cell}`;
  });
  return [`  ${styleText("bold", "Ports")} ${styleText("dim", `${complete}/${ports.length} complete`)}`, ...rows, ""].join("\n");
}

export function renderVerdict(findings: readonly Finding[]): string {
  const wrong = findings.filter(({ status }) => status === "bad").length;
  if (wrong === 0) return `  ${styleText("green", "Nothing is wrong.")}`;
  return `  ${styleText("red", `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong.`)} Each red line ends in the command that puts it right.`;
}
