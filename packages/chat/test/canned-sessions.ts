/** Sessions to look at: one of each state. */
import type { CreateSession, Failure, NewEvent, ToolState } from "@berth/protocol";
import type { MemorySession } from "../../sdk/test/memory-server/session.ts";
import type { MemoryState } from "../../sdk/test/memory-server/state.ts";

const ORDERS = { kind: "folder", path: "/home/ada/code/orders" } as const;

const ANSWER = `Found it. \`lineTotal\` rounds each line **before** the tax is added, so three lines of €0.333 lose a cent:

| order | was | is now |
| --- | --- | --- |
| 3 × €0.333 | €0.99 | €1.00 |
| 12 × €8.05 | €96.58 | €96.60 |

I moved the rounding to the end of the sum:

\`\`\`ts
export function orderTotal(lines: readonly Line[], rate: number): Money {
  const net = lines.reduce((sum, line) => sum + line.price * line.count, 0);
  return roundHalfEven(net * (1 + rate), 2);
}
\`\`\`

What I checked:

1. All 23 tests pass, nine of them new.
2. \`invoice.ts\` used the old helper too; it now calls \`orderTotal\`.
3. No other caller rounds by itself ([list of callers](https://example.com/callers)).
`;

let ids = 0;

function tool(session: MemorySession, messageId: string, state: Partial<ToolState> & { name: string }): void {
  const id = `canned_${++ids}`;
  const full: ToolState = { callId: id, status: "completed", ...state };
  session.emit({ type: "part.started", messageId, data: { part: { id, kind: "tool", tool: { ...full, status: "running", output: undefined } } } });
  if (full.status !== "running") session.emit({ type: "part.ended", messageId, data: { part: { id, kind: "tool", tool: full } } });
}

function text(session: MemorySession, messageId: string, kind: "text" | "reasoning", value: string): void {
  const id = `canned_${++ids}`;
  session.emit({ type: "part.started", messageId, data: { part: { id, kind, text: "" } } });
  session.emit({ type: "part.ended", messageId, data: { part: { id, kind, text: value } } });
}

