/** Refusals, and requests that come again. */
import { PROBLEM_BASE, PROBLEM_TYPES } from "@berth/protocol";
import { check, equal } from "../check.ts";
import type { Asked } from "../api.ts";
import { ask, type ServerCase } from "../server-case.ts";
import { slugOf, type WireProblem } from "../wire.ts";

/** A request that is refused, its status, slug, and the field that is named. */
function refusal(id: string, title: string, line: string, asked: Asked, expected: { readonly status: number; readonly slug: string; readonly pointer?: string }): ServerCase {
  return ask(`error.${id}`, "PRO50", title, async (stage) => {
    const { status, headers, body } = await stage.api.ask(line.replace(":id", (await stage.history()).id), asked);
    const problem = body as WireProblem;
    equal(status, expected.status, "status");
    check(headers.get("content-type")?.startsWith("application/problem+json"), `content-type: ${headers.get("content-type")}`);
    equal([slugOf(problem), problem.status], [expected.slug, status], "type and status in the body");
    check(problem.type.startsWith(PROBLEM_BASE) && Object.hasOwn(PROBLEM_TYPES, slugOf(problem)), `type: ${problem.type}`);
    check(problem.title && problem.detail, "title and detail");
    if (expected.pointer !== undefined) equal(problem.errors?.[0]?.pointer, expected.pointer, "the field at fault");
  });
}

const key = (): string => `key-${Math.random().toString(36).slice(2)}`;

export const errorCases: readonly ServerCase[] = [
  refusal("not-found", "an address that is not there is 404", "GET /v1/nothing", {}, { status: 404, slug: "not-found" }),
  refusal("unauthenticated", "no key is 401", "GET /v1/sessions/:id", { key: null }, { status: 401, slug: "unauthenticated" }),
  refusal("method", "another method is 405", "PUT /v1/sessions/:id/messages", { body: {} }, { status: 405, slug: "method-not-allowed" }),
  refusal("malformed", "a body that is no JSON is 400", "POST /v1/sessions/:id/messages", { raw: '{"text": ' }, { status: 400, slug: "malformed-json" }),
  refusal("media-type", "another media type is 415", "POST /v1/sessions/:id/messages", { raw: '{"text":"hello"}', headers: { "content-type": "text/plain" } }, { status: 415, slug: "unsupported-media-type" }),
  refusal("unknown-field", "an unknown field is 422 and named", "POST /v1/sessions/:id/messages", { body: { text: "hello", colour: "red" } }, { status: 422, slug: "invalid-field", pointer: "/colour" }),
  refusal("wrong-field", "a field of the wrong kind is 422 and named", "POST /v1/sessions/:id/messages", { body: { text: 7 } }, { status: 422, slug: "invalid-field", pointer: "/text" }),
  refusal("unknown-model", "a model that is not there is 422", "POST /v1/sessions/:id/messages", { body: { text: "hello", model: "nobody/nothing" } }, { status: 422, slug: "unknown-model" }),
  ask("error.allow", "PRO50", "a refused method is answered with those that are taken", async (stage) => {
    const { headers } = await stage.api.ask(`PUT /v1/sessions/${(await stage.history()).id}/messages`, { body: {} });
    check(/\bGET\b/.test(headers.get("allow") ?? "") && /\bPOST\b/.test(headers.get("allow") ?? ""), `allow: ${headers.get("allow")}`);
  }),
  ask("repeat.same", "PRO51", "the same message under the same key is the first again", async (stage) => {
    const id = await stage.session();
    const before = await stage.lastSeq(id);
    const asked = { body: { text: stage.venue.server.driver.prompt([{ say: "one time" }]) }, headers: { "idempotency-key": key() } };
    const answers = [await stage.api.ask(`POST /v1/sessions/${id}/messages`, asked), await stage.api.ask(`POST /v1/sessions/${id}/messages`, asked)];
    equal(answers.map(({ status }) => status), [201, 201], "status");
    const ids = answers.map(({ body }) => (body as { id: string }).id);
    equal(ids[1], ids[0], "the message");
    await stage.venue.untilIdle(id);
    equal((await stage.venue.log(id, before)).filter(({ type }) => type === "message.queued").length, 1, "queued messages");
  }),
  ask("repeat.other-body", "PRO51", "another message under a key that was used is refused", async (stage) => {
    const id = await stage.session();
    const headers = { "idempotency-key": key() };
    await stage.api.json(`POST /v1/sessions/${id}/messages`, { body: { text: stage.venue.server.driver.prompt([{ say: "one" }]) }, headers });
    const { status, body } = await stage.api.ask(`POST /v1/sessions/${id}/messages`, { body: { text: stage.venue.server.driver.prompt([{ say: "two" }]) }, headers });
    equal([status, slugOf(body as WireProblem)], [422, "idempotency-mismatch"], "the answer");
    await stage.venue.untilIdle(id);
  }),
  ask("repeat.at-once", "PRO51", "repeats that come at once are one message", async (stage) => {
    const id = await stage.session();
    const before = await stage.lastSeq(id);
    const asked = { body: { text: stage.venue.server.driver.prompt([{ say: "all at once" }]) }, headers: { "idempotency-key": key() } };
    const ids = await Promise.all(Array.from({ length: 6 }, () => stage.api.json<{ id: string }>(`POST /v1/sessions/${id}/messages`, asked)));
    equal(new Set(ids.map((message) => message.id)).size, 1, "different messages");
    await stage.venue.untilIdle(id);
    equal((await stage.venue.log(id, before)).filter(({ type }) => type === "message.queued").length, 1, "queued messages");
  }),
  ask("repeat.across", ["PRO36", "PRO51"], "a key that was used over REST is used over the WebSocket too", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    const [idempotencyKey, text] = [key(), stage.venue.server.driver.prompt([{ say: "either way" }])];
    const first = await stage.api.json<{ id: string }>(`POST /v1/sessions/${id}/messages`, { body: { text }, headers: { "idempotency-key": idempotencyKey } });
    const again = await viewer.act({ type: "prompt", text, idempotencyKey });
    equal(again.kind === "result" ? (again.value as { id: string }).id : slugOf(again.problem), first.id, "the message");
    await stage.venue.untilIdle(id);
  }),
  ask("repeat.other-key", "PRO51", "the same message under another key, or none, is another message", async (stage) => {
    const id = await stage.session();
    const body = { text: stage.venue.server.driver.prompt([{ say: "again" }]) };
    const ids = [];
    for (const headers of [{ "idempotency-key": key() }, { "idempotency-key": key() }, undefined]) {
      ids.push((await stage.api.json<{ id: string }>(`POST /v1/sessions/${id}/messages`, { body, ...(headers ? { headers } : {}) })).id);
    }
    equal(new Set(ids).size, 3, "different messages");
    await stage.venue.untilIdle(id);
  }),
  ask("repeat.after-refusal", "PRO51", "a refused request leaves its key unused", async (stage) => {
    const id = await stage.session();
    const headers = { "idempotency-key": key() };
    equal((await stage.api.ask(`POST /v1/sessions/${id}/messages`, { body: { text: 7 }, headers })).status, 422, "the refusal");
    await stage.api.json(`POST /v1/sessions/${id}/messages`, { body: { text: stage.venue.server.driver.prompt([{ say: "corrected" }]) }, headers });
    await stage.venue.untilIdle(id);
  }),
];
