import { CLIENT_ACTIONS, SCOPES, type ClientActionType, type ServerFrame } from "@berth/protocol";
import { verifies } from "@berth/testkit";
import { expect, test } from "vitest";
import { includesScope } from "../../core/access/scopes.ts";
import { rateLimits } from "../http/rate-limit.ts";
import type { SessionActor } from "./session-actor.ts";
import type { SessionService } from "./session-service.ts";
import { onViewerMessage, SOCKET_POLICIES } from "./viewer-actions.ts";
import { ViewerHub } from "./viewer-hub.ts";
import { newViewer } from "./viewer.ts";

const SAID: Readonly<Record<ClientActionType, object>> = {
  ack: { frame: 1 },
  prompt: { requestId: "r", text: "hello" },
  cancel: { requestId: "r", messageId: "msg_1" },
  stop: { requestId: "r" },
  answer: { requestId: "r", request: "req_1", answer: { kind: "reject" } },
};

/** What became of it: what the service was asked for, and what the socket was told. */
async function say(type: ClientActionType, scopes: (typeof SCOPES)[number][]) {
  const asked: string[] = [];
  const told: ServerFrame[] = [];
  const note = (name: string) => () => {
    asked.push(name);
    return { ok: true, value: null };
  };
  const service = { send: note("prompt"), cancel: note("cancel"), stop: note("stop"), answer: note("answer") } as unknown as SessionService;
  const attachment = newViewer("con_1", { actor: { kind: "api-key", id: "key_1" }, apiKeyId: "key_1", role: "owner", scopes }, 0);
  const hub = { countAction: () => ({ allowed: true }), confirmed: async () => attachment, acked: note("ack"), control: (_: string, frame: ServerFrame) => void told.push(frame) };
  await onViewerMessage({ hub } as unknown as SessionActor, service, { attachment, close: () => undefined }, JSON.stringify({ type, ...SAID[type] }), async (text) => text);
  return { asked, refused: told.flatMap((frame) => (frame.type === "problem" ? [frame.problem.status] : [])) };
}

verifies("STR15", "each action of the socket is for those with its scope, and refused to everybody else", async () => {
  for (const type of Object.keys(CLIENT_ACTIONS) as ClientActionType[]) {
    const needed = SOCKET_POLICIES[type];
    expect(await say(type, [needed]), type).toEqual({ asked: [type], refused: [] });
    if (type === "ack") continue;
    const others = SCOPES.filter((scope) => !includesScope([scope], needed));
    expect(await say(type, others), type).toEqual({ asked: [], refused: [403] });
  }
});

test("a socket that does more than it may is told when it may again, and nothing comes of it; acknowledging is not counted", async () => {
  const told: ServerFrame[] = [];
  let stops = 0;
  const service = { stop: () => ({ ok: true, value: ++stops }) } as unknown as SessionService;
  const socket = { send: (text: string) => void told.push(JSON.parse(text)), close: () => undefined, save: () => undefined };
  const source = { eventTexts: () => [], firstSeq: () => 1, lastSeq: () => 0, openParts: () => [], archiveAfter: () => "" };
  const hub = new ViewerHub(source, { now: () => 0, after: () => undefined });
  const attachments = ["con_1", "con_2"].map((id) => newViewer(id, { actor: { kind: "api-key", id: "key_1" }, apiKeyId: "key_1", role: "owner" }, 0));
  for (const attachment of attachments) hub.join(socket, attachment);
  const { limit } = rateLimits(1).socket;
  const send = (frame: object, n: number) => onViewerMessage({ hub } as SessionActor, service, { attachment: attachments[n % 2] as (typeof attachments)[number], close: () => undefined }, JSON.stringify(frame), async (text) => text);
  for (let n = 0; n < 2 * limit; n++) await send({ type: "ack", frame: 1 }, n);
  for (let n = 0; n <= limit; n++) await send({ type: "stop", requestId: `r${n}` }, n);
  expect(stops).toBe(limit);
  expect(told.filter(({ type }) => type === "problem")).toMatchObject([{ requestId: `r${limit}`, problem: { status: 429, fix: "Try again in 1 s." } }]);
});
