/**
 * Events and deltas → a conversation that can be shown. Pure: the same events in any batching give the same transcript,
 * an event seen twice changes nothing, and unchanged turns keep their identity.
 */
import type { Delta, EventData, Part, SessionEvent } from "@berth/protocol";
import type { RequestItem, Transcript, TranscriptEnvironment, Turn, TurnItem } from "./transcript-model.ts";

export function emptyTranscript(): Transcript {
  return {
    lastSeq: 0,
    title: "",
    model: null,
    status: "starting",
    waitingFor: null,
    failure: null,
    budget: null,
    workspace: null,
    workspaceStatus: null,
    sandbox: null,
    agent: null,
    environment: null,
    todos: [],
    mismatch: [],
    savedAt: null,
    saveFailure: null,
    restoredAt: null,
    turns: [],
  };
}

/** An event that is not newer than `lastSeq` is ignored; so is an unknown type, apart from its `seq`. */
export function applyEvent(transcript: Transcript, event: SessionEvent): Transcript {
  if (event.seq <= transcript.lastSeq) return transcript;
  return reduce({ ...transcript, lastSeq: event.seq }, event);
}

export function applyEvents(transcript: Transcript, events: readonly SessionEvent[]): Transcript {
  return events.reduce(applyEvent, transcript);
}

/** Text of a part that is still open. What is known already is not added twice; a piece after a gap is left out. */
export function applyDelta(transcript: Transcript, delta: Delta): Transcript {
  const index = transcript.turns.findLastIndex((turn) => turn.items.some((item) => isOpenPart(item, delta.partId)));
  if (index < 0) return transcript;
  return withTurn(transcript, index, (turn) => ({
    ...turn,
    items: turn.items.map((item) => (isOpenPart(item, delta.partId) ? grow(item, delta) : item)),
  }));
}

export function applyDeltas(transcript: Transcript, deltas: readonly Delta[]): Transcript {
  return deltas.reduce(applyDelta, transcript);
}

function reduce(transcript: Transcript, event: SessionEvent): Transcript {
  switch (event.type) {
    case "session.created":
      return { ...transcript, ...event.data, agent: event.data.agent ?? null, environment: event.data.environment ? { ...event.data.environment, phase: null, failure: null, output: "" } : null };
    case "session.updated":
      return { ...transcript, title: event.data.title ?? transcript.title, model: event.data.model ?? transcript.model };
    case "session.status": {
      const { status, waitingFor = null, failure = null } = event.data;
      // Told before the status that says it waits; what does not wait needs no room.
      return { ...transcript, status, waitingFor, failure, budget: status === "waiting" ? transcript.budget : null };
    }
    case "sandbox.status": {
      // What it stands in for is told once, and holds for its whole start.
      const isNew = event.data.phase === "requested";
      const sandbox = { ...transcript.sandbox, failure: undefined, ...(isNew ? { insteadOf: undefined, isolation: undefined } : {}), ...event.data };
      return { ...transcript, sandbox, ...(isNew ? { restoredAt: null, mismatch: [] } : {}) };
    }
    case "environment.status":
      return { ...transcript, environment: environment(transcript, event.data) };
    case "environment.output":
      return { ...transcript, environment: transcript.environment && { ...transcript.environment, output: transcript.environment.output + event.data.text } };
    case "workspace.checkpoint":
      return checkpoint(transcript, event);
    case "workspace.status":
      return { ...transcript, workspaceStatus: event.data };
    case "workspace.applied":
      return appendItem(transcript, event, { kind: "applied", id: event.id, at: event.at, ...event.data });
    case "message.queued":
      return addTurn(transcript, newTurn(event));
    case "message.moved":
      return moveTurn(transcript, event.messageId ?? "", event.data.position);
    case "message.steer-deferred":
      return changeTurn(transcript, event, (turn) => ({ ...turn, deferred: event.data.reason }));
    case "message.status":
      return changeTurn(transcript, event, (turn) => ({ ...turn, status: event.data.status, failure: event.data.failure ?? null }));
    case "run.started":
      return changeTurn(transcript, event, (turn) => ({ ...turn, model: event.data.model, run: { id: event.runId ?? "", startedAt: event.at, endedAt: null, stopping: false, end: null } }));
    case "run.stopping":
      return changeTurn(transcript, event, (turn) => (turn.run ? { ...turn, run: { ...turn.run, stopping: true } } : turn));
    case "run.ended":
      return changeTurn(transcript, event, (turn) => ({ ...turn, run: { id: event.runId ?? "", startedAt: turn.run?.startedAt ?? event.at, endedAt: event.at, stopping: turn.run?.stopping ?? false, end: event.data } }));
    case "part.started":
      return putPart(transcript, event, event.data.part, event.data.part.tool ? event.data.part.tool.status === "running" : true);
    case "part.ended":
      return putPart(transcript, event, event.data.part, false);
    case "permission.asked":
      return appendItem(transcript, event, { kind: "permission", id: event.data.requestId, at: event.at, answer: null, ...event.data });
    case "question.asked":
      return appendItem(transcript, event, { kind: "question", id: event.data.requestId, at: event.at, answer: null, ...event.data });
    case "request.answered":
      return answerRequest(transcript, event.data.requestId, event.data.answer);
    case "budget.reached":
      return { ...transcript, budget: event.data };
    case "budget.lifted":
      return { ...transcript, budget: null };
    case "secrets.masked":
      return appendItem(transcript, event, { kind: "masked", id: event.id, at: event.at, ...event.data });
    case "policy.mismatch":
      return { ...transcript, mismatch: event.data.facts };
    case "todo.updated":
      return { ...transcript, todos: event.data.items };
    default:
      return transcript;
  }
}

