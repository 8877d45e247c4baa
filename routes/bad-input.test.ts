import { LIMITS } from "@berth/protocol";
import { describe, expect, test } from "vitest";
import { PORT_ERROR_CODES, PortError } from "../src/core/kernel/port-error.ts";
import { toResponse } from "./errors.ts";
import { Edge, MODEL } from "./testing/edge.ts";

const UNKNOWN = "ses_00000000000000000000000000";
const megabytes = (count: number): string => JSON.stringify({ model: MODEL, prompt: "x".repeat(count * 1024 * 1024) });

describe("bodies", () => {
  test("malformed JSON is 400", async () => {
    const response = await new Edge().ask("POST /v1/sessions", { raw: '{"model": ' });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ type: "https://berth.dev/problems/malformed-json", status: 400 });
  });

  test("an empty body and one that is not UTF-8 are malformed too", async () => {
    const edge = new Edge();
    expect((await edge.problem("POST /v1/sessions")).type).toContain("malformed-json");
    expect((await edge.problem("POST /v1/sessions", { raw: new Uint8Array([0x22, 0xff, 0x22]) })).type).toContain("malformed-json");
  });

  test("unknown fields are 422, each named by a JSON pointer", async () => {
    const problem = await new Edge().problem("POST /v1/sessions", { body: { model: MODEL, modle: 1, "a/b~c": 2, workspace: { kind: "empty", extra: 1 } } });
    expect(problem).toMatchObject({ status: 422, type: "https://berth.dev/problems/invalid-field" });
    expect(problem.errors?.map(({ pointer }) => pointer).sort()).toEqual(["/a~1b~0c", "/modle", "/workspace/extra"]);
    expect(problem.detail).toContain("/modle");
  });

  test("a wrong field is 422 with its pointer", async () => {
    const problem = await new Edge().problem("POST /v1/sessions", { body: { model: MODEL, metadata: { team: 7 } } });
    expect(problem.errors).toMatchObject([{ pointer: "/metadata/team" }]);
  });

  test("10 MB are 413 and the limit is named", async () => {
    const problem = await new Edge().problem("POST /v1/sessions", { raw: megabytes(10) });
    expect(problem).toMatchObject({ status: 413, detail: expect.stringContaining(`${LIMITS.bodyBytesMax} bytes`) });
    expect(problem.detail).toContain("bodyBytesMax");
  });

  test("a body without an announced length is refused too, and one without end is cut off", async () => {
    let pulled = 0;
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
      },
      cancel() {
        cancelled = true;
      },
    });
    const problem = await new Edge().problem("POST /v1/sessions", { raw: endless });
    expect(problem.status).toBe(413);
    expect(cancelled).toBe(true);
    expect(pulled).toBeLessThan(40);
  });

  test("a prompt past its own limit is 413 with its pointer", async () => {
    const edge = new Edge();
    const text = "é".repeat(LIMITS.promptBytesMax / 2 + 1);
    const first = await edge.problem("POST /v1/sessions", { body: { model: MODEL, prompt: text } });
    expect(first).toMatchObject({ status: 413, errors: [{ pointer: "/prompt" }], detail: expect.stringContaining("promptBytesMax") });
    const id = await edge.createSession();
    expect(await edge.problem(`POST /v1/sessions/${id}/messages`, { body: { text } })).toMatchObject({ status: 413, errors: [{ pointer: "/text" }] });
  });

  test("another media type, or none, is 415", async () => {
    const edge = new Edge();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
      expect((await edge.problem("POST /v1/sessions", { body: {}, headers: { "content-type": type } })).status).toBe(415);
    }
    expect((await edge.ask("POST /v1/sessions", { body: { model: MODEL }, headers: { "content-type": "application/json; charset=utf-8" } })).status).toBe(201);
  });

  test("text that no store can hold is 422, however deep it is", async () => {
    const edge = new Edge();
    for (const text of ['"a\\u0000b"', '"\\ud800"']) {
      const problem = await edge.problem("POST /v1/sessions", { raw: `{"model":"${MODEL}","metadata":{"k":${text}}}` });
      expect(problem).toMatchObject({ status: 422, errors: [{ pointer: "/metadata/k" }] });
    }
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect((await edge.problem("POST /v1/sessions", { raw: deep })).status).toBe(422);
  });
});

describe("models and folders", () => {
  test("an unknown model is 422 and names what may be used", async () => {
    const problem = await new Edge().problem("POST /v1/sessions", { body: { model: "nobody/nothing" } });
    expect(problem).toMatchObject({ status: 422, type: "https://berth.dev/problems/unknown-model", errors: [{ pointer: "/model" }] });
    expect(problem.allowed).toContain(MODEL);
  });

  test("an unknown model of a message or a change is refused the same way", async () => {
    const edge = new Edge();
    const id = await edge.createSession();
    for (const [line, body] of [
      [`POST /v1/sessions/${id}/messages`, { text: "hello", model: "nobody/nothing" }],
      [`PATCH /v1/sessions/${id}`, { model: "nobody/nothing" }],
    ] as const) {
      expect((await edge.problem(line, { body })).type).toContain("unknown-model");
    }
  });

  test("a folder that is not there is 422 at its pointer; one that is arrives with links resolved", async () => {
    const edge = new Edge();
    const missing = await edge.problem("POST /v1/sessions", { body: { model: MODEL, workspace: { kind: "folder", path: "/nowhere" } } });
    expect(missing).toMatchObject({ status: 422, errors: [{ pointer: "/workspace/path", message: "There is no folder /nowhere." }] });
    const { id } = await edge.json<{ id: string }>("POST /v1/sessions", { body: { model: MODEL, workspace: { kind: "folder", path: "/work/link" } } });
    expect(edge.sessions.of("org-a", id).opens[0]).toMatchObject({ input: { workspace: { path: "/work/repo" } }, gitIdentity: { name: "Ada" } });
  });

  test("a folder is refused where Berth does not run on the user's machine", async () => {
    const edge = new Edge();
    edge.machine = null;
    const problem = await edge.problem("POST /v1/sessions", { body: { model: MODEL, workspace: { kind: "folder", path: "/work/link" } } });
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer: "/workspace/path" }] });
    expect((await edge.ask("GET /v1/machine/discoveries")).status).toBe(404);
  });
});

