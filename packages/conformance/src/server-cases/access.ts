/** Who may watch, and how a stream ends. */
import { check, equal } from "../check.ts";
import { ask, askBoth } from "../server-case.ts";
import { UpgradeRefused } from "../socket-watcher.ts";
import { StreamRefused } from "../sse-watcher.ts";
import type { Stage } from "../venue.ts";
import { slugOf, type WireProblem } from "../wire.ts";

interface Ticket {
  readonly ticket: string;
  readonly url: string;
  readonly expiresAt: string;
}

const ticketOf = (stage: Stage, id: string): Promise<Ticket> => stage.api.json(`POST /v1/sessions/${id}/stream-ticket`);

/** Refused by the answer to the upgrade, or, where a browser should be told why, by the close that follows it. */
async function refusalOf(stage: Stage, id: string, options: Parameters<Stage["socket"]>[1]): Promise<number> {
  try {
    const viewer = await stage.socket(id, options);
    const { code } = await viewer.until("the end", () => viewer.closed).catch(() => ({ code: 0 }));
    check(viewer.items.length === 0, "nothing was shown");
    return code;
  } catch (error) {
    if (error instanceof UpgradeRefused) return error.status;
    throw error;
  }
}

export const accessCases = [
  ask("access.no-key", "PRO42", "without a key nothing is opened", async (stage) => {
    const { id } = await stage.history();
    const { status, body } = await stage.api.ask(`GET /v1/sessions/${id}/events`, { key: null });
    equal([status, slugOf(body as WireProblem)], [401, "unauthenticated"], "a page");
    equal(await refusalOf(stage, id, { after: 0, key: null }), 401, "the WebSocket");
    const sse: unknown = await stage.sse(id, { after: 0, key: null }).catch((error: unknown) => error);
    equal(sse instanceof StreamRefused && sse.status, 401, "SSE");
  }),
  ask("access.wrong-key", "PRO42", "with a key that is none nothing is opened", async (stage) => {
    const { id } = await stage.history();
    equal((await stage.api.ask(`GET /v1/sessions/${id}`, { key: "example-of-nobody" })).status, 401, "the session");
    equal(await refusalOf(stage, id, { after: 0, key: "example-of-nobody" }), 401, "the WebSocket");
  }),
  ask("access.no-session", "PRO42", "a session that is not there is 404 everywhere", async (stage) => {
    const id = `${(await stage.history()).id.slice(0, -4)}0000`;
    const { status, body } = await stage.api.ask(`GET /v1/sessions/${id}/events`);
    equal([status, slugOf(body as WireProblem)], [404, "not-found"], "a page");
    const sse: unknown = await stage.sse(id, { after: 0 }).catch((error: unknown) => error);
    check(sse instanceof StreamRefused && sse.status === 404 && sse.contentType.includes("problem+json"), "SSE");
    check([404, 4404].includes(await refusalOf(stage, id, { after: 0 })), "the WebSocket");
  }),
  ask("ticket.form", "PRO43", "a ticket comes with the WebSocket's address and the time of its end", async (stage) => {
    const { id } = await stage.history();
    const { status, body } = await stage.api.ask(`POST /v1/sessions/${id}/stream-ticket`);
    const { ticket, url, expiresAt } = body as Ticket;
    equal(status, 201, "status");
    check(ticket.length >= 16 && /^wss?:\/\/.+\/stream$/.test(url) && !url.includes(stage.api.key), `address: ${url}`);
    const left = Date.parse(expiresAt) - Date.now();
    check(left > 0 && left <= stage.timings.ticketMs + 5_000, `it ends in ${left} ms`);
  }),
  ask("ticket.opens", "PRO43", "a ticket opens the stream without a key", async (stage) => {
    const { id, last } = await stage.history();
    const { ticket } = await ticketOf(stage, id);
    const viewer = await stage.socket(id, { after: 0, ticket });
    await viewer.untilSynced();
    equal(viewer.events.length, last, "events");
  }),
  ask("ticket.acts", "PRO43", "who came by a ticket may act as who made it", async (stage) => {
    const id = await stage.session();
    const { ticket } = await ticketOf(stage, id);
    const viewer = await stage.socket(id, { after: await stage.lastSeq(id), ticket });
    const answer = await viewer.act({ type: "prompt", text: stage.venue.server.driver.prompt([{ say: "by ticket" }]) });
    check(answer.kind === "result", JSON.stringify(answer));
    const { id: messageId } = answer.value as { id: string };
    await viewer.until("its end", () => viewer.events.some((event) => event.type === "run.ended" && event.messageId === messageId));
  }),
  ask("ticket.once", "PRO43", "a ticket opens once", async (stage) => {
    const { id } = await stage.history();
    const { ticket } = await ticketOf(stage, id);
    await (await stage.socket(id, { after: 0, ticket })).untilSynced();
    check([401, 4401].includes(await refusalOf(stage, id, { after: 0, ticket })), "the second time");
  }),
  ask("ticket.expires", "PRO43", "a ticket that is too old opens nothing", async (stage) => {
    const { id } = await stage.history();
    const { ticket, expiresAt } = await ticketOf(stage, id);
    await new Promise((resolve) => setTimeout(resolve, Math.min(Date.parse(expiresAt) - Date.now(), 60_000) + 500));
    check([401, 4401].includes(await refusalOf(stage, id, { after: 0, ticket })), "after its end");
  }),
  ask("ticket.garbage", "PRO43", "what is no ticket opens nothing", async (stage) => {
    const { id } = await stage.history();
    for (const ticket of ["nonsense", "tkt_org.0000000000000000000000000000000000000000"]) {
      check([401, 4401].includes(await refusalOf(stage, id, { after: 0, ticket })), ticket);
    }
  }),
  ask("ticket.own-session", "PRO43", "a ticket opens its own session only", async (stage) => {
    const { ticket } = await ticketOf(stage, (await stage.history()).id);
    const other = await stage.session();
    check([401, 404, 4401, 4404].includes(await refusalOf(stage, other, { after: 0, ticket })), "another session");
  }),
  ask("ticket.no-session", "PRO42", "there is no ticket for a session that is not there", async (stage) => {
    const id = `${(await stage.history()).id.slice(0, -4)}0000`;
    equal((await stage.api.ask(`POST /v1/sessions/${id}/stream-ticket`)).status, 404, "status");
  }),
  ...askBoth("ended.closes", "PRO44", "a stream of a session that is deleted ends with 4410", async (stage, transport) => {
    const id = await stage.venue.makeSession();
    const viewer = await stage.watch(transport, id, 0);
    await viewer.untilSynced();
    equal((await stage.api.ask(`DELETE /v1/sessions/${id}`)).status, 204, "the deletion");
    const { code, reason } = await viewer.untilClosed();
    equal(code, 4410, "the code");
    check(reason.length > 0, "a reason");
    equal((await stage.api.ask(`GET /v1/sessions/${id}/events`)).status, 404, "a page afterwards");
    check([404, 4404].includes(await refusalOf(stage, id, { after: 0 })), "the WebSocket afterwards");
  }),
  ask("stream.plain-get", "PRO45", "a plain request of the WebSocket's address is refused with 400", async (stage) => {
    const { id } = await stage.history();
    const { status, body } = await stage.api.ask(`GET /v1/sessions/${id}/stream`);
    equal([status, slugOf(body as WireProblem)], [400, "bad-request"], "the answer");
  }),
  ...askBoth("key.revoked", "PRO46", "what was opened with a key is closed with 4401 when it is revoked", async (stage, transport) => {
    const { id } = await stage.history();
    const made = await stage.api.json<{ id: string; key: string }>("POST /v1/api-keys", { body: { name: "conformance" } });
    const viewer = transport === "ws" ? await stage.socket(id, { after: 0, key: made.key }) : await stage.sse(id, { after: 0, key: made.key });
    await viewer.untilSynced();
    await stage.api.ask(`DELETE /v1/api-keys/${made.id}`);
    equal((await viewer.untilClosed()).code, 4401, "the code");
  }, ["api-keys"]),
];
