/**
 * The page on canned sessions, for looking at it without sandboxes: `node packages/chat/test/dev-server.ts [port]` after
 * a build. `/sign-in` signs in. The policy is the strict one of the real server.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { startMemoryServer, type MemoryServer } from "../../sdk/test/memory-server/server.ts";
import { MemoryState } from "../../sdk/test/memory-server/state.ts";
import { fillCannedSessions } from "./canned-sessions.ts";

const DIST = fileURLToPath(new URL("../../../dist/chat", import.meta.url));
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export interface ChatServerOptions {
  readonly port?: number;
  /** Absent: an empty instance. */
  readonly canned?: boolean;
  /** The built page. Absent: where `npm run build` puts it. */
  readonly built?: string;
}

export async function startChatServer({ port = 0, canned = false, built = DIST }: ChatServerOptions = {}): Promise<MemoryServer> {
  const state = new MemoryState();
  if (canned) await fillCannedSessions(state);
  return startMemoryServer({ port, state, fallback: (request, response) => servePage(built, request, response) });
}

function servePage(built: string, request: IncomingMessage, response: ServerResponse): boolean {
  const { pathname } = new URL(request.url ?? "/", "http://x");
  if (pathname === "/sign-in") {
    response.writeHead(302, { location: "/", "set-cookie": "berth_session=example; Path=/; HttpOnly; SameSite=Lax" }).end();
    return true;
  }
  const asked = join(built, normalize(pathname));
  const file = asked.startsWith(built) && existsSync(asked) && statSync(asked).isFile() ? asked : join(built, "index.html");
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
  response.end(readFileSync(file));
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await startChatServer({ port: Number(process.argv[2] ?? 0), canned: true });
  console.log(`${server.url}/sign-in?token=example`);
}
