/**
 * What Postgres holds of a session against the log as a reader of server-sent events got it. Shares no code with the
 * system: it knows the wire's words and nothing else.
 */
import type { SeenEvent, StoredRun } from "../kill/checker.ts";

export interface StoredRow extends StoredRun {
  readonly author: unknown;
  readonly apiKeyId: string | null;
  readonly model: string;
}

/** Sentences, one per difference; none when Postgres says what the log says. */
export function differences(log: readonly SeenEvent[], rows: readonly StoredRow[]): string[] {
  const ended = endedRuns(log);
  const missing = ended.filter((runId) => !rows.some(({ id }) => id === runId)).map((runId) => `${runId} ended and is not stored`);
  const strange = rows.filter(({ id }) => !ended.includes(id)).map(({ id }) => `${id} is stored and never ended`);
  const order = rows.map(({ id }) => id).filter((id) => ended.includes(id));
  const expected = ended.filter((runId) => order.includes(runId));
  const moved = order.findIndex((id, i) => id !== expected[i]);
  const misplaced = moved === -1 ? [] : [`${order[moved]} is stored where ${expected[moved]} belongs`];
  return [...missing, ...strange, ...misplaced, ...rows.flatMap((row) => differencesOf(log, row))];
}

/** Ids of the runs whose end the log holds, in its order. */
export function endedRuns(log: readonly SeenEvent[]): string[] {
  return log.filter(({ type }) => type === "run.ended").map(({ runId = "" }) => runId);
}

function differencesOf(log: readonly SeenEvent[], { id, messageId, outcome, events, author, apiKeyId, model }: StoredRow): string[] {
  const seen = log.filter(({ runId }) => runId === id);
  const started = seen.find(({ type }) => type === "run.started") as (SeenEvent & { actor?: unknown }) | undefined;
  const end = seen.find(({ type }) => type === "run.ended");
  if (!started || !end) return [];
  const problems: string[] = [];
  const compare = (what: string, stored: unknown, logged: unknown): void => {
    if (canonical(stored) !== canonical(logged)) problems.push(`${id}: ${what} is stored as ${canonical(stored)} and logged as ${canonical(logged)}`);
  };
  compare("its message", messageId, started.messageId);
  compare("its outcome", outcome, end.data["outcome"]);
  compare("its model", model, started.data["model"]);
  compare("its author", author, started.actor);
  if (apiKeyId === null) problems.push(`${id}: no API key is stored, and it was asked for by one`);
  compare("its events", events.map(({ seq }) => seq), seen.map(({ seq }) => seq));
  for (const { seq, event } of events) {
    const other = seen.find((each) => each.seq === seq);
    if (other) compare(`event ${seq}`, event, other);
  }
  return problems;
}

/** JSON with the keys in order, since a database and a stream may give them in different ones. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))) : inner,
  ) ?? "nothing";
}
