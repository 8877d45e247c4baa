import type { Message, Run, SessionEvent, SessionSummary } from "@berth/protocol";
import { NO_USAGE } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { Edge, MODEL, ORIGIN } from "./testing/edge.ts";

interface Page<T> {
  readonly data: readonly T[];
  readonly next: string | null;
}

const AUTHOR = { kind: "user", id: "usr_1" } as const;
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function summary(number: number, metadata: Record<string, string> = {}): SessionSummary {
  const id = `ses_${String(number).padStart(26, "0")}`;
  return { id, title: `Session ${number}`, status: "idle", model: MODEL, workspace: { kind: "empty" }, metadata, createdBy: AUTHOR, createdAt: at(number), lastActiveAt: at(number), lastSeq: 1 };
}

/** Every page of a list, by the address in `Link`. */
async function follow<T>(edge: Edge, path: string): Promise<Page<T>[]> {
  const pages: Page<T>[] = [];
  for (let next: string | null = path; next !== null; ) {
    const response = await edge.ask(`GET ${next}`);
    const page = (await response.json()) as Page<T>;
    pages.push(page);
    const link = response.headers.get("link");
    expect(link === null).toBe(page.next === null);
    next = link === null ? null : (/^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? null);
  }
  return pages;
}

describe("lists", () => {
  test("pages of sessions are newest first, and Link leads through all of them with their filters", async () => {
    const edge = new Edge();
    for (let i = 1; i <= 5; i++) await edge.catalog.upsertSession("org-a", summary(i, { team: i % 2 ? "red" : "blue" }));
    await edge.catalog.upsertSession("org-b", summary(9, { team: "red" }));
    const pages = await follow<SessionSummary>(edge, "/v1/sessions?limit=2");
    expect(pages.map(({ data }) => data.map(({ title }) => title))).toEqual([["Session 5", "Session 4"], ["Session 3", "Session 2"], ["Session 1"]]);
    const red = await follow<SessionSummary>(edge, "/v1/sessions?limit=1&metadata[team]=red");
    expect(red.flatMap(({ data }) => data.map(({ title }) => title))).toEqual(["Session 5", "Session 3", "Session 1"]);
  });

  test("next is opaque and goes back in as cursor", async () => {
    const edge = new Edge();
    for (let i = 1; i <= 2; i++) await edge.catalog.upsertSession("org-a", summary(i));
    const first = await edge.json<Page<SessionSummary>>("GET /v1/sessions?limit=1");
    expect(first.next).toMatch(/^[A-Za-z0-9_-]+$/);
    const second = await edge.json<Page<SessionSummary>>(`GET /v1/sessions?limit=1&cursor=${first.next}`);
    expect(second).toMatchObject({ data: [{ title: "Session 1" }], next: null });
  });

  test("messages are oldest first", async () => {
    const edge = new Edge();
    const id = await edge.createSession();
    for (const text of ["a", "b", "c"]) await edge.json(`POST /v1/sessions/${id}/messages`, { body: { text } });
    const pages = await follow<Message>(edge, `/v1/sessions/${id}/messages?limit=2`);
    expect(pages.map(({ data }) => data.map(({ text }) => text))).toEqual([["a", "b"], ["c"]]);
  });

  test("events carry the session's own cursor", async () => {
    const edge = new Edge();
    const id = await edge.createSession();
    const session = edge.sessions.of("org-a", id);
    for (let i = 0; i < 4; i++) session.emit({ type: "session.status", data: { status: "idle" } });
    const pages = await follow<SessionEvent>(edge, `/v1/sessions/${id}/events?limit=2`);
    expect(pages.map(({ data }) => data.map(({ seq }) => seq))).toEqual([[1, 2], [3, 4], [5]]);
    expect(pages.map(({ next }) => next)).toEqual(["2", "4", null]);
    expect(pages[0]).toMatchObject({ firstSeq: 1, lastSeq: 5 });
    expect(await edge.json(`GET /v1/sessions/${id}/events?after=5`)).toMatchObject({ data: [], next: null });
  });

  test("API keys are shown without their secret", async () => {
    const edge = new Edge();
    const made = await edge.json<{ id: string; key: string }>("POST /v1/api-keys", { body: { name: "ci" } });
    const pages = await follow<{ name: string }>(edge, "/v1/api-keys?limit=1");
    expect(pages.map(({ data }) => data[0]?.name)).toEqual(["ci", "test"]);
    expect(JSON.stringify(pages)).not.toContain(made.key);
    expect((await edge.ask(`DELETE /v1/api-keys/${made.id}`)).status).toBe(204);
    expect((await edge.ask("GET /v1/me", { key: made.key })).status).toBe(401);
    expect((await edge.problem("DELETE /v1/api-keys/key_9")).detail).not.toContain("key_9");
  });

  test("the link keeps the address of the list, not the host", async () => {
    const edge = new Edge();
    for (let i = 1; i <= 2; i++) await edge.catalog.upsertSession("org-a", summary(i));
    expect((await edge.ask("GET /v1/sessions?limit=1")).headers.get("link")).not.toContain(ORIGIN);
  });
});

describe("runs", () => {
  const run: Run = { id: "run_1", sessionId: "ses_1", messageId: "msg_1", model: MODEL, author: AUTHOR, outcome: "completed", usage: NO_USAGE, costMicros: null, startedAt: at(1), endedAt: at(2) };
  const events = [1, 2, 3].map((seq): SessionEvent => ({ seq, id: `evt_${seq}`, at: at(seq), type: "session.status", data: { status: "idle" } }));

  test("a run and its events are read back, and another organization finds nothing", async () => {
    const edge = new Edge();
    await edge.runHistory.flush({ orgId: "org-a", run, events });
    expect(await edge.json("GET /v1/runs?sessionId=ses_1")).toEqual({ data: [run], next: null });
    expect(await edge.json("GET /v1/runs?sessionId=ses_2")).toEqual({ data: [], next: null });
    expect(await edge.json("GET /v1/runs/run_1")).toEqual(run);
    const pages = await follow<SessionEvent>(edge, "/v1/runs/run_1/events?limit=2");
    expect(pages.map(({ data }) => data.map(({ seq }) => seq))).toEqual([[1, 2], [3]]);
    const key = await edge.keyOf("org-b");
    const theirs = await edge.ask("GET /v1/runs/run_1", { key });
    const unknown = await edge.ask("GET /v1/runs/run_0", { key });
    expect(theirs.status).toBe(404);
    expect(await theirs.text()).toBe(await unknown.text());
  });
});
