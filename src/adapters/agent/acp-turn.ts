/**
 * One turn of an ACP agent, from its prompt to its end: the agent's updates in, AgentEvents out, the same whether they are
 * live or told again after a restart. Pure. A part starts once, ends once, and its end carries the whole text.
 */
import type { Answer, Part, UpMessage } from "@berth/protocol";
import type { ContentBlock, PermissionOption, RequestPermissionRequest, SessionUpdate, ToolCallUpdate } from "@agentclientprotocol/sdk/unstable";
import type { AgentEvent } from "../../ports/agent/agent.port.ts";
import type { TurnEnd } from "./acp-record.ts";
import { optionFor, textOf, todoOf, toolSoFar, toolState, type ToolCallSoFar } from "./acp-updates.ts";

interface Spoken {
  readonly id: string;
  readonly kind: "text" | "reasoning";
  /** The agent's own id of what it says, where it has one. */
  readonly of: string | null;
  text: string;
}

interface Tool {
  readonly id: string;
  call: ToolCallSoFar;
  started: boolean;
  ended: boolean;
  streamed: string;
}

type TurnEvent = Extract<AgentEvent, { kind: "message" }>["message"];

export class AcpTurn {
  readonly messageId: string;
  #begun = false;
  #spoken: Spoken | null = null;
  #spokenCount = 0;
  readonly #tools = new Map<string, Tool>();
  readonly #requests = new Map<string, readonly PermissionOption[]>();
  stopRequested = false;

  constructor(messageId: string) {
    this.messageId = messageId;
  }

  /** False while the agent has neither said nor done anything. */
  get hasAnswer(): boolean {
    return this.#spokenCount > 0 || this.#tools.size > 0;
  }

  activity(): string {
    if (this.#requests.size > 0) return "waiting for an answer";
    for (const { call, started, ended } of this.#tools.values()) if (started && !ended) return call.name;
    return "model";
  }

  begin(): AgentEvent[] {
    if (this.#begun) return [];
    this.#begun = true;
    return say({ type: "turn-started", messageId: this.messageId });
  }

  apply(update: SessionUpdate): AgentEvent[] {
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        return this.#onChunk("text", update.content, update.messageId ?? null);
      case "agent_thought_chunk":
        return this.#onChunk("reasoning", update.content, update.messageId ?? null);
      case "tool_call":
      case "tool_call_update":
        return this.#onTool(update);
      case "plan":
        return say(todoOf(this.messageId, update.entries));
      default:
        return [];
    }
  }

  asked(requestId: string, { toolCall, options }: RequestPermissionRequest): AgentEvent[] {
    const { name: tool, title = tool, input } = toolSoFar(this.#tools.get(toolCall.toolCallId)?.call, toolCall);
    this.#requests.set(requestId, options);
    const detail = typeof input === "object" && input !== null ? { detail: input as Record<string, unknown> } : {};
    return say({ type: "permission-asked", messageId: this.messageId, requestId, tool, title, patterns: [title], ...detail });
  }

  /** The option of the agent's that an answer means. `gone`: nobody waits for it. `wrong-kind`: it is no answer to it. */
  take(requestId: string, answer: Answer): { readonly optionId: string | null } | "gone" | "wrong-kind" {
    const options = this.#requests.get(requestId);
    if (!options) return "gone";
    if (answer.kind === "question") return "wrong-kind";
    const reply = answer.kind === "permission" ? answer.reply : "reject";
    const optionId = optionFor(reply, options);
    // Without an option to say no by, the question is called off, which is a no as well.
    if (optionId === null && reply !== "reject") return "wrong-kind";
    this.#requests.delete(requestId);
    return { optionId };
  }

  /** The turn is over: ends what is open, withdraws what is unanswered, and says how it went. */
  finish(end: TurnEnd): AgentEvent[] {
    const events = [...this.begin(), ...this.#endSpoken()];
    for (const tool of this.#tools.values()) if (tool.started && !tool.ended) events.push(...this.#endTool(tool, cut(tool)));
    for (const requestId of this.#requests.keys()) events.push(...say({ type: "request-gone", requestId }));
    this.#requests.clear();
    return [...events, ...say({ type: "turn-ended", messageId: this.messageId, ...end })];
  }

  #onChunk(kind: Spoken["kind"], content: ContentBlock, of: string | null): AgentEvent[] {
    const text = textOf(content);
    if (text === "") return [];
    const events: AgentEvent[] = [];
    if (this.#spoken?.kind !== kind || this.#spoken.of !== of) {
      events.push(...this.#endSpoken());
      this.#spoken = { id: `${this.messageId}.${++this.#spokenCount}`, kind, of, text: "" };
      events.push(...this.#tell("part-started", { id: this.#spoken.id, kind, text: "" }));
    }
    events.push({ kind: "delta", partId: this.#spoken.id, offset: this.#spoken.text.length, text });
    this.#spoken.text += text;
    return events;
  }

  /** A tool is told once its input is whole, which the agent says by beginning with it. */
  #onTool(update: ToolCallUpdate): AgentEvent[] {
    const events = this.#tools.has(update.toolCallId) ? [] : this.#endSpoken();
    const tool = this.#toolOf(update);
    if (tool.ended || tool.call.status === "pending") return events;
    if (!tool.started) {
      tool.started = true;
      events.push(...this.#tell("part-started", { id: tool.id, kind: "tool", tool: toolState({ ...tool.call, status: "in_progress" }) }));
    }
    if (tool.call.status === "in_progress") return [...events, ...this.#streamOutput(tool)];
    const printed = tool.call.status === "failed" && tool.streamed !== "" ? { output: tool.streamed } : {};
    return [...events, ...this.#endTool(tool, { id: tool.id, kind: "tool", tool: { ...toolState(tool.call), ...printed } })];
  }

  #toolOf(update: ToolCallUpdate): Tool {
    const known = this.#tools.get(update.toolCallId);
    const call = toolSoFar(known?.call, update);
    if (known) {
      known.call = call;
      return known;
    }
    const tool: Tool = { id: `${this.messageId}.${update.toolCallId}`, call, started: false, ended: false, streamed: "" };
    this.#tools.set(update.toolCallId, tool);
    return tool;
  }

  /** Agents tell the output so far anew each time. One that tells only its end continues no beginning, and is not streamed. */
  #streamOutput(tool: Tool): AgentEvent[] {
    const { output } = tool.call;
    if (output.length <= tool.streamed.length || !output.startsWith(tool.streamed)) return [];
    const offset = tool.streamed.length;
    tool.streamed = output;
    return [{ kind: "delta", partId: tool.id, offset, text: output.slice(offset) }];
  }

  #endSpoken(): AgentEvent[] {
    const spoken = this.#spoken;
    this.#spoken = null;
    return spoken ? this.#tell("part-ended", { id: spoken.id, kind: spoken.kind, text: spoken.text }) : [];
  }

  #endTool(tool: Tool, part: Part): AgentEvent[] {
    tool.ended = true;
    return this.#tell("part-ended", part);
  }

  #tell(type: "part-started" | "part-ended", part: Part): AgentEvent[] {
    return say({ type, messageId: this.messageId, part });
  }
}

function say(message: TurnEvent & UpMessage): AgentEvent[] {
  return [{ kind: "message", message }];
}

function cut({ id, call, streamed }: Tool): Part {
  const state = toolState({ ...call, status: "in_progress" });
  return { id, kind: "tool", tool: { ...state, status: "failed", ...(streamed && { output: streamed }), error: "The turn ended before this tool did." } };
}
