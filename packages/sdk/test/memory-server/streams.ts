/** The two ways to watch a session: SSE and WebSocket. */
import type { ServerResponse } from "node:http";
import { ClientFrame, makeProblem, type Delta, type SessionEvent } from "@berth/protocol";
import type { WebSocket } from "ws";
import { Refused, type MemorySession, type Viewer } from "./session.ts";
import type { MemoryState } from "./state.ts";

function openDeltas(session: MemorySession): Delta[] {
  return [...session.openParts].filter(([, text]) => text !== "").map(([partId, text]) => ({ partId, offset: 0, text }));
}

export function serveSse(response: ServerResponse, session: MemorySession, after: number): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const send = (event: string, data: unknown, id?: number): void => {
    response.write(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const viewer: Viewer = {
    onEvent: (event) => send(event.type, event, event.seq),
    onDelta: (delta) => send("delta", delta),
  };
  for (const event of session.log.slice(after)) viewer.onEvent(event);
  for (const delta of openDeltas(session)) viewer.onDelta(delta);
  send("synced", { seq: session.log.length });
  session.viewers.add(viewer);
  response.on("close", () => session.viewers.delete(viewer));
}

export function serveSocket(socket: WebSocket, session: MemorySession, after: number, state: MemoryState): void {
  let frame = 0;
  const send = (events: readonly SessionEvent[], deltas: readonly Delta[]): void => {
    socket.send(JSON.stringify({ type: "frame", frame: ++frame, events, deltas }));
  };
  const viewer: Viewer = { onEvent: (event) => send([event], []), onDelta: (delta) => send([], [delta]) };
  send(session.log.slice(after), openDeltas(session));
  socket.send(JSON.stringify({ type: "synced", seq: session.log.length }));
  session.viewers.add(viewer);
  socket.on("close", () => session.viewers.delete(viewer));
  socket.on("message", (data) => {
    const text = String(data);
    if (text === "ping") return socket.send("pong");
    const action = ClientFrame.parse(JSON.parse(text));
    if (action.type === "ack") return;
    const { requestId } = action;
    void act(session, action, state).then(
      (value) => socket.send(JSON.stringify({ type: "result", requestId, value: value ?? null })),
      (error: unknown) => {
        const problem = error instanceof Refused ? error.problem : makeProblem("internal", String(error));
        socket.send(JSON.stringify({ type: "problem", requestId, problem }));
      },
    );
  });
}

async function act(session: MemorySession, action: Exclude<ClientFrame, { type: "ack" }>, state: MemoryState): Promise<unknown> {
  switch (action.type) {
    case "prompt": {
      const prompt = async () => ({ status: 201, body: session.send(action.text, action.model) });
      return (await (action.idempotencyKey ? state.once(action.idempotencyKey, `/v1/sessions/${session.id}/messages`, prompt) : prompt())).body;
    }
    case "cancel":
      return session.cancel(action.messageId);
    case "stop":
      return session.stop();
    case "answer":
      return session.answer(action.request, action.answer);
  }
}
