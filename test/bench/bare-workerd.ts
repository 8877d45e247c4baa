/**
 * workerd as Berth runs it on one machine, with nothing of Berth in it: one Durable Object per path, each with a row in its
 * database and one socket that may hibernate. What it needs is what the platform needs.
 */
import { Miniflare } from "miniflare";
import { WebSocket } from "ws";

export interface BareWorkerd extends AsyncDisposable {
  /** Opens the sockets of so many more objects. */
  open(count: number): Promise<void>;
}

const AT_ONCE = 8;
const SCRIPT = `
import { DurableObject } from "cloudflare:workers";
export class Thing extends DurableObject {
  async fetch() {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, state TEXT)");
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO state VALUES (1, ?)", "x".repeat(2000));
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage() {}
}
export default {
  fetch: (request, env) => env.THINGS.get(env.THINGS.idFromName(new URL(request.url).pathname)).fetch(request),
};`;

/** @param statePath for the objects' databases */
export async function startBareWorkerd(statePath: string): Promise<BareWorkerd> {
  const miniflare = new Miniflare({
    modules: true,
    script: SCRIPT,
    compatibilityDate: "2026-07-01",
    host: "127.0.0.1",
    // Past Miniflare's own front, as Berth's Worker is reached.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    durableObjects: { THINGS: { className: "Thing", useSQLite: true } },
    durableObjectsPersist: statePath,
  });
  await miniflare.ready;
  const { port } = await miniflare.unsafeGetDirectURL();
  const sockets: WebSocket[] = [];
  const openOne = async (): Promise<void> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/${sockets.length}`, { perMessageDeflate: false });
    sockets.push(socket);
    await new Promise<void>((resolve, reject) => void socket.once("open", resolve).once("error", reject));
  };
  return {
    open: async (count) => {
      const end = sockets.length + count;
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (sockets.length < end) await openOne();
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate();
      await miniflare.dispose();
    },
  };
}
