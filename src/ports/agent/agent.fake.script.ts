/** Prompt → what the in-memory agent does: the demo model's directives, so that one prompt drives either. */
import type { AgentPrompt } from "./agent.port.ts";
import type { FakeStep } from "./agent.fake.ts";

const FAILURE_CODES: Readonly<Record<string, string>> = { "401": "model-unauthorized", "429": "model-rate-limited" };
const TITLE_CHARACTERS = 50;

export function obeyDirectives({ text }: AgentPrompt, earlier: readonly AgentPrompt[]): readonly FakeStep[] {
  const steps = text.split("\n").flatMap((line): readonly FakeStep[] => {
    const match = /^\s*!([a-z]+)\s*(.*)$/.exec(line);
    return match ? stepOf(match[1] as string, (match[2] as string).trim(), earlier) : [];
  });
  return steps.length > 0 ? steps : [{ do: "say", text: "I obey directives; there was none." }];
}

function stepOf(directive: string, rest: string, earlier: readonly AgentPrompt[]): readonly FakeStep[] {
  switch (directive) {
    case "say":
      return [{ do: "say", text: rest }];
    case "think":
      return [{ do: "think", text: rest }];
    case "bash":
      return [{ do: "tool", name: "bash", input: { command: rest }, output: outputOf(rest) }];
    case "ask": {
      const [question = "", ...options] = rest.split("|").map((piece) => piece.trim());
      const labels = options.length > 0 ? options : ["Yes", "No"];
      return [{ do: "ask", questions: [{ question, options: labels.map((label) => ({ label })) }] }];
    }
    case "sleep":
      return [{ do: "sleep", ms: Number(rest) }];
    case "recall": {
      const said = earlier.find((prompt) => /^remember\b/i.test(prompt.text))?.text;
      return [{ do: "say", text: said === undefined ? "You have not asked me to remember anything." : `You said: ${said}` }];
    }
    case "fail":
      return [{ do: "fail", failure: { code: FAILURE_CODES[rest.slice(0, 3)] ?? "model-unavailable", message: `The model answered ${rest}.` } }];
    default:
      return [];
  }
}

/** Nothing is run: `echo` prints its words, everything else nothing. */
function outputOf(command: string): string {
  const words = /^echo ([^;&|]*)/.exec(command)?.[1];
  return words === undefined ? "" : `${words.trim()}\n`;
}

export function titleOf(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.replace(/^!/, "").slice(0, TITLE_CHARACTERS) || "Session";
}
