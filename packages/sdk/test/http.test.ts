/** What is sent, what is sent again, and what is not. */
import { expect, test } from "vitest";
import { Berth, type BerthError, type BerthOptions } from "@berth/sdk";
import { hastyClock } from "./case-kit.ts";

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

function problem(status: number, slug: string, headers: Record<string, string> = {}): Response {
  const body = { type: `https://berth.dev/problems/${slug}`, title: slug, status, detail: `${slug} happened`, fix: "Do this", errors: [{ pointer: "/text", message: "too long" }] };
  return new Response(JSON.stringify(body), { status, headers: { ...headers, "content-type": "application/problem+json" } });
}

function berthAnswering(answers: (() => Response | Promise<Response>)[], options: BerthOptions = {}): { berth: Berth; sent: Sent[]; clock: ReturnType<typeof hastyClock> } {
  const sent: Sent[] = [];
  const clock = hastyClock();
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    sent.push({ method: init.method ?? "GET", url, headers: init.headers as Record<string, string> });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (!answer) throw new Error("no answer");
    return answer();
  };
  return { berth: new Berth({ baseUrl: "http://berth.test/", apiKey: "berth_example", clock, fetch, ...options }), sent, clock };
}

const lost = (): never => {
  throw new TypeError("connection reset");
};
const ok = (body: unknown) => () => Response.json(body);
const failure = (promise: Promise<unknown>): Promise<BerthError> => promise.then(() => Promise.reject(new Error("no failure")), (error: BerthError) => error);

test("a POST has a key of its own, and a repeat has the same one", async () => {
  const { berth, sent } = berthAnswering([lost, lost, ok({ id: "m1" })]);
  await berth.session("s1").send("hello");
  const keys = sent.map(({ headers }) => headers["idempotency-key"]);
  expect(sent).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  await berth.session("s1").send("hello");
  expect(sent.at(-1)?.headers["idempotency-key"]).not.toBe(keys[0]);
});

test("the key goes as a bearer token, and none without a key", async () => {
  const { berth, sent } = berthAnswering([ok({ status: "ok" })]);
  await berth.health();
  expect(sent[0]).toMatchObject({ url: "http://berth.test/health", headers: { authorization: "Bearer berth_example" } });
  const fetch = async (_url: string, init: RequestInit): Promise<Response> => Response.json(init.headers);
  expect(await new Berth({ baseUrl: "http://berth.test", fetch }).me()).not.toHaveProperty("authorization");
});

test("a refusal carries the problem and is not repeated", async () => {
  const { berth, sent } = berthAnswering([() => problem(422, "invalid-field")]);
  const error = await failure(berth.session("s1").send("x"));
  expect(error).toMatchObject({ name: "BerthError", code: "invalid-field", status: 422, message: "invalid-field happened", fix: "Do this", errors: [{ pointer: "/text" }] });
  expect(sent).toHaveLength(1);
});

test.each([
  ["a full queue without a time", [() => problem(429, "queue-full")], 1],
  ["a full queue with a time", [() => problem(429, "queue-full", { "retry-after": "1" }), ok({})], 2],
  ["a rate limit", [() => problem(429, "rate-limited"), ok({})], 2],
  ["a time longer than one would wait", [() => problem(503, "unavailable", { "retry-after": "600" })], 1],
  ["our side's fault", [() => problem(500, "internal")], 1],
] as const)("%s", async (_name, answers, tries) => {
  const { berth, sent } = berthAnswering([...answers]);
  await berth.session("s1").send("x").catch(() => undefined);
  expect(sent).toHaveLength(tries);
});

test("a DELETE whose first answer was lost is content with finding nothing", async () => {
  const { berth } = berthAnswering([lost, () => problem(404, "not-found")]);
  await expect(berth.sessions.remove("s1")).resolves.toBeUndefined();
  const { berth: other } = berthAnswering([() => problem(404, "not-found")]);
  expect((await failure(other.sessions.remove("s1"))).code).toBe("not-found");
});

test("an abort ends the request and its repeats", async () => {
  const abort = new AbortController();
  const { berth, sent } = berthAnswering([
    () => {
      abort.abort();
      return lost();
    },
  ]);
  expect((await failure(berth.session("s1").get({ signal: abort.signal }))).code).toBe("aborted");
  expect(sent).toHaveLength(1);
});

test("an answer that does not come is a time-out", async () => {
  const clock = { ...hastyClock(), sleep: () => Promise.resolve() };
  const fetch = (_url: string, { signal }: RequestInit): Promise<Response> =>
    new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  const berth = new Berth({ baseUrl: "http://berth.test", clock, fetch, maxRetries: 0 });
  expect((await failure(berth.health())).code).toBe("timeout");
});