function end(session: MemorySession, messageId: string, usage: number, costMicros: number | null): void {
  const counted = { inputTokens: usage, outputTokens: 912, reasoningTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  session.emit({ type: "run.ended", messageId, runId: "run_c", data: { outcome: "completed", usage: counted, costMicros } });
  session.emit({ type: "message.status", messageId, data: { status: "completed" } });
  session.emit({ type: "session.status", data: { status: "idle" } });
}

function begin(session: MemorySession, prompt: string): string {
  const messageId = `msg_c${++ids}`;
  const emit = (event: NewEvent): void => session.emit(event);
  emit({ type: "message.queued", messageId, actor: session.session.createdBy, data: { text: prompt, model: session.session.model, position: 0 } });
  emit({ type: "message.status", messageId, data: { status: "running" } });
  emit({ type: "run.started", messageId, runId: "run_c", data: { model: session.session.model, epoch: 1 } });
  emit({ type: "session.status", data: { status: "running" } });
  return messageId;
}

async function open(state: MemoryState, input: CreateSession): Promise<MemorySession> {
  const session = state.open(input);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return session;
}

export async function fillCannedSessions(state: MemoryState): Promise<void> {
  state.models.push({ id: "anthropic/claude-sonnet-4-5", name: "Claude Sonnet 4.5", provider: "anthropic", demo: false });
  state.models.push({ id: "openai/gpt-5", name: "GPT-5", provider: "openai", demo: false });
  state.providerKeys.push({ id: "pk_1", scope: { kind: "org" }, provider: "anthropic", kind: "anthropic", baseUrl: "https://api.anthropic.com", hasKey: true, usesKey: true, modelCount: 7, createdAt: new Date().toISOString() });
  state.discoveries.push({ id: "d1", provider: "openai", kind: "openai", source: "environment variable OPENAI_API_KEY", imported: false });
  state.discoveries.push({ id: "d2", provider: "ollama", kind: "openai-compatible", source: "model server at 127.0.0.1:11434", baseUrl: "http://127.0.0.1:11434/v1", imported: false });

  const at = new Date().toISOString();
  state.environments.push({ id: "env_1", name: "Web tests", repositories: [], variables: { APP_MODE: "test", DATABASE_URL: "postgres://127.0.0.1:5432/orders" }, setupScript: "npm ci\nnpm run db:start\n", ports: [{ port: 5173, name: "web" }, { port: 8025, name: "mail" }], resources: { memoryMb: 2_048 }, createdAt: at, updatedAt: at });
  state.environments.push({ id: "env_2", name: "Release of the second generation of the billing worker", repositories: ["rep_gone"], variables: {}, setupScript: "", ports: [], resources: {}, createdAt: at, updatedAt: at });
  setUp(await open(state, { model: "demo/demo", title: "Set up and ready", environment: "env_1" }), null);
  setUp(await open(state, { model: "demo/demo", title: "Set up in vain", environment: "env_1" }), { code: "setup-failed", message: "The setup script ended with code 1. The session goes on with what it had done.", fix: "Change the environment's setup script; the next new session runs it." });
  setUp(await open(state, { model: "demo/demo", title: "Setting up", environment: "env_1" }), "running");
  const failed = await open(state, { model: "anthropic/claude-sonnet-4-5", title: "Upgrade the billing worker to Node 24", workspace: { kind: "folder", path: "/home/ada/code/billing" } });
  failed.emit({ type: "session.status", data: { status: "failed", failure: { code: "start-timeout", message: "No sandbox became ready within 90 s; docker and process were tried.", fix: "Is Docker running? `npm run doctor` says what is missing." } } });
  const asleep = await open(state, { model: "anthropic/claude-sonnet-4-5", title: "Draft the release notes for 2.4" });
  asleep.emit({ type: "session.status", data: { status: "hibernated" } });
  const asking = await open(state, { model: "anthropic/claude-sonnet-4-5", title: "Clean up unused feature flags", workspace: ORDERS });
  await permission(asking);
  await question(await open(state, { model: "openai/gpt-5", title: "Choose a date library", workspace: ORDERS }));
  await open(state, { model: "demo/demo", title: "Try the demo model" }).then((demo) => demo.send("!think I am asked to print something.\n!bash echo hello from the sandbox\n!say Done: the command printed a line."));
  rounding(await open(state, { model: "anthropic/claude-sonnet-4-5", title: "Fix the rounding of order totals", workspace: ORDERS }));
}

function setUp(session: MemorySession, outcome: Failure | "running" | null): void {
  const environment = { id: "env_1", name: "Web tests" };
  session.emit({ type: "environment.status", data: { environment, phase: "setting-up" } });
  session.emit({ type: "environment.output", data: { text: "npm warn deprecated inflight@1.0.6: this module is not supported\nadded 212 packages in 9s\n" } });
  if (outcome === "running") return;
  session.emit({ type: "environment.status", data: { environment, ...(outcome === null ? { phase: "ready" } : { phase: "failed", failure: outcome }) } });
}

async function permission(session: MemorySession): Promise<void> {
  const id = begin(session, "Remove every feature flag that is on for all customers.");
  text(session, id, "text", "Four flags are on everywhere. I would delete them and their dead branches, and then run the codemod that rewrites the call sites.");
  session.emit({ type: "permission.asked", messageId: id, data: { requestId: "req_c1", tool: "bash", title: "Run the codemod", patterns: ["npx jscodeshift *"], detail: { command: "npx jscodeshift -t tools/remove-flags.ts src --flags=newCheckout,fastSearch,darkMode,invoiceV2" } } });
  session.emit({ type: "session.status", data: { status: "waiting", waitingFor: "permission" } });
}

async function question(session: MemorySession): Promise<void> {
  const id = begin(session, "Replace moment with something smaller.");
  text(session, id, "reasoning", "Three candidates. The code base only formats and adds days, so any will do; the team's preference matters more than the features.");
  session.emit({ type: "question.asked", messageId: id, data: { requestId: "req_c2", questions: [{ question: "Which library should replace moment?", options: [{ label: "date-fns", description: "Plain functions, only what is used is bundled" }, { label: "Day.js", description: "The same interface as moment, 7 kB" }, { label: "Temporal polyfill", description: "The coming standard" }] }] } });
  session.emit({ type: "session.status", data: { status: "waiting", waitingFor: "question" } });
}

function rounding(session: MemorySession): void {
  const id = begin(session, "Customers report totals that are a cent off. Find out why, fix it, and run the tests.");
  text(session, id, "reasoning", "Totals a cent off smell like rounding per line. Let me look for toFixed and Math.round first.");
  text(session, id, "text", "I will look at where totals are rounded first.");
  tool(session, id, { name: "grep", input: { pattern: "toFixed|Math.round" }, output: "src/totals.ts:18\nsrc/totals.ts:31\nsrc/invoice.ts:44\n" });
  tool(session, id, { name: "edit", input: { filePath: "src/totals.ts", oldString: "  return Number((net * (1 + rate)).toFixed(2));\n", newString: "  return roundHalfEven(net * (1 + rate), 2);\n" }, output: "Edited" });
  tool(session, id, { name: "bash", input: { command: "npm test" }, output: "\n> orders@2.4.0 test\n> vitest run\n\n ✓ test/totals.test.ts (14 tests) 38ms\n ✓ test/rounding.test.ts (9 tests) 12ms\n\n Test Files  2 passed (2)\n      Tests  23 passed (23)\n" });
  tool(session, id, { name: "bash", input: { command: "git diff --stat" }, output: " src/totals.ts         | 11 ++++++-----\n test/rounding.test.ts | 27 +++++++++++++++++++++++++++\n 2 files changed, 33 insertions(+), 5 deletions(-)\n" });
  text(session, id, "text", ANSWER);
  end(session, id, 18_240, 41_300);
}
