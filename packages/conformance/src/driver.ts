/**
 * How the kit makes a server produce a known stream: by prompts alone. A driver writes the steps of a scene as a prompt
 * that the server's agent plays. docs/conformance.md describes both drivers.
 */

export type Step =
  | { readonly say: string }
  | { readonly think: string }
  /** A tool call whose output holds this word. */
  | { readonly tool: string }
  /** A tool call that prints `printed` of so many numbers. */
  | { readonly print: number }
  /** A tool call that waits for a permission; its output holds this word. */
  | { readonly permit: string }
  /** Says `1 2 3 …` up to `tokens`, paced. */
  | { readonly stream: number; readonly perSecond: number }
  /** Says `1 2 3 …` at that pace until its turn is stopped: the kit sees as much of it as it needs, however slow the machine is. */
  | { readonly endless: number }
  | { readonly ask: string; readonly options: readonly string[] };

export interface Driver {
  /** Of the sessions the kit makes. */
  readonly model: string;
  /** Further fields of these sessions, where the steps need them. */
  readonly session?: Readonly<Record<string, unknown>>;
  prompt(steps: readonly Step[]): string;
}

/** As many as the demo model can be asked for; at 600 a second half an hour. */
const ENDLESS_TOKENS = 1_000_000;

export const counted = (tokens: number): string => Array.from({ length: tokens }, (_, at) => `${at + 1} `).join("");

/** What a tool prints that is told to print much: each number with characters of several bytes. */
export const printed = (numbers: number): string => Array.from({ length: numbers }, (_, at) => `${at + 1} é🙂`).join(" ");

/** Whether a text is how `1 2 3 …` begins. */
export const isCount = (text: string): boolean => counted(text.length).startsWith(text);

/** Berth's demo model, which obeys one directive a line. */
export const demoDriver: Driver = {
  model: "demo/demo",
  session: { permissions: { "*": "allow", bash: { "*": "allow", "date *": "ask" } } },
  prompt: (steps) =>
    steps
      .map((step) => {
        if ("say" in step) return `!say ${step.say}`;
        if ("think" in step) return `!think ${step.think}`;
        if ("tool" in step) return `!bash echo ${step.tool}`;
        if ("stream" in step) return `!stream ${step.stream} ${step.perSecond}`;
        if ("print" in step) return `!bash printf '%s é🙂 ' $(seq 1 ${step.print})`;
        if ("permit" in step) return `!bash date +${step.permit}`;
        if ("endless" in step) return `!stream ${ENDLESS_TOKENS} ${step.endless}`;
        return `!ask ${[step.ask, ...step.options].join(" | ")}`;
      })
      .join("\n"),
};

/** A server whose agent plays a script of parts and pieces. `speed` shortens the waits between pieces. */
export function scriptDriver(model: string, speed = 1): Driver {
  const written = (step: Step): object => {
    if ("say" in step) return { text: step.say, pieces: step.say.split(/(?<= )/), everyMs: 1 };
    if ("think" in step) return { reasoning: step.think, pieces: step.think.split(/(?<= )/), everyMs: 1 };
    if ("tool" in step) return { tool: `echo ${step.tool}` };
    if ("permit" in step) return { permit: `echo ${step.permit}` };
    if ("stream" in step) {
      const everyMs = 1000 / step.perSecond / speed;
      // No timer is as short as a millisecond: what is paced faster comes at once.
      return { text: "", pieces: counted(step.stream).split(/(?<= )/), ...(everyMs >= 1 ? { everyMs } : {}) };
    }
    if ("endless" in step) return { endless: Math.max(1, 1000 / step.endless / speed) };
    return step;
  };
  return { model, prompt: (steps) => JSON.stringify({ script: steps.map(written) }) };
}
