/** Whoever visits a preview without a browser: by the address of this machine, under the preview's own name. */
import { request, type IncomingHttpHeaders } from "node:http";
import { buffer } from "node:stream/consumers";
import { WebSocket } from "ws";
import type { SessionClient } from "@berth/sdk";
import { eventually } from "./waiting.ts";
import { PREVIEW_SERVER } from "./preview-server.ts";
import { Shell } from "./shell.ts";

export interface Visited {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface VisitOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export async function visit(address: string, { method = "GET", headers = {}, body }: VisitOptions = {}): Promise<Visited> {
  const url = new URL(address);
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: url.port, method, path: url.pathname + url.search, headers: { host: url.host, ...headers }, agent: false }, (answer) => {
      buffer(answer).then((bytes) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: bytes.toString() }), reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** Reads nothing but what is asked for, piece by piece. */
export function visitSlowly(address: string, cookie: string, signal: AbortSignal): Promise<{ next(): Promise<string> }> {
  const url = new URL(address);
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: url.port, path: url.pathname + url.search, headers: { host: url.host, cookie }, agent: false, signal }, (answer) => {
      answer.on("error", () => undefined);
      resolve({
        next: () =>
          new Promise((piece) => {
            const read = (): void => {
              const bytes = answer.read() as Buffer | null;
              if (bytes === null) answer.once("readable", read);
              else piece(bytes.toString());
            };
            read();
          }),
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}

export function cookieOf({ headers }: Visited): string {
  return (headers["set-cookie"] ?? []).map((cookie) => cookie.split(";")[0]).join("; ");
}

/** The origin, and the cookie that it gives for the ticket. */
export async function openPreview(session: SessionClient, port: number): Promise<{ readonly origin: string; readonly cookie: string }> {
  const { url } = await session.preview(port);
  return { origin: new URL(url).origin, cookie: cookieOf(await visit(url)) };
}

/** What became of a WebSocket: open, or refused with a status. */
export function dial(address: string, headers: Readonly<Record<string, string>>, protocols: readonly string[] = []): Promise<WebSocket | number> {
  const url = new URL(address);
  const socket = new WebSocket(`ws://127.0.0.1:${url.port}${url.pathname}`, [...protocols], { headers: { host: url.host, ...headers } });
  return new Promise((resolve, reject) => {
    socket.on("open", () => resolve(socket));
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on("error", reject);
  });
}

export function heard(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.once("message", (data) => resolve((data as Buffer).toString())));
}

export function closed(socket: WebSocket): Promise<readonly [number, string]> {
  return new Promise((resolve) => socket.once("close", (code, reason) => resolve([code, reason.toString()])));
}

/** Serves inside the sandbox, from a shell of its own, until that is ended. */
export async function serve(session: SessionClient, port: number, name = "first"): Promise<Shell> {
  await session.writeFile("server.cjs", PREVIEW_SERVER);
  const shell = await new Shell(session, { name: `serves-${port}` }).opened();
  shell.terminal.write(`node server.cjs ${port} ${name}\r`);
  await shell.says("listening");
  return shell;
}

/** Bytes that ever came to what is served there. */
export async function cameTo(session: SessionClient, port: number): Promise<number> {
  return Number(await textOf(session, `came-${port}.txt`));
}

export async function textOf(session: SessionClient, path: string): Promise<string> {
  return new TextDecoder().decode(await session.readFile(path));
}

/** Until a file says so. */
export function untilFile(session: SessionClient, path: string, text: string): Promise<number> {
  return eventually(`${path} says ${text}`, async () => {
    const found = await textOf(session, path).catch((error: unknown) => String(error));
    return found === text ? true : found;
  }, 20_000);
}
