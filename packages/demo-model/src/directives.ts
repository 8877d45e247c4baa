/** The directives of a prompt: one per line, obeyed in order; lines that are none are left alone. */

export type Directive =
  | { readonly kind: "bash"; readonly command: string }
  | { readonly kind: "write"; readonly path: string; readonly content: string }
  | { readonly kind: "ask"; readonly question: string; readonly options: readonly string[] }
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "think"; readonly text: string }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "stream"; readonly tokens: number; readonly perSecond: number }
  | { readonly kind: "fail"; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: "cut" }
  | { readonly kind: "recall" }
  /** A directive that lacks something; answered with how it is written. */
  | { readonly kind: "usage"; readonly usage: string };

/** How each directive is written. Also what the model says about itself. */
export const USAGE = {
  bash: "!bash <command>",
  write: "!write <path> <content>  (\\n in the content is a new line)",
  ask: "!ask <question>  (or !ask <question> | <option> | <option>)",
  say: "!say <text>",
  think: "!think <text>",
  sleep: "!sleep <milliseconds>",
  stream: "!stream <tokens> <per-second>",
  fail: "!fail <status> [retry-after]",
  cut: "!cut",
  recall: "!recall",
} as const;
type Name = keyof typeof USAGE;

const SLEEP_MS_MAX = 600_000;
const TOKENS_MAX = 1_000_000;
const PER_SECOND_MAX = 100_000;

const READERS: { readonly [N in Name]: (rest: string) => Directive | null } = {
  bash: (rest) => (rest ? { kind: "bash", command: rest } : null),
  write: (rest) => {
    const match = /^(\S+)\s?([\s\S]*)$/.exec(rest);
    return match ? { kind: "write", path: match[1] as string, content: (match[2] as string).replaceAll("\\n", "\n") } : null;
  },
  ask: (rest) => {
    const [question = "", ...options] = rest.split("|").map((piece) => piece.trim());
    return question ? { kind: "ask", question, options: options.filter((option) => option !== "") } : null;
  },
  say: (rest) => (rest ? { kind: "say", text: rest } : null),
  think: (rest) => (rest ? { kind: "think", text: rest } : null),
  sleep: (rest) => {
    const ms = count(rest, 0, SLEEP_MS_MAX);
    return ms === null ? null : { kind: "sleep", ms };
  },
  stream: (rest) => {
    const [first = "", second = "50"] = rest.split(/\s+/);
    const tokens = count(first, 1, TOKENS_MAX);
    const perSecond = count(second, 1, PER_SECOND_MAX);
    return tokens === null || perSecond === null ? null : { kind: "stream", tokens, perSecond };
  },
  fail: (rest) => {
    const [first = "", retryAfter] = rest.split(/\s+/);
    const status = count(first, 400, 599);
    return status === null ? null : { kind: "fail", status, retryAfter: retryAfter ?? null };
  },
  cut: () => ({ kind: "cut" }),
  recall: () => ({ kind: "recall" }),
};

function count(digits: string, min: number, max: number): number | null {
  if (!/^\d{1,9}$/.test(digits)) return null;
  const value = Number(digits);
  return value >= min && value <= max ? value : null;
}

export function parseDirectives(prompt: string): readonly Directive[] {
  const directives: Directive[] = [];
  for (const line of prompt.split(/\r?\n/)) {
    const match = /^\s*!([a-z]+)(?:\s+(.*))?$/.exec(line);
    const name = match?.[1];
    if (name === undefined || !Object.hasOwn(USAGE, name)) continue;
    const directive = READERS[name as Name]((match?.[2] ?? "").trim());
    directives.push(directive ?? { kind: "usage", usage: USAGE[name as Name] });
  }
  return directives;
}
