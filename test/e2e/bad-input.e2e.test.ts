/** What a caller gets wrong is refused in words, and leaves nothing behind anywhere. */
import { LIMITS, type Problem } from "@berth/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addOrganization } from "./support/second-org.ts";
import { countStored, untilQuiet } from "./support/stored.ts";
import { MODEL, startTestStack, turn, type TestStack } from "./support/stack.ts";

let stack: TestStack;
let otherKey: string;
/** A session of the first organization. */
let sessionId: string;

beforeAll(async () => {
  stack = await startTestStack();
  otherKey = await addOrganization(stack, "Other");
  const session = await stack.idleSession();
  sessionId = session.id;
  await turn(session, "!bash echo settled");
  await untilQuiet(stack);
  // Both keys and every isolate-wide cache are warm before anything is counted.
  for (const key of [stack.apiKey, otherKey]) expect((await ask("GET /v1/me", { key })).status).toBe(200);
});

afterAll(() => stack?.end());

interface Ask {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function ask(line: string, { key = stack.apiKey, body, raw, headers = {} }: Ask = {}): Promise<Response> {
  const [method = "GET", path = "/"] = line.split(" ");
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  return fetch(stack.url + path, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(sent === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
}

async function problem(line: string, options: Ask = {}): Promise<Problem> {
  const response = await ask(line, options);
  expect(response.headers.get("content-type"), line).toBe("application/problem+json");
  const body = (await response.json()) as Problem;
  expect(body.status, line).toBe(response.status);
  return body;
}

/** What somebody tried is written down, also where it was refused. */
const AUDIT = "postgres public.audit_entries";

/** Runs `body` and expects that every other count is as before. */
async function leavingNothing(body: () => Promise<void>): Promise<void> {
  const before = await countStored(stack);
  await body();
  const { [AUDIT]: _, ...after } = await countStored(stack);
  const { [AUDIT]: __, ...expected } = before;
  expect(after).toEqual(expected);
}

const WRITES = ["POST /v1/sessions", "POST /v1/keys", "POST /v1/api-keys"];
const onSession = (id: string): string[] => [
  `GET /v1/sessions/${id}`,
  `PATCH /v1/sessions/${id}`,
  `DELETE /v1/sessions/${id}`,
  `GET /v1/sessions/${id}/messages`,
  `POST /v1/sessions/${id}/messages`,
  `GET /v1/sessions/${id}/events`,
  `POST /v1/sessions/${id}/stop`,
  `POST /v1/sessions/${id}/resume`,
  `POST /v1/sessions/${id}/stream-ticket`,
];
const BODIES: Readonly<Record<string, unknown>> = { PATCH: { title: "taken over" }, messages: { text: "!bash echo stolen" } };

function bodyFor(line: string): Ask {
  const body = line.startsWith("PATCH") ? BODIES.PATCH : line.startsWith("POST") && line.endsWith("/messages") ? BODIES.messages : undefined;
  return body === undefined ? {} : { body };
}

test("[E2E-1.1] malformed JSON is 400", () =>
  leavingNothing(async () => {
    for (const line of [...WRITES, `POST /v1/sessions/${sessionId}/messages`, `PATCH /v1/sessions/${sessionId}`]) {
      for (const raw of ['{"model": ', "", "{}}", "\u0000"]) {
        expect(await problem(line, { raw }), `${line} ${raw}`).toMatchObject({ status: 400, type: expect.stringContaining("malformed-json") });
      }
    }
  }));

test("[E2E-1.2] an unknown field is 422 with a pointer to it", () =>
  leavingNothing(async () => {
    const found = await problem("POST /v1/sessions", { body: { model: MODEL, modle: 1, workspace: { kind: "empty", extra: 1 } } });
    expect(found).toMatchObject({ status: 422, type: expect.stringContaining("invalid-field") });
    expect(found.errors?.map(({ pointer }) => pointer).sort()).toEqual(["/modle", "/workspace/extra"]);
    const ofMessage = await problem(`POST /v1/sessions/${sessionId}/messages`, { body: { text: "hello", txet: "hello" } });
    expect(ofMessage).toMatchObject({ status: 422, errors: [{ pointer: "/txet" }] });
  }));

test("[E2E-1.3] 10 MB are 413 and the limit is named", () =>
  leavingNothing(async () => {
    const raw = JSON.stringify({ model: MODEL, prompt: "x".repeat(10 * 1024 * 1024) });
    for (const line of ["POST /v1/sessions", `POST /v1/sessions/${sessionId}/messages`]) {
      expect(await problem(line, { raw })).toMatchObject({ status: 413, detail: expect.stringContaining(String(LIMITS.bodyBytesMax)) });
    }
  }));

test("[E2E-1.4] an unknown model is 422 and names the allowed ones", () =>
  leavingNothing(async () => {
    for (const [line, body] of [
      ["POST /v1/sessions", { model: "nobody/nothing", prompt: "hello" }],
      [`POST /v1/sessions/${sessionId}/messages`, { text: "hello", model: "nobody/nothing" }],
      [`PATCH /v1/sessions/${sessionId}`, { model: "nobody/nothing" }],
    ] as const) {
      const found = await problem(line, { body, headers: { "idempotency-key": `unknown-model ${line}` } });
      expect(found, line).toMatchObject({ status: 422, type: expect.stringContaining("unknown-model"), errors: [{ pointer: "/model" }] });
      expect(found.allowed).toContain(MODEL);
    }
  }));

test("[E2E-1.5] a missing or wrong key is 401", () =>
  leavingNothing(async () => {
    const wrong = stack.apiKey.slice(0, -1) + (stack.apiKey.endsWith("a") ? "b" : "a");
    for (const key of [null, wrong, "nonsense", "berth_", `berth_sbx_org.${sessionId}.1.${"a".repeat(64)}`]) {
      for (const line of ["GET /v1/me", "POST /v1/sessions", `GET /v1/sessions/${sessionId}`, "GET /v1/runs"]) {
        expect((await problem(line, { key })).status, `${line} with ${key}`).toBe(401);
      }
    }
    const token = `berth_sbx_OrgOfNobody.${sessionId}.1.${"a".repeat(64)}`;
    expect((await ask("POST /v1/broker/model/demo/chat/completions", { key: token, body: {} })).status).toBe(401);
  }));

test("[E2E-1.6] another organization's session is 404, byte-equal to an unknown id", () =>
  leavingNothing(async () => {
    const unknown = `ses_${"0".repeat(26)}`;
    const nearly = sessionId.slice(0, -1) + (sessionId.endsWith("0") ? "1" : "0");
    const theirs = onSession(sessionId);
    for (const ids of [onSession(unknown), onSession(nearly), onSession("ses_1"), onSession("..%2f..")]) {
      for (const [i, line] of ids.entries()) {
        const options = { ...bodyFor(line), key: otherKey };
        const [one, other] = await Promise.all([ask(theirs[i] as string, options), ask(line, options)]);
        expect([one.status, other.status], line).toEqual([404, 404]);
        const [oneBytes, otherBytes] = await Promise.all([one.arrayBuffer(), other.arrayBuffer()]);
        expect(Buffer.from(oneBytes).equals(Buffer.from(otherBytes)), line).toBe(true);
        expect(shownHeaders(one), line).toEqual(shownHeaders(other));
      }
    }
    const [run] = await stack.query<{ id: string }>("select id from agent_runs limit 1");
    const [one, other] = await Promise.all([ask(`GET /v1/runs/${run?.id}`, { key: otherKey }), ask("GET /v1/runs/run_00000000000000000000000000", { key: otherKey })]);
    expect([one.status, await one.text()]).toEqual([404, await other.text()]);
    expect(await (await ask("GET /v1/sessions", { key: otherKey })).json()).toMatchObject({ data: [] });
    expect(await (await ask("GET /v1/runs", { key: otherKey })).json()).toMatchObject({ data: [] });
  }));

test("[E2E-1.7] a bad cursor is 400", () =>
  leavingNothing(async () => {
    for (const path of ["/v1/sessions", "/v1/runs", "/v1/api-keys", `/v1/sessions/${sessionId}/messages`]) {
      for (const cursor of ["nonsense", "%00", "e30"]) {
        expect(await problem(`GET ${path}?cursor=${cursor}`)).toMatchObject({ status: 400, type: expect.stringContaining("bad-cursor") });
      }
    }
    for (const after of ["-1", "x", "1.5", "99999999999999999999"]) {
      expect((await problem(`GET /v1/sessions/${sessionId}/events?after=${after}`)).type).toContain("bad-cursor");
    }
  }));

test("[E2E-1.8] the counting itself sees a new session", async () => {
  const before = await countStored(stack);
  await stack.idleSession();
  const after = await countStored(stack);
  expect(after["objects -SessionDO"]).toBe((before["objects -SessionDO"] ?? 0) + 1);
  expect(Object.keys(after).length).toBeGreaterThan(Object.keys(before).length);
});

/** All but what the moment decides. */
/** Which request it was by the clock and the count tells nothing of what is there. */
function shownHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name !== "date" && name !== "ratelimit"));
}
