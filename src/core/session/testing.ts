/** Helpers of the machine's tests: a session driven by pure steps, with what came out kept whole. */
import type { Message, NewEvent, UpMessage } from "@berth/protocol";
import type { Effect, OutboxItem, Step } from "./session.effects.ts";
import type { InputOf, InputType, NewPrompt, SessionInput } from "./session.inputs.ts";
import { step } from "./session.machine.ts";
import type { SessionState } from "./session.state.ts";

export const ALICE = { actor: { kind: "user", id: "usr_alice", name: "Alice" }, apiKeyId: "key_alice" } as const;
export const T0 = Date.UTC(2026, 0, 1);
export const DEMO = { id: "demo", kind: "openai-compatible", baseUrl: "http://broker/demo", models: [{ id: "demo", name: "Demo" }] } as const;

export function opening(change: Partial<InputOf<"session-opened">> = {}): InputOf<"session-opened"> {
  return {
    type: "session-opened",
    nowMs: T0,
    author: ALICE,
    orgId: "org_1",
    sessionId: "ses_1",
    model: "demo/demo",
    workspace: { kind: "empty" },
    metadata: {},
    externalUserId: null,
    permissions: { "*": "allow" },
    providers: [{ ...DEMO, models: [...DEMO.models] }],
    gitIdentity: null,
    demoOnly: true,
    backends: ["docker", "process"],
    prompt: null,
    ...change,
  };
}

export function prompt(number: number, text = `prompt ${number}`): NewPrompt {
  return { messageId: `msg_${number}`, runId: `run_${number}`, text };
}

type Bare<T extends InputType> = Omit<InputOf<T>, "type" | "nowMs" | "author" | "epoch"> & { readonly epoch?: number };

/** One session and a clock that stands still until it is moved. */
export class Driver {
  nowMs = T0;
  state: SessionState;
  last: Step;
  readonly events: NewEvent[] = [];
  readonly effects: Effect[] = [];
  readonly outbox: OutboxItem[] = [];
  readonly messages = new Map<string, Message>();
  #up = 0;
  #links = 0;

  constructor(change: Partial<InputOf<"session-opened">> = {}) {
    const first = step(null, opening(change));
    if (first.state === null) throw new Error(first.refusal.detail);
    this.state = first.state;
    this.last = first;
    this.#keep(first);
  }

  get epoch(): number {
    return this.state.epoch;
  }

  take<T extends InputType>(type: T, rest: Bare<T>): Step {
    const input = { type, nowMs: this.nowMs, author: ALICE, epoch: this.epoch, ...rest } as unknown as SessionInput;
    if (!EPOCH_INPUTS.has(type)) delete (input as { epoch?: number }).epoch;
    this.last = step(this.state, input);
    this.state = this.last.state;
    this.#keep(this.last);
    return this.last;
  }

  /** The next numbered message of the runtime. */
  up(message: UpMessage, openPartTexts: Record<string, string> = {}): Step {
    this.#up += 1;
    return this.take("up-received", { n: this.#up, message, openPartTexts });
  }

  accept(): Step {
    this.#up = 0;
    this.take("sandbox-token-minted", { tokenHash: `hash-${this.epoch}` });
    return this.take("sandbox-accepted", { backend: this.state.lease?.backend ?? "", isolation: "container" });
  }

  link(received = 0): Step {
    this.#links += 1;
    return this.take("link-opened", { linkId: `con_${this.#links}`, versions: [1], received });
  }

  unlink(): Step {
    return this.take("link-closed", { linkId: `con_${this.#links}` });
  }

  ready(): Step {
    this.accept();
    this.link();
    return this.up({ type: "ready", agent: "opencode", agentVersion: "1" });
  }

  send(number: number, text?: string): Step {
    return this.take("prompt-received", { prompt: prompt(number, text) });
  }

  /** Sends a prompt to a ready session and has it accepted. */
  run(number: number): Step {
    this.send(number);
    return this.up({ type: "accepted", messageId: `msg_${number}` });
  }

  end(number: number, outcome: "completed" | "failed" | "stopped" | "interrupted" = "completed"): Step {
    return this.up({ type: "turn-ended", messageId: `msg_${number}`, outcome });
  }

  /** Moves the clock and lets the alarm fire. */
  wait(ms: number, openPartTexts: Record<string, string> = {}): Step {
    this.nowMs += ms;
    return this.take("clock-ticked", { openPartTexts });
  }

  #keep(taken: Step): void {
    this.events.push(...taken.events);
    this.effects.push(...taken.effects);
    this.outbox.push(...taken.outbox);
    for (const message of taken.messages) this.messages.set(message.id, message);
  }
}

const EPOCH_INPUTS: ReadonlySet<InputType> = new Set([
  "sandbox-token-minted",
  "sandbox-accepted",
  "sandbox-create-failed",
  "sandbox-described",
  "link-opened",
  "link-closed",
  "down-acked",
  "up-received",
  "heartbeat-received",
  "own-secrets-asked",
  "policy-checked",
  "compute-granted",
  "compute-refused",
]);

/** Short lines for whole-list assertions: `message.status running`, `send-frame prompt`. */
export function brief(item: NewEvent | Effect): string {
  if ("data" in item) {
    const data = item.data as Record<string, unknown>;
    const word = data["status"] ?? data["phase"] ?? data["outcome"] ?? (data["part"] as { id?: string } | undefined)?.id ?? data["requestId"];
    return typeof word === "string" ? `${item.type} ${word}` : item.type;
  }
  if (item.type === "send-frame") return `send ${item.frame.type === "down" ? item.frame.body.type : item.frame.type}`;
  if ("epoch" in item) return `${item.type} ${item.epoch}`;
  return item.type;
}
