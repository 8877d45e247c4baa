/** What another organization's key can reach: nothing. */
import { check, equal } from "../check.ts";
import { ask, type ServerCase } from "../server-case.ts";
import { UpgradeRefused } from "../socket-watcher.ts";
import { StreamRefused } from "../sse-watcher.ts";
import type { Stage } from "../venue.ts";
import { slugOf, type WireProblem } from "../wire.ts";

const NEEDS = ["other-organization"] as const;

const otherKey = ({ venue }: Stage): string => venue.server.otherKey ?? "";

async function notThere(stage: Stage, line: string, asked: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const { status, body } = await stage.api.ask(line, { ...asked, key: otherKey(stage) });
  equal([status, status < 400 ? "none" : slugOf(body as WireProblem)], [404, "not-found"], line.replace(/ses_\w+/, ":id"));
}

export const organizationCases: readonly ServerCase[] = [
  ask("other.reads-nothing", "PRO70", "a session, its events and its messages are not there for another organization", async (stage) => {
    const { id } = await stage.history();
    for (const path of ["", "/events", "/messages"]) await notThere(stage, `GET /v1/sessions/${id}${path}`);
  }, NEEDS),
  ask("other.watches-nothing", "PRO70", "no stream of a session is opened for another organization, and no ticket made", async (stage) => {
    const { id } = await stage.history();
    const key = otherKey(stage);
    await notThere(stage, `POST /v1/sessions/${id}/stream-ticket`);
    const sse: unknown = await stage.sse(id, { after: 0, key }).catch((error: unknown) => error);
    equal(sse instanceof StreamRefused && sse.status, 404, "SSE");
    const socket: unknown = await stage.socket(id, { after: 0, key }).catch((error: unknown) => error);
    if (!(socket instanceof UpgradeRefused)) {
      const viewer = socket as Awaited<ReturnType<Stage["socket"]>>;
      equal([(await viewer.untilClosed()).code, viewer.items.length], [4404, 0], "the WebSocket's close, and what it gave");
    } else equal(socket.status, 404, "the WebSocket");
  }, NEEDS),
  ask("other.does-nothing", "PRO70", "nothing is done to a session with the key of another organization", async (stage) => {
    const id = await stage.session();
    const held = await stage.hold(id);
    const waiting = await stage.play(id, [{ say: "mine" }]);
    const before = await stage.venue.log(id);
    const message = `/v1/sessions/${id}/messages/${waiting.messageId}`;
    await notThere(stage, `POST /v1/sessions/${id}/messages`, { body: { text: "yours" } });
    await notThere(stage, `PATCH ${message}`, { body: { before: null } });
    await notThere(stage, `DELETE ${message}`);
    await notThere(stage, `POST /v1/sessions/${id}/answer`, { body: { requestId: held.requestId, answer: { kind: "reject" } } });
    await notThere(stage, `POST /v1/sessions/${id}/stop`);
    await notThere(stage, `DELETE /v1/sessions/${id}`);
    equal(await stage.venue.log(id), before, "the log");
    await held.release();
    equal(await waiting.over(), "completed", "how the message that waited ended");
    check((await stage.venue.messages(id)).every(({ text }) => text !== "yours"), "no message came");
  }, NEEDS),
];
