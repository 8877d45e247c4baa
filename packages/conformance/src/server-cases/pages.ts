/** The log by pages of JSON. */
import { check, equal, range, seqsOf } from "../check.ts";
import { ask } from "../server-case.ts";
import type { Stage } from "../venue.ts";
import { slugOf, type WireEvent, type WirePage, type WireProblem } from "../wire.ts";

const page = (stage: Stage, id: string, query = ""): Promise<WirePage> => stage.api.json(`GET /v1/sessions/${id}/events${query}`);

export const pageCases = [
  ask("page.after", ["PRO7", "PRO8"], "a page begins with the event after the position", async (stage) => {
    const { id, last } = await stage.history();
    for (const after of [0, 1, 2, Math.floor(last / 2), last - 1]) {
      const { data } = await page(stage, id, `?after=${after}&limit=1`);
      equal(seqsOf(data), [after + 1], `after ${after}`);
    }
  }),
  ask("page.from-the-beginning", "PRO7", "without a position a page begins with the first event", async (stage) => {
    const { id } = await stage.history();
    equal(seqsOf((await page(stage, id, "?limit=3")).data), [1, 2, 3], "seq");
  }),
  ask("page.bad-cursor", "PRO9", "what is no position is refused as bad-cursor", async (stage) => {
    const { id } = await stage.history();
    for (const after of ["-1", "x", "1.5", "1e3", "01", "0x10", "99999999999999999999", "%20", "null"]) {
      const { status, body } = await stage.api.ask(`GET /v1/sessions/${id}/events?after=${after}`);
      equal([status, slugOf(body as WireProblem)], [400, "bad-cursor"], `after=${after}`);
    }
  }),
  ask("page.limit", "PRO11", "a page has at most limit events", async (stage) => {
    const { id, last } = await stage.history();
    for (const limit of [1, 2, 7, 500]) equal((await page(stage, id, `?limit=${limit}`)).data.length, Math.min(limit, last), `limit ${limit}`);
  }),
  ask("page.default-limit", "PRO11", "a page has at most 50 events when no limit is named", async (stage) => {
    const { id, last } = await stage.history();
    equal((await page(stage, id)).data.length, Math.min(50, last), `events of ${last}`);
  }),
  ask("page.bad-limit", "PRO11", "another limit is refused and named", async (stage) => {
    const { id } = await stage.history();
    for (const limit of ["0", "501", "-1", "ten", "1.5"]) {
      const { status, body } = await stage.api.ask(`GET /v1/sessions/${id}/events?limit=${limit}`);
      const problem = body as WireProblem;
      equal([status, slugOf(problem), problem.errors?.[0]?.pointer], [422, "invalid-field", "limit"], `limit=${limit}`);
    }
  }),
  ask("page.bounds", "PRO11", "a page says which seq is the first held and which the last", async (stage) => {
    const { id, last } = await stage.history();
    const { firstSeq, lastSeq } = await page(stage, id, "?after=3&limit=2");
    equal([firstSeq, lastSeq], [1, last], "firstSeq and lastSeq");
  }),
  ask("page.next", "PRO12", "next is the position to go on from", async (stage) => {
    const { id } = await stage.history();
    equal((await page(stage, id, "?after=2&limit=3")).next, "5", "next");
  }),
  ask("page.link", "PRO12", "Link leads to the next page", async (stage) => {
    const { id } = await stage.history();
    const { headers } = await stage.api.ask(`GET /v1/sessions/${id}/events?after=1&limit=2`);
    const path = /<([^>]+)>;\s*rel="?next"?/.exec(headers.get("link") ?? "")?.[1];
    check(path, `there is a Link: ${headers.get("link")}`);
    const address = new URL(path, stage.api.url);
    equal(seqsOf((await stage.api.json<WirePage>(`GET ${address.pathname}${address.search}`)).data), [4, 5], "the page it leads to");
  }),
  ask("page.last", "PRO12", "the last page has no next and no Link", async (stage) => {
    const { id, last } = await stage.history();
    for (const query of [`?after=${last - 2}&limit=2`, `?after=${last - 1}&limit=50`]) {
      const { headers, body } = await stage.api.ask(`GET /v1/sessions/${id}/events${query}`);
      equal([(body as WirePage).next, headers.get("link")], [null, null], query);
    }
  }),
  ask("page.chain", "PRO12", "following next gives each event once", async (stage) => {
    const { id, log } = await stage.history();
    for (const limit of [1, 3, 10]) {
      const events: WireEvent[] = [];
      for (let at: string | null = "0"; at !== null && events.length <= log.length; ) {
        const each: WirePage = await page(stage, id, `?after=${at}&limit=${limit}`);
        events.push(...each.data);
        at = each.next;
      }
      equal(seqsOf(events), range(1, log.length), `by ${limit}`);
    }
  }),
  ask("page.newest", "PRO13", "a page after the newest event is empty", async (stage) => {
    const { id, last } = await stage.history();
    const { data, next, lastSeq } = await page(stage, id, `?after=${last}`);
    equal([data, next, lastSeq], [[], null, last], "the page");
  }),
  ask("page.future", "PRO13", "a page after a position that does not exist yet is empty and no error", async (stage) => {
    const { id, last } = await stage.history();
    for (const after of [last + 1, last + 1000, 999_999_999_999_999]) {
      const { data, next } = await page(stage, id, `?after=${after}`);
      equal([data, next], [[], null], `after ${after}`);
    }
  }),
  ask("page.no-deltas", "PRO14", "a page holds committed events only, also while a part is open", async (stage) => {
    const id = await stage.session();
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id) });
    await stage.playWhile(id, [{ endless: 60 }], async ({ before }) => {
      await viewer.untilText(30);
      const { data } = await page(stage, id, `?after=${before}&limit=500`);
      check(data.length > 0 && data.every((event) => Number.isInteger(event.seq) && event.type !== "delta"), "every entry has a seq");
      equal(seqsOf(data), range(before + 1, before + data.length), "numbers");
    });
  }),
  ask("page.headers", "PRO14", "a page is JSON and not to be stored", async (stage) => {
    const { id } = await stage.history();
    const { headers } = await stage.api.ask(`GET /v1/sessions/${id}/events`);
    check(headers.get("content-type")?.startsWith("application/json"), `content-type: ${headers.get("content-type")}`);
    check(headers.get("cache-control")?.includes("no-store"), `cache-control: ${headers.get("cache-control")}`);
  }),
];