describe("addresses and parameters", () => {
  test("a cursor that no list made is 400", async () => {
    const edge = new Edge();
    const id = await edge.createSession();
    const ofRuns = btoa(JSON.stringify({ k: "runs", a: "1.run_1" })).replaceAll("=", "");
    for (const line of ["/v1/sessions", "/v1/runs?x=1", "/v1/api-keys", `/v1/sessions/${id}/messages`]) {
      for (const cursor of ["nonsense", "%00", "e30", line.startsWith("/v1/runs") ? "bnVsbA" : ofRuns]) {
        const problem = await edge.problem(`GET ${line}${line.includes("?") ? "&" : "?"}cursor=${cursor}`);
        expect(problem, line + cursor).toMatchObject({ status: 400, type: "https://berth.dev/problems/bad-cursor" });
      }
    }
    const ofAnother = btoa(JSON.stringify({ k: "messages", a: "msg_elsewhere" })).replaceAll("=", "");
    expect(await edge.problem(`GET /v1/sessions/${id}/messages?cursor=${ofAnother}`)).toMatchObject({ status: 400, type: "https://berth.dev/problems/bad-cursor" });
    for (const after of ["-1", "x", "1.5", "99999999999999999999"]) {
      expect((await edge.problem(`GET /v1/sessions/${id}/events?after=${after}`)).type).toContain("bad-cursor");
    }
  });

  test("a limit outside 1 to 500 is 422 and names the parameter", async () => {
    const edge = new Edge();
    for (const limit of ["0", "501", "ten", "1.5"]) {
      expect(await edge.problem(`GET /v1/sessions?limit=${limit}`)).toMatchObject({ status: 422, errors: [{ pointer: "limit" }] });
    }
  });

  test("a known address with another method is 405 with Allow; an unknown one is 404", async () => {
    const edge = new Edge();
    const response = await edge.ask(`PUT /v1/sessions/${UNKNOWN}`, { body: {} });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("DELETE, GET, HEAD, PATCH");
    for (const line of ["GET /v1/nothing", "GET /v1", "POST /nowhere", "GET /internal/x"]) expect((await edge.ask(line)).status, line).toBe(404);
    expect((await edge.ask("GET /")).headers.get("content-type")).toBe("text/html");
  });

  test("an Idempotency-Key past 255 characters is 400", async () => {
    const edge = new Edge();
    const send = (key: string) => edge.ask("POST /v1/sessions", { body: { model: MODEL }, headers: { "idempotency-key": key } });
    expect((await send("k".repeat(256))).status).toBe(400);
    expect((await send("k".repeat(255))).status).toBe(201);
  });
});

describe("what breaks on our side", () => {
  test("an unforeseen error is 500 without detail, logged under the id that the body carries", async () => {
    const edge = new Edge();
    edge.sessions.of = () => {
      throw new Error("secret detail");
    };
    const response = await edge.ask(`GET /v1/sessions/${UNKNOWN}?token=hidden`);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).not.toContain("secret");
    expect(edge.logged).toMatchObject([{ method: "GET", path: `/v1/sessions/${UNKNOWN}`, error: { message: "secret detail" } }]);
    expect(text).toContain(`urn:berth:error:${edge.logged[0]?.errorId}`);
  });

  test("a dependency that is down is 503 with Retry-After, and keeps its own words in the log", async () => {
    const edge = new Edge();
    for (const fault of ["identity:authenticate:down", "identity:authenticate:cut"]) {
      await edge.keyOf("org-a");
      edge.identity.faults.arm(fault);
      const response = await edge.ask("GET /v1/me");
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await response.text()).not.toContain(fault);
    }
    expect(edge.logged).toHaveLength(2);
  });

  test("every code of a port has its answer", () => {
    const answers = PORT_ERROR_CODES.map((code) => {
      const error = new PortError({ port: "catalog", operation: "x", code, outcome: "not-applied", retry: "never", message: "own words" });
      const response = toResponse(error, new Request("http://x.invalid/"), () => undefined, "1");
      return [code, response.status];
    });
    expect(Object.fromEntries(answers)).toEqual({
      "not-found": 404,
      "already-exists": 409,
      "invalid-argument": 400,
      internal: 500,
      unimplemented: 503,
      "failed-precondition": 409,
      "permission-denied": 503,
      "resource-exhausted": 503,
      canceled: 503,
      "deadline-exceeded": 503,
      unknown: 503,
    });
  });
});