function newTurn(event: Extract<SessionEvent, { type: "message.queued" }>): Turn {
  return {
    messageId: event.messageId ?? event.id,
    text: event.data.text,
    model: event.data.model,
    author: event.actor ?? null,
    at: event.at,
    status: "queued",
    failure: null,
    steers: event.data.delivery === "steer",
    deferred: null,
    continues: event.data.continues ?? null,
    retryOf: event.data.retryOf ?? null,
    run: null,
    items: [],
  };
}

/** What stands in for an interrupted message goes before those that wait. */
function addTurn(transcript: Transcript, turn: Turn): Transcript {
  const waiting = transcript.turns.findIndex(({ status }) => status === "queued");
  const at = waiting < 0 || (turn.continues ?? turn.retryOf) === null ? transcript.turns.length : waiting;
  return { ...transcript, turns: transcript.turns.toSpliced(at, 0, turn) };
}

/** @param position how many are before it then, the running one included */
function moveTurn(transcript: Transcript, messageId: string, position: number): Transcript {
  const moved = transcript.turns.find((turn) => turn.messageId === messageId);
  if (!moved) return transcript;
  const others = transcript.turns.filter((turn) => turn !== moved);
  const isRunning = others.some(({ run }) => run !== null && run.end === null);
  const next = others.filter(({ status }) => status === "queued")[position - (isRunning ? 1 : 0)];
  const at = next ? others.indexOf(next) : others.length;
  return { ...transcript, turns: others.toSpliced(at, 0, moved) };
}

/** A script that begins again prints anew. */
function environment({ environment: known }: Transcript, { environment: { id, name }, phase, failure }: EventData<"environment.status">): TranscriptEnvironment {
  return { id, name, phase, failure: failure ?? null, output: phase === "setting-up" ? "" : (known?.output ?? "") };
}

function checkpoint(transcript: Transcript, { data, at }: Extract<SessionEvent, { type: "workspace.checkpoint" }>): Transcript {
  if (data.phase === "failed") return { ...transcript, saveFailure: data.failure ?? null };
  return data.phase === "restored" ? { ...transcript, restoredAt: at } : { ...transcript, savedAt: at, saveFailure: null };
}

/** The event's own turn, or for one that names no message the newest that has begun. */
function turnIndex(transcript: Transcript, messageId: string | undefined): number {
  const { turns } = transcript;
  if (messageId !== undefined) return turns.findLastIndex((turn) => turn.messageId === messageId);
  return turns.findLastIndex((turn) => turn.status !== "queued" && turn.status !== "cancelled");
}

function withTurn(transcript: Transcript, index: number, change: (turn: Turn) => Turn): Transcript {
  return { ...transcript, turns: transcript.turns.map((turn, at) => (at === index ? change(turn) : turn)) };
}

function changeTurn(transcript: Transcript, event: SessionEvent, change: (turn: Turn) => Turn): Transcript {
  const index = turnIndex(transcript, event.messageId);
  return index < 0 ? transcript : withTurn(transcript, index, change);
}

function appendItem(transcript: Transcript, event: SessionEvent, item: TurnItem): Transcript {
  return changeTurn(transcript, event, (turn) => ({ ...turn, items: [...turn.items, item] }));
}

function putPart(transcript: Transcript, event: SessionEvent, part: Part, open: boolean): Transcript {
  return changeTurn(transcript, event, (turn) => {
    const known = turn.items.some((item) => item.kind === "part" && item.id === part.id);
    const put = (text: string): TurnItem => ({ kind: "part", id: part.id, part, text, open });
    if (!known) return { ...turn, items: [...turn.items, put(part.text ?? part.tool?.output ?? "")] };
    return {
      ...turn,
      items: turn.items.map((item) =>
        item.kind === "part" && item.id === part.id ? { ...put(part.text ?? part.tool?.output ?? item.text), part: { ...part, ...toolOf(item.part, part) } } : item,
      ),
    };
  });
}

/** An end that was made for a call which nobody saw end does not know what went into it. */
function toolOf({ tool: before }: Part, { tool }: Part): Pick<Part, "tool"> {
  return tool ? { tool: { ...(before?.input === undefined ? {} : { input: before.input }), ...(before?.title === undefined ? {} : { title: before.title }), ...tool } } : {};
}

function answerRequest(transcript: Transcript, requestId: string, answer: NonNullable<RequestItem["answer"]>): Transcript {
  const index = transcript.turns.findLastIndex((turn) => turn.items.some((item) => item.id === requestId));
  if (index < 0) return transcript;
  return withTurn(transcript, index, (turn) => ({
    ...turn,
    items: turn.items.map((item) =>
      (item.kind === "permission" || item.kind === "question") && item.id === requestId ? { ...item, answer } : item,
    ),
  }));
}

function isOpenPart(item: TurnItem, partId: string): item is Extract<TurnItem, { kind: "part" }> {
  return item.kind === "part" && item.open && item.id === partId;
}

function grow(item: Extract<TurnItem, { kind: "part" }>, delta: Delta): TurnItem {
  const { offset, text } = delta;
  if (offset > item.text.length || offset + text.length <= item.text.length) return item;
  return { ...item, text: item.text.slice(0, offset) + text };
}
