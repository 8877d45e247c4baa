/** The Workers runtime's socket helpers, typed; its global types do not go together with the browser's. */
import type { WebSocket as WorkerSocket, WebSocketRequestResponsePair as AutoResponse } from "@cloudflare/workers-types";
import type { ViewerSocket } from "../app/session/viewer.ts";

const runtime = globalThis as unknown as {
  WebSocketPair: new () => { readonly 0: WorkerSocket; readonly 1: WorkerSocket };
  WebSocketRequestResponsePair: new (request: string, response: string) => AutoResponse;
};

/** Answered by the platform, so that an idle link or page does not keep the object awake. */
export function pingAnswer(): AutoResponse {
  return new runtime.WebSocketRequestResponsePair("ping", "pong");
}

export function upgrade(): { readonly server: WorkerSocket; readonly response: Response } {
  const { 0: client, 1: server } = new runtime.WebSocketPair();
  const init = { status: 101, webSocket: client };
  return { server, response: new Response(null, init as ResponseInit) };
}

export function sendText(ws: WorkerSocket | undefined, text: string): void {
  if (ws?.readyState === WebSocket.OPEN) ws.send(text);
}

const REASON_BYTES_MAX = 123;

/** Of a reason as much is told as a close frame takes. */
export function closeSocket(ws: WorkerSocket | undefined, code: number, reason: string): void {
  if (ws && ws.readyState !== WebSocket.CLOSED) ws.close(code, shortened(reason));
}

function shortened(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  // A letter that is cut in two is left out.
  return bytes.length <= REASON_BYTES_MAX ? reason : new TextDecoder().decode(bytes.subarray(0, REASON_BYTES_MAX), { stream: true });
}

/** A viewer's socket as the hub uses it. */
export function viewerSocket(ws: WorkerSocket): ViewerSocket {
  return {
    send: (text) => sendText(ws, text),
    close: (code, reason) => closeSocket(ws, code, reason),
    save: (attachment) => ws.serializeAttachment(attachment),
  };
}

/** Accepts and closes, since a browser is told nothing of a refused upgrade. */
export function refuseUpgrade(code: number, reason: string): Response {
  const { server, response } = upgrade();
  server.accept();
  closeSocket(server, code, reason);
  return response;
}
