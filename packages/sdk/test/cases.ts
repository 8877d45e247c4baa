/**
 * The SDK's cases: plain functions against any Berth server that has a model obeying the demo directives, so that Node,
 * Workers and browsers run the very same ones. No test framework here.
 */
import type { CaseContext, SdkCase } from "./case-kit.ts";
import { check, client, equal, eventually, hastyClock, realFetch, refusal, sharedSession } from "./case-kit.ts";
import { streamCases } from "./stream-cases.ts";

export type { CaseContext, SdkCase };

const requestCases: readonly SdkCase[] = [
  {
    name: "health answers without signing in, and me names the organization",
    async run(context) {
      equal((await client(context).health()).status, "ok", "health");
      check((await client(context).me()).organization.name.length > 0, "me has an organization");
    },
  },
  {
    name: "a wrong key is refused with the problem's code, status and sentence",
    async run(context) {
      const error = await refusal(client(context, { apiKey: "berth_wrong" }).me());
      equal([error.code, error.status], ["unauthenticated", 401], "refusal");
      check(error.detail.length > 0, "has a sentence");
    },
  },
  {
    name: "a session is created, found by its metadata, renamed, and gone once removed",
    async run(context) {
      const berth = client(context);
      const mark = crypto.randomUUID();
      const created = await berth.sessions.create({ model: context.model, metadata: { mark } });
      const session = berth.session(created.id);
      equal((await session.update({ title: "Renamed" })).title, "Renamed", "title after update");
      // The list is written behind the session.
      const found = await eventually(async () => {
        const [first] = await berth.sessions.list({ metadata: { mark } }).all();
        return first?.title === "Renamed" ? first : undefined;
      });
      equal(found.id, created.id, "the session with that metadata");
      await session.remove();
      equal((await refusal(session.get())).code, "not-found", "a removed session");
    },
  },
  {
    name: "an unknown model is refused, with those that may be used",
    async run(context) {
      const error = await refusal(client(context).sessions.create({ model: "nobody/nothing" }));
      equal([error.code, error.status], ["unknown-model", 422], "refusal");
      check(error.allowed?.includes(context.model), "names the models there are");
    },
  },
  {
    name: "a list goes on over its pages",
    async run(context) {
      const session = await sharedSession(context);
      for (let at = 0; at < 3; at++) await session.wait({ messageId: (await session.send(`!say page ${at}`)).id });
      const ids: string[] = [];
      for await (const message of session.messages({ limit: 2 })) ids.push(message.id);
      check(ids.length >= 3 && new Set(ids).size === ids.length, `three or more, each once: ${ids.join()}`);
      equal((await session.messages().page({ limit: 1 })).data.length, 1, "items of a page of one");
    },
  },
  {
    name: "the same idempotency key answers the same message, and another text under it is refused",
    async run(context) {
      const session = await sharedSession(context);
      const idempotencyKey = crypto.randomUUID();
      const first = await session.send("!say once", { idempotencyKey });
      equal((await session.send("!say once", { idempotencyKey })).id, first.id, "the second message's id");
      equal((await refusal(session.send("!say other", { idempotencyKey }))).code, "idempotency-mismatch", "refusal");
      await session.wait({ messageId: first.id });
    },
  },
  {
    name: "a message whose answer was lost is sent again and runs once",
    async run(context) {
      let lost = 0;
      const session = await sharedSession(context, {
        clock: hastyClock(),
        fetch: async (url, init) => {
          const response = await realFetch(url, init);
          if (init.method !== "POST" || lost++ > 0) return response;
          await response.text();
          throw new TypeError("connection reset");
        },
      });
      const text = `!say lost ${crypto.randomUUID()}`;
      const message = await session.send(text);
      const same = (await session.messages().all()).filter((candidate) => candidate.text === text);
      equal(same.map(({ id }) => id), [message.id], "messages with that text");
      await session.wait({ messageId: message.id });
    },
  },
  {
    name: "503 is tried again after the time the server asked for, and only so often",
    async run(context) {
      const clock = hastyClock();
      let asked = 0;
      const berth = client(context, {
        clock,
        maxRetries: 2,
        fetch: async () => {
          asked++;
          return new Response("{}", { status: 503, headers: { "retry-after": "7" } });
        },
      });
      const error = await refusal(berth.health());
      equal([error.status, error.retryAfterMs, asked, clock.slept], [503, 7000, 3, [7000, 7000]], "status, wait, tries, waits");
    },
  },
  {
    name: "what is not a Berth server is named so",
    async run(context) {
      const berth = client(context, { fetch: async () => new Response("<html>", { status: 200 }) });
      equal((await refusal(berth.health())).code, "bad-answer", "code");
    },
  },
  {
    name: "an API key that was made works until it is revoked",
    async run(context) {
      const berth = client(context);
      const created = await berth.apiKeys.create({ name: "SDK case", expiresInDays: 1 });
      const other = client(context, { apiKey: created.key });
      check((await other.me()).organization.id.length > 0, "the new key signs in");
      const listed = (await berth.apiKeys.list().all()).find(({ id }) => id === created.id);
      check(listed && !("key" in listed), "listed, without the key itself");
      await berth.apiKeys.revoke(created.id);
      equal((await refusal(other.me())).code, "unauthenticated", "the revoked key");
    },
  },
];

export const sdkCases: readonly SdkCase[] = [...requestCases, ...streamCases];
