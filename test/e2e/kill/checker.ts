/**
 * Compares what four witnesses say of the same session: the clients that were told "accepted", the ledger in the sandbox,
 * the events that a reader of server-sent events got, and the rows of Postgres. Shares no code with what it judges.
 */

export interface Accepted {
  readonly key: string;
  readonly messageId: string;
}

/** An event as it came over the wire. */
export interface SeenEvent {
  readonly seq: number;
  readonly type: string;
  readonly messageId?: string;
  readonly runId?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StoredRun {
  readonly id: string;
  readonly messageId: string;
  readonly outcome: string;
  /** As Postgres has them, by `seq`. */
  readonly events: readonly { readonly seq: number; readonly event: SeenEvent }[];
}

export interface Evidence {
  readonly accepted: readonly Accepted[];
  /** Keys, one per effect. */
  readonly ledger: readonly string[];
  /** In the order they came, repeats included. */
  readonly log: readonly SeenEvent[];
  readonly runs: readonly StoredRun[];
  /** How a message may end besides `completed`. */
  readonly mayEnd: readonly string[];
}

export interface Breach {
  readonly kind: "lost" | "twice" | "wrong";
  readonly what: string;
}

const TERMINAL = ["completed", "failed", "stopped", "interrupted", "cancelled"];

export function check(evidence: Evidence): readonly Breach[] {
  return [...checkNumbers(evidence), ...checkKeys(evidence), ...checkMessages(evidence), ...checkEffects(evidence), ...checkRuns(evidence)];
}

const lost = (what: string): Breach => ({ kind: "lost", what });
const twice = (what: string): Breach => ({ kind: "twice", what });
const wrong = (what: string): Breach => ({ kind: "wrong", what });
const times = <T>(list: readonly T[], item: T): number => list.filter((other) => other === item).length;

function checkNumbers({ log }: Evidence): Breach[] {
  return log.flatMap(({ seq }, at) => {
    if (seq === at + 1) return [];
    return [seq <= (log[at - 1]?.seq ?? 0) ? twice(`event ${seq} came again or late`) : wrong(`event ${seq} came as number ${at + 1}`)];
  }).slice(0, 1);
}

/** One key is one message, and nothing else was put in the queue by anybody but the session's own policy. */
function checkKeys({ accepted, log }: Evidence): Breach[] {
  const ids = accepted.map(({ messageId }) => messageId);
  const queued = log.filter(({ type }) => type === "message.queued");
  const own = queued.filter(({ messageId = "", data }) => !ids.includes(messageId) && data["continues"] === undefined && data["retryOf"] === undefined);
  return [
    ...new Set(accepted.filter(({ key }) => times(accepted.map((other) => other.key), key) > 1).map(({ key }) => `key ${key} was accepted as more than one message`)),
  ].map(twice).concat(own.map(({ messageId }) => twice(`message ${messageId} was queued and nobody was told`)));
}

/** Everything that was queued ends, once. */
function checkMessages({ accepted, log, mayEnd }: Evidence): Breach[] {
  const queued = log.flatMap(({ type, messageId }) => (type === "message.queued" && messageId !== undefined ? [messageId] : []));
  const missing = accepted.filter(({ messageId }) => !queued.includes(messageId)).map(({ key }) => lost(`${key} was accepted and is not in the log`));
  const ends = [...new Set(queued)].flatMap((messageId) => {
    const outcomes = endsOf(log, messageId);
    const runs = log.filter((event) => event.type === "run.started" && event.messageId === messageId).length;
    return [
      ...(times(queued, messageId) > 1 ? [twice(`${messageId} was queued ${times(queued, messageId)} times`)] : []),
      ...(outcomes.length === 0 ? [lost(`${messageId} never ended`)] : []),
      ...(outcomes.length > 1 ? [twice(`${messageId} ended as ${outcomes.join(", ")}`)] : []),
      ...(runs > 1 ? [twice(`${messageId} was started ${runs} times`)] : []),
      ...outcomes.filter((outcome) => outcome !== "completed" && !mayEnd.includes(outcome)).map((outcome) => wrong(`${messageId} ended as ${outcome}: ${reasonOf(log, messageId)}`)),
    ];
  });
  return [...missing, ...ends];
}

function endsOf(log: readonly SeenEvent[], messageId: string): string[] {
  return log.flatMap((event) => {
    const status = String(event.data["status"]);
    return event.type === "message.status" && event.messageId === messageId && TERMINAL.includes(status) ? [status] : [];
  });
}

function reasonOf(log: readonly SeenEvent[], messageId: string): string {
  return JSON.stringify(log.find((event) => event.type === "run.ended" && event.messageId === messageId)?.data["failure"] ?? "no reason");
}

/** A completed message took effect once; one that did not complete, at most once; nobody else's key is in the ledger. */
function checkEffects({ accepted, ledger, log }: Evidence): Breach[] {
  const keys = new Set(accepted.map(({ key }) => key));
  const strange = [...new Set(ledger)].filter((key) => !keys.has(key)).map((key) => wrong(`${key} took effect and was never accepted`));
  return strange.concat(
    accepted.flatMap(({ key, messageId }) => {
      const count = times(ledger, key);
      const [outcome] = endsOf(log, messageId);
      if (count > 1) return [twice(`${key} took effect ${count} times and ended as ${outcome}`)];
      return count === 0 && outcome === "completed" ? [lost(`${key} completed and took no effect`)] : [];
    }),
  );
}

/** Every run that ended is in Postgres once, as the log tells it. */
function checkRuns({ log, runs }: Evidence): Breach[] {
  const ended = log.filter(({ type }) => type === "run.ended");
  const unknown = runs.filter(({ id }) => !ended.some(({ runId }) => runId === id)).map(({ id }) => wrong(`run ${id} is in Postgres and never ended in the log`));
  return unknown.concat(
    [...new Set(ended.map(({ runId }) => runId))].flatMap((runId) => {
      const ends = ended.filter((event) => event.runId === runId);
      const rows = runs.filter(({ id }) => id === runId);
      const [row] = rows;
      if (!row) return [lost(`run ${runId} is not in Postgres`)];
      const told = log.filter((event) => event.runId === runId).map((event) => JSON.stringify(event));
      const stored = row.events.map(({ event }) => JSON.stringify(event));
      return [
        ...(ends.length > 1 ? [twice(`run ${runId} ended ${ends.length} times`)] : []),
        ...(rows.length > 1 ? [twice(`run ${runId} is in Postgres ${rows.length} times`)] : []),
        ...(row.outcome === ends[0]?.data["outcome"] && row.messageId === ends[0]?.messageId ? [] : [wrong(`run ${runId} is told otherwise by Postgres`)]),
        ...told.filter((event) => !stored.includes(event)).map((event) => lost(`an event of run ${runId} is not in Postgres: ${event.slice(0, 160)}`)),
        ...(stored.length > told.length ? [twice(`run ${runId} has ${stored.length} events in Postgres, ${told.length} in the log`)] : []),
        ...(row.events.some(({ seq, event }) => seq !== event.seq) ? [wrong(`run ${runId} has an event under another number`)] : []),
      ];
    }),
  );
}
